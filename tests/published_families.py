"""Well-known models: the fields of their configurations that matter, and the counts that were published.

The configurations are those of the models' pages on huggingface.co. A row is a name, the model type, the head, the
fields, the count and where it was published. No count stands here that was made by paramcalc.
"""

from __future__ import annotations

from typing import Any, NamedTuple

#: The number of parameters that the page of the checkpoint shows, from the index of its safetensors.
PAGE = "the index of the checkpoint, huggingface.co"
PYTHIA = "Biderman et al. 2023, and the page of each model"
TORCHVISION = "num_params of torchvision's weights: vit_b_16, vit_b_32, vit_l_16, vit_l_32, vit_h_14"
KERAS_HUB = "the presets of KerasHub, which have the same weights"
CLIP = "the sizes of OpenAI's checkpoints as open_clip loads them"
GPT2 = "Radford et al. 2019, whose figures the checkpoints correct"
T5 = "Raffel et al. 2020: 60, 220 and 770 million, 3 and 11 billion; exact in the checkpoints"
LLAMA2 = "Touvron et al. 2023; exact in the index of the checkpoints"
MIXTRAL = "Jiang et al. 2024: 47 and 141 billion; exact in the index of the checkpoints"
DEEPSEEK = "DeepSeek-AI 2024: 671 billion without the prediction of several tokens"
WHISPER = "Radford et al. 2023; exact in the checkpoints"


class Published(NamedTuple):
    """A model whose count was published."""

    name: str
    type: str
    head: str
    config: dict[str, Any]
    count: int
    source: str


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


def roberta(width: int, depth: int, heads: int) -> dict[str, Any]:
    return bert(width, depth, heads, vocab_size=50265, max_position_embeddings=514, type_vocab_size=1)


def vit(width: int, depth: int, heads: int, patch: int) -> dict[str, Any]:
    return bert(width, depth, heads, patch_size=patch, num_labels=1000)


