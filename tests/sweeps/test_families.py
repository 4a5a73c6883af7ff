"""Families at the configurations of well-known models, and in a process that cannot import PyTorch or transformers.

The configurations are those of the models' pages on huggingface.co. The counts are those that their authors give, or
those of the index of the checkpoint (`safetensors`), which its page shows.
"""

import json
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest

import paramcalc as pc
from paramcalc.families.stored import connected_names, family_names, stored_family
from tests.seed import SEED
from tests.test_connected_families import check

pytestmark = pytest.mark.sweep


def llama(vocabulary: int, width: int, inner: int, depth: int, heads: int, groups: int, **more: Any) -> dict[str, Any]:
    """A configuration of llama and those that are like it."""
    return {
        "vocab_size": vocabulary, "hidden_size": width, "intermediate_size": inner, "num_hidden_layers": depth,
        "num_attention_heads": heads, "num_key_value_heads": groups, **more,
    }  # fmt: skip


def gpt2(width: int, depth: int, heads: int) -> dict[str, Any]:
    return {"n_embd": width, "n_layer": depth, "n_head": heads}


def bert(width: int, depth: int, heads: int, **more: Any) -> dict[str, Any]:
    return {
        "hidden_size": width, "num_hidden_layers": depth, "num_attention_heads": heads, "intermediate_size": 4 * width,
        **more,
    }  # fmt: skip


def t5(width: int, inner: int, heads: int, depth: int, key: int = 64) -> dict[str, Any]:
    return {"d_model": width, "d_ff": inner, "num_heads": heads, "num_layers": depth, "d_kv": key}


def whisper(width: int, depth: int, heads: int, vocab_size: int = 51865, **more: Any) -> dict[str, Any]:
    return {
        "d_model": width, "encoder_layers": depth, "decoder_layers": depth, "encoder_attention_heads": heads,
        "decoder_attention_heads": heads, "encoder_ffn_dim": 4 * width, "decoder_ffn_dim": 4 * width,
        "vocab_size": vocab_size, **more,
    }  # fmt: skip


