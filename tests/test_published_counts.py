"""Every spec in `specs/` gives the number that was published for its network.

Each number's source stands at the head of its spec.
"""

from pathlib import Path

import pytest
import sympy

import paramcalc as pc

SPECS = Path(__file__).parent.parent / "specs"

#: spec → what is compared, and the published number
PUBLISHED = {
    "keras_mlp": ("total", 2_140_752),
    "lenet5": ("trainable", 60_000),
    "lstm_classifier": ("total", 2_691_713),
    "resnet20": ("total", 272_474),
    "gpt2": ("total", 124_439_808),
    "llama2_7b": ("total", 6_738_415_616),
    "transformer": ("total", 44_140_544 - 2_048 + 37_000 * 512),
    "vit_b16": ("total", 86_567_656),
    "mlp_mixer_b16": ("total", 59_880_472),
    "convnext_t": ("total", 28_589_128),
    "t5_small": ("total", 60_506_624),
    "mamba_130m": ("total", 129_135_360),
    "mixtral_8x7b": ("total", 46_702_792_704),
    "u_net": ("total", 7_763_041),
    "dcgan": ("total", 6_342_272),
    "whisper_tiny": ("total", 37_760_640),
    # of modules written by hand: tests/cross_check/test_networks.py
    "crnn": ("total", 8_330_789),
    "dlrm": ("total", 540_677_217),
    "two_tower": ("total", 760_320),
    "tabular": ("total", 33_405),
    "diffusion_block": ("total", 4_801_280),
}


def test_every_spec_has_a_published_number() -> None:
    assert {path.stem for path in SPECS.glob("*.yaml")} == PUBLISHED.keys()


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_count_is_the_published_one(name: str) -> None:
    key, published = PUBLISHED[name]
    count = pc.count(pc.load(SPECS / f"{name}.yaml"))
    assert getattr(count, key) == published
    assert count.total == count.trainable + count.non_trainable


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_number_stands_in_the_spec(name: str) -> None:
    assert f"{PUBLISHED[name][1]:,}" in (SPECS / f"{name}.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_layer_named_after_its_kind_has_that_name(name: str) -> None:
    assert pc.load(SPECS / f"{name}.yaml").name == name


def test_gpt2_has_the_form_of_the_literature() -> None:
    form = pc.formula(pc.load(SPECS / "gpt2.yaml"))
    d, layers, rows, context = (form.symbols[name] for name in ("width", "depth", "vocabulary", "context"))
    published = 12 * layers * d**2 + 13 * layers * d + (rows + context + 2) * d
    assert sympy.expand(form.expr - published) == 0


@pytest.mark.parametrize(
    ("name", "settings", "published"),
    [
        # the sizes of table 2 of the GPT-2 paper, with tied embeddings
        ("gpt2", {"width": 1024, "depth": 24, "heads": 16}, 354_823_168),
        ("gpt2", {"width": 1280, "depth": 36, "heads": 20}, 774_030_080),
        ("gpt2", {"width": 1600, "depth": 48, "heads": 25}, 1_557_611_200),
        # the sizes of the Llama 2 models, as their weights have them
        ("llama2_7b", {"width": 5120, "inner": 13824, "depth": 40, "heads": 40, "key_value_heads": 40}, 13_015_864_320),
        ("llama2_7b", {"width": 8192, "inner": 28672, "depth": 80, "heads": 64, "key_value_heads": 8}, 68_976_648_192),
        # the depths of table 6 of the ResNet paper: 32, 44, 56, 110 layers
        ("resnet20", {"blocks_a_stage": 5}, 466_906),
        ("resnet20", {"blocks_a_stage": 7}, 661_338),
        ("resnet20", {"blocks_a_stage": 9}, 855_770),
        ("resnet20", {"blocks_a_stage": 18}, 1_730_714),
    ],
)
def test_other_sizes_of_the_same_network(name: str, settings: dict[str, int], published: int) -> None:
    spec = pc.load(SPECS / f"{name}.yaml")
    assert pc.count(spec, dims=settings).total == published
    if "blocks_a_stage" not in settings:
        assert pc.formula(spec)(**settings) == published