def clip(text: int, image: int, patch: int) -> dict[str, Any]:
    """A configuration of CLIP: the widths of its two towers; a head has 64 features."""
    depth = 24 if image == 1024 else 12
    return {
        "projection_dim": text,
        "text_config": bert(text, 12, text // 64),
        "vision_config": bert(image, depth, image // 64, patch_size=patch),
    }


def bart(width: int, depth: int, heads: int) -> dict[str, Any]:
    return {
        "d_model": width, "encoder_layers": depth, "decoder_layers": depth, "encoder_attention_heads": heads,
        "decoder_attention_heads": heads, "encoder_ffn_dim": 4 * width, "decoder_ffn_dim": 4 * width,
    }  # fmt: skip


def t5(width: int, inner: int, heads: int, depth: int, key: int = 64) -> dict[str, Any]:
    return {"d_model": width, "d_ff": inner, "num_heads": heads, "num_layers": depth, "d_kv": key}


def whisper(width: int, depth: int, heads: int, vocab_size: int = 51865, **more: Any) -> dict[str, Any]:
    return {**bart(width, depth, heads), "vocab_size": vocab_size, **more}


TIED = {"tie_word_embeddings": True}
ROWS = [
    Published("gpt2", "gpt2", "usual", gpt2(768, 12, 12), 124_439_808, GPT2),
    Published("gpt2-medium", "gpt2", "usual", gpt2(1024, 24, 16), 354_823_168, GPT2),
    Published("gpt2-large", "gpt2", "usual", gpt2(1280, 36, 20), 774_030_080, GPT2),
    Published("gpt2-xl", "gpt2", "usual", gpt2(1600, 48, 25), 1_557_611_200, GPT2),
    Published("bert-base-uncased", "bert", "base", bert(768, 12, 12), 109_482_240, KERAS_HUB),
    Published("bert-large-uncased", "bert", "base", bert(1024, 24, 16), 335_141_888, KERAS_HUB),
    Published("bert-base-cased", "bert", "base", bert(768, 12, 12, vocab_size=28996), 108_310_272, KERAS_HUB),
    Published("bert-large-cased", "bert", "base", bert(1024, 24, 16, vocab_size=28996), 333_579_264, KERAS_HUB),
    Published("bert-tiny", "bert", "base", bert(128, 2, 2), 4_385_920, KERAS_HUB),
    Published("roberta-base", "roberta", "base", roberta(768, 12, 12), 124_645_632, PAGE),
    Published("roberta-large", "roberta", "base", roberta(1024, 24, 16), 355_359_744, PAGE),
    Published("distilbert-base-uncased", "distilbert", "base", {}, 66_362_880, KERAS_HUB),
    Published("bart-base", "bart", "base", bart(768, 6, 12), 139_420_416, PAGE),
    Published("bart-large", "bart", "base", bart(1024, 12, 16), 406_291_456, PAGE),
    Published("t5-small", "t5", "usual", t5(512, 2048, 8, 6), 60_506_624, T5),
    Published("t5-base", "t5", "usual", t5(768, 3072, 12, 12), 222_903_552, T5),
    Published("t5-large", "t5", "usual", t5(1024, 4096, 16, 24), 737_668_096, T5),
    Published("t5-3b", "t5", "usual", t5(1024, 16384, 32, 24, 128), 2_851_598_336, T5),
    Published("t5-11b", "t5", "usual", t5(1024, 65536, 128, 24, 128), 11_307_321_344, T5),
    Published("llama-30b", "llama", "usual", llama(32000, 6656, 17920, 60, 52, 52), 32_528_943_616, PAGE),
    Published("llama-65b", "llama", "usual", llama(32000, 8192, 22016, 80, 64, 64), 65_285_660_672, PAGE),
    Published("Llama-2-7b", "llama", "usual", llama(32000, 4096, 11008, 32, 32, 32), 6_738_415_616, LLAMA2),
    Published("Llama-2-13b", "llama", "usual", llama(32000, 5120, 13824, 40, 40, 40), 13_015_864_320, LLAMA2),
    Published("Llama-2-70b", "llama", "usual", llama(32000, 8192, 28672, 80, 64, 8), 68_976_648_192, LLAMA2),
    Published("CodeLlama-34b", "llama", "usual", llama(32000, 8192, 22016, 48, 64, 8), 33_743_970_304, PAGE),
    Published("TinyLlama-1.1B", "llama", "usual", llama(32000, 2048, 5632, 22, 32, 4), 1_100_048_384, PAGE),
    Published("Llama-3-8B", "llama", "usual", llama(128256, 4096, 14336, 32, 32, 8), 8_030_261_248, PAGE),
    Published("Llama-3-70B", "llama", "usual", llama(128256, 8192, 28672, 80, 64, 8), 70_553_706_496, PAGE),
    Published("Llama-3.1-405B", "llama", "usual", llama(128256, 16384, 53248, 126, 128, 8), 405_853_388_800, PAGE),
    Published(
        "Llama-3.2-1B", "llama", "usual", llama(128256, 2048, 8192, 16, 32, 8, head_dim=64, **TIED), 1_235_814_400, PAGE
    ),
    Published(
        "Llama-3.2-3B", "llama", "usual", llama(128256, 3072, 8192, 28, 24, 8, head_dim=128, **TIED), 3_212_749_824,
        PAGE,
    ),
    Published("SmolLM2-135M", "llama", "usual", llama(49152, 576, 1536, 30, 9, 3, **TIED), 134_515_008, PAGE),
    Published("SmolLM2-360M", "llama", "usual", llama(49152, 960, 2560, 32, 15, 5, **TIED), 361_821_120, PAGE),
    Published("SmolLM2-1.7B", "llama", "usual", llama(49152, 2048, 8192, 24, 32, 32, **TIED), 1_711_376_384, PAGE),
    Published("Mistral-7B-v0.1", "mistral", "usual", llama(32000, 4096, 14336, 32, 32, 8), 7_241_732_096, PAGE),
    Published("Mistral-7B-v0.3", "mistral", "usual", llama(32768, 4096, 14336, 32, 32, 8), 7_248_023_552, PAGE),
    Published(
        "Mistral-Nemo-2407", "mistral", "usual", llama(131072, 5120, 14336, 40, 32, 8, head_dim=128), 12_247_782_400,
        PAGE,
    ),
    Published(
        "Mistral-Small-2501", "mistral", "usual", llama(131072, 5120, 32768, 40, 32, 8, head_dim=128), 23_572_403_200,
        PAGE,
    ),
    Published("Mistral-Large-2407", "mistral", "usual", llama(32768, 12288, 28672, 88, 96, 8), 122_610_069_504, PAGE),
    Published("Mixtral-8x7B-v0.1", "mixtral", "usual", llama(32000, 4096, 14336, 32, 32, 8), 46_702_792_704, MIXTRAL),
    Published("Mixtral-8x22B-v0.1", "mixtral", "usual", llama(32000, 6144, 16384, 56, 48, 8), 140_620_634_112, MIXTRAL),
    Published("Qwen2-0.5B", "qwen2", "usual", llama(151936, 896, 4864, 24, 14, 2, **TIED), 494_032_768, PAGE),
    Published("Qwen2-1.5B", "qwen2", "usual", llama(151936, 1536, 8960, 28, 12, 2, **TIED), 1_543_714_304, PAGE),
    Published("Qwen2.5-3B", "qwen2", "usual", llama(151936, 2048, 11008, 36, 16, 2, **TIED), 3_085_938_688, PAGE),
    Published("Qwen2-7B", "qwen2", "usual", llama(152064, 3584, 18944, 28, 28, 4), 7_615_616_512, PAGE),
    Published("Qwen2.5-14B", "qwen2", "usual", llama(152064, 5120, 13824, 48, 40, 8), 14_770_033_664, PAGE),
    Published("Qwen2.5-32B", "qwen2", "usual", llama(152064, 5120, 27648, 64, 40, 8), 32_763_876_352, PAGE),
    Published("Qwen2-72B", "qwen2", "usual", llama(152064, 8192, 29568, 80, 64, 8), 72_706_203_648, PAGE),
    Published(
        "Qwen3-0.6B", "qwen3", "usual", llama(151936, 1024, 3072, 28, 16, 8, head_dim=128, **TIED), 596_049_920, PAGE
    ),
    Published(
        "Qwen3-4B", "qwen3", "usual", llama(151936, 2560, 9728, 36, 32, 8, head_dim=128, **TIED), 4_022_468_096, PAGE
    ),
    Published("Qwen3-8B", "qwen3", "usual", llama(151936, 4096, 12288, 36, 32, 8, head_dim=128), 8_190_735_360, PAGE),
    Published("Qwen3-14B", "qwen3", "usual", llama(151936, 5120, 17408, 40, 40, 8, head_dim=128), 14_768_307_200, PAGE),
    Published("Qwen3-32B", "qwen3", "usual", llama(151936, 5120, 25600, 64, 64, 8, head_dim=128), 32_762_123_264, PAGE),
    Published("gemma-2-2b", "gemma2", "usual", llama(256000, 2304, 9216, 26, 8, 4, head_dim=256), 2_614_341_888, PAGE),
    Published(
        "gemma-2-9b", "gemma2", "usual", llama(256000, 3584, 14336, 42, 16, 8, head_dim=256), 9_241_705_984, PAGE
    ),
    Published(
        "gemma-2-27b", "gemma2", "usual", llama(256000, 4608, 36864, 46, 32, 16, head_dim=128), 27_227_128_320, PAGE
    ),
    Published("Phi-3-mini-4k-instruct", "phi3", "usual", {}, 3_821_079_552, PAGE),
    Published("Phi-3-medium-4k", "phi3", "usual", llama(32064, 5120, 17920, 40, 40, 10), 13_960_238_080, PAGE),
    Published("phi-4", "phi3", "usual", llama(100352, 5120, 17920, 40, 40, 10), 14_659_507_200, PAGE),
    Published("OLMo-2-1124-7B", "olmo2", "usual", llama(100352, 4096, 11008, 32, 32, 32), 7_298_617_344, PAGE),
    Published("OLMo-2-1124-13B", "olmo2", "usual", llama(100352, 5120, 13824, 40, 40, 40), 13_716_198_400, PAGE),
    Published("pythia-70m", "gpt_neox", "usual", bert(512, 6, 8, vocab_size=50304), 70_426_624, PYTHIA),
    Published("pythia-160m", "gpt_neox", "usual", bert(768, 12, 12, vocab_size=50304), 162_322_944, PYTHIA),
    Published("pythia-410m", "gpt_neox", "usual", bert(1024, 24, 16, vocab_size=50304), 405_334_016, PYTHIA),
    Published("pythia-1b", "gpt_neox", "usual", bert(2048, 16, 8, vocab_size=50304), 1_011_781_632, PYTHIA),
    Published("pythia-1.4b", "gpt_neox", "usual", bert(2048, 24, 16, vocab_size=50304), 1_414_647_808, PYTHIA),
    Published("pythia-2.8b", "gpt_neox", "usual", bert(2560, 32, 32, vocab_size=50304), 2_775_208_960, PYTHIA),
    Published("pythia-6.9b", "gpt_neox", "usual", bert(4096, 32, 32, vocab_size=50432), 6_857_302_016, PYTHIA),
    Published("pythia-12b", "gpt_neox", "usual", bert(5120, 36, 40, vocab_size=50688), 11_846_072_320, PYTHIA),
    Published("opt-125m", "opt", "usual", {}, 125_239_296, PAGE),
    Published("vit-base-patch16-224-in21k", "vit", "base", bert(768, 12, 12), 86_389_248, PAGE),
    Published("vit-base-patch16-224", "vit", "usual", vit(768, 12, 12, 16), 86_567_656, TORCHVISION),
    Published("vit-base-patch32-224", "vit", "usual", vit(768, 12, 12, 32), 88_224_232, TORCHVISION),
    Published("vit-large-patch16-224", "vit", "usual", vit(1024, 24, 16, 16), 304_326_632, TORCHVISION),
    Published("vit-large-patch32-224", "vit", "usual", vit(1024, 24, 16, 32), 306_535_400, TORCHVISION),
    Published("vit-huge-patch14-224", "vit", "usual", vit(1280, 32, 16, 14), 632_045_800, TORCHVISION),
    Published("clip-vit-base-patch32", "clip", "base", clip(512, 768, 32), 151_277_313, CLIP),
    Published("clip-vit-base-patch16", "clip", "base", clip(512, 768, 16), 149_620_737, CLIP),
    Published("clip-vit-large-patch14", "clip", "base", clip(768, 1024, 14), 427_616_513, CLIP),
    Published("whisper-tiny", "whisper", "usual", whisper(384, 4, 6), 37_760_640, WHISPER),
    Published("whisper-base", "whisper", "usual", whisper(512, 6, 8), 72_593_920, WHISPER),
    Published("whisper-small", "whisper", "usual", whisper(768, 12, 12), 241_734_912, WHISPER),
    Published("whisper-medium", "whisper", "usual", whisper(1024, 24, 16), 763_857_920, WHISPER),
    Published("whisper-large-v2", "whisper", "usual", whisper(1280, 32, 20), 1_543_304_960, WHISPER),
    Published(
        "whisper-large-v3", "whisper", "usual", whisper(1280, 32, 20, 51866, num_mel_bins=128), 1_543_490_560, WHISPER
    ),
    Published("DeepSeek-V3", "deepseek_v3", "usual", {}, 671_026_404_352, DEEPSEEK),
]  # fmt: skip
#: What a publication rounds: the model, and the billions as they are printed. Of these the exact count is that of the
#: real model, which the cross-checks build.
ROUNDED = [
    ("opt-1.3b", "opt", {"hidden_size": 2048, "ffn_dim": 8192, "num_hidden_layers": 24, "num_attention_heads": 32,
                         "word_embed_proj_dim": 2048}, "1.3"),
    ("opt-2.7b", "opt", {"hidden_size": 2560, "ffn_dim": 10240, "num_hidden_layers": 32, "num_attention_heads": 32,
                         "word_embed_proj_dim": 2560}, "2.7"),
    ("opt-6.7b", "opt", {"hidden_size": 4096, "ffn_dim": 16384, "num_hidden_layers": 32, "num_attention_heads": 32,
                         "word_embed_proj_dim": 4096}, "6.7"),
    ("opt-30b", "opt", {"hidden_size": 7168, "ffn_dim": 28672, "num_hidden_layers": 48, "num_attention_heads": 56,
                        "word_embed_proj_dim": 7168}, "30"),
]  # fmt: skip
#: Active parameters: of the paper 12.9 billion, exact by its configuration.
ACTIVE = {"Mixtral-8x7B-v0.1": 12_879_925_248}