TIED = {"tie_word_embeddings": True}
#: name → type, head, configuration, count
PUBLISHED: dict[str, tuple[str, str, dict[str, Any], int]] = {
    "gpt2": ("gpt2", "usual", gpt2(768, 12, 12), 124_439_808),
    "gpt2-medium": ("gpt2", "usual", gpt2(1024, 24, 16), 354_823_168),
    "gpt2-large": ("gpt2", "usual", gpt2(1280, 36, 20), 774_030_080),
    "gpt2-xl": ("gpt2", "usual", gpt2(1600, 48, 25), 1_557_611_200),
    "bert-base-uncased": ("bert", "base", bert(768, 12, 12), 109_482_240),
    "bert-large-uncased": ("bert", "base", bert(1024, 24, 16), 335_141_888),
    "bert-base-cased": ("bert", "base", bert(768, 12, 12, vocab_size=28996), 108_310_272),
    "t5-small": ("t5", "usual", t5(512, 2048, 8, 6), 60_506_624),
    "t5-base": ("t5", "usual", t5(768, 3072, 12, 12), 222_903_552),
    "t5-large": ("t5", "usual", t5(1024, 4096, 16, 24), 737_668_096),
    "t5-3b": ("t5", "usual", t5(1024, 16384, 32, 24, 128), 2_851_598_336),
    "t5-11b": ("t5", "usual", t5(1024, 65536, 128, 24, 128), 11_307_321_344),
    "Llama-2-7b": ("llama", "usual", llama(32000, 4096, 11008, 32, 32, 32), 6_738_415_616),
    "Llama-2-13b": ("llama", "usual", llama(32000, 5120, 13824, 40, 40, 40), 13_015_864_320),
    "Llama-2-70b": ("llama", "usual", llama(32000, 8192, 28672, 80, 64, 8), 68_976_648_192),
    "Llama-3-8B": ("llama", "usual", llama(128256, 4096, 14336, 32, 32, 8), 8_030_261_248),
    "Llama-3-70B": ("llama", "usual", llama(128256, 8192, 28672, 80, 64, 8), 70_553_706_496),
    "Llama-3.1-405B": ("llama", "usual", llama(128256, 16384, 53248, 126, 128, 8), 405_853_388_800),
    "Llama-3.2-1B": ("llama", "usual", llama(128256, 2048, 8192, 16, 32, 8, head_dim=64, **TIED), 1_235_814_400),
    "Llama-3.2-3B": ("llama", "usual", llama(128256, 3072, 8192, 28, 24, 8, head_dim=128, **TIED), 3_212_749_824),
    "Mistral-7B-v0.1": ("mistral", "usual", llama(32000, 4096, 14336, 32, 32, 8), 7_241_732_096),
    "Mistral-7B-v0.3": ("mistral", "usual", llama(32768, 4096, 14336, 32, 32, 8), 7_248_023_552),
    "Mixtral-8x7B-v0.1": ("mixtral", "usual", llama(32000, 4096, 14336, 32, 32, 8), 46_702_792_704),
    "Mixtral-8x22B-v0.1": ("mixtral", "usual", llama(32000, 6144, 16384, 56, 48, 8), 140_620_634_112),
    "Qwen2-0.5B": ("qwen2", "usual", llama(151936, 896, 4864, 24, 14, 2, **TIED), 494_032_768),
    "Qwen2-1.5B": ("qwen2", "usual", llama(151936, 1536, 8960, 28, 12, 2, **TIED), 1_543_714_304),
    "Qwen2-7B": ("qwen2", "usual", llama(152064, 3584, 18944, 28, 28, 4), 7_615_616_512),
    "Qwen2-72B": ("qwen2", "usual", llama(152064, 8192, 29568, 80, 64, 8), 72_706_203_648),
    "gemma-2-2b": ("gemma2", "usual", llama(256000, 2304, 9216, 26, 8, 4, head_dim=256), 2_614_341_888),
    "gemma-2-9b": ("gemma2", "usual", llama(256000, 3584, 14336, 42, 16, 8, head_dim=256), 9_241_705_984),
    "gemma-2-27b": ("gemma2", "usual", llama(256000, 4608, 36864, 46, 32, 16, head_dim=128), 27_227_128_320),
    "vit-base-patch16-224-in21k": ("vit", "base", bert(768, 12, 12), 86_389_248),
    "whisper-tiny": ("whisper", "usual", whisper(384, 4, 6), 37_760_640),
    "whisper-base": ("whisper", "usual", whisper(512, 6, 8), 72_593_920),
    "whisper-small": ("whisper", "usual", whisper(768, 12, 12), 241_734_912),
    "whisper-medium": ("whisper", "usual", whisper(1024, 24, 16), 763_857_920),
    "whisper-large-v2": ("whisper", "usual", whisper(1280, 32, 20), 1_543_304_960),
    "whisper-large-v3": (
        "whisper", "usual", whisper(1280, 32, 20, num_mel_bins=128, vocab_size=51866), 1_543_490_560,
    ),
    "clip-vit-base-patch32": ("clip", "base", {}, 151_277_313),
    "opt-125m": ("opt", "usual", {}, 125_239_296),
    "roberta-base": (
        "roberta", "base", bert(768, 12, 12, vocab_size=50265, max_position_embeddings=514, type_vocab_size=1),
        124_645_632,
    ),
    "bart-large": ("bart", "base", {}, 406_291_456),
    "distilbert-base-uncased": ("distilbert", "base", {}, 66_362_880),
    "pythia-160m": ("gpt_neox", "usual", bert(768, 12, 12, vocab_size=50304), 162_322_944),
    "Phi-3-mini-4k-instruct": ("phi3", "usual", {}, 3_821_079_552),
    "Qwen3-0.6B": ("qwen3", "usual", llama(151936, 1024, 3072, 28, 16, 8, head_dim=128, **TIED), 596_049_920),
    "DeepSeek-V3": ("deepseek_v3", "usual", {}, 671_026_404_352),
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_well_known_model_has_the_count_that_was_published(name: str) -> None:
    model_type, head, config, published = PUBLISHED[name]
    assert pc.count(pc.from_huggingface({"model_type": model_type, **config}, head)).total == published


def test_the_active_parameters_of_a_mixture_are_those_that_a_token_passes() -> None:
    model_type, head, config, _ = PUBLISHED["Mixtral-8x7B-v0.1"]
    assert pc.count(pc.from_huggingface({"model_type": model_type, **config}, head)).active == 12_879_925_248


@pytest.mark.parametrize("name", family_names())
def test_the_form_of_each_family_is_its_count(name: str) -> None:
    family = stored_family(name)
    for cls in family.heads:
        spec = pc.from_huggingface({"model_type": name}, cls)
        form = pc.formula(spec)
        assert form() == pc.count(spec).total
        symbols = [str(each) for each in form.expr.free_symbols]
        assert symbols
        for symbol in symbols:
            size = {symbol: 2 * spec.dims[symbol]} if isinstance(spec.dims[symbol], int) else {}
            assert form(**size) == pc.count(spec, dims=size).total


@pytest.mark.parametrize("name", connected_names())
def test_a_document_by_hand_has_the_tensors_of_the_generated_one(name: str) -> None:
    """At many more configurations than the inner loop draws."""
    random = Random(SEED)
    for cls in stored_family(name).heads:
        assert check(name, cls, random, 40) >= 4


def test_neither_pytorch_nor_transformers_is_needed(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"model_type": "llama"}), encoding="utf-8")
    program = (
        "import sys\n"
        "sys.modules.update(dict.fromkeys(['torch', 'transformers', 'numpy', 'sympy']))\n"
        f"sys.argv = ['paramcalc', 'count', {str(file)!r}]\n"
        "from paramcalc.cli import main\n"
        "main()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "6,738,415,616" in done.stdout
