"""Mixtures of experts: which field says to how many experts a token is sent.

No constructor says it, since it is no matter of sizes. It is stated here for classes whose tensors have the experts as
their first axis; a test runs the real models. Where a mixture is not here, its active parameters are not known:
phimoe, for one, sends each token to two experts whatever its field says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from paramcalc.families.generator.bodies import Body, Copies, Entry
from paramcalc.families.generator.texts import names_in

#: The modules of transformers with the classes that hold experts, for each field.
_ROWS = {
    "num_experts_per_tok": {
        "afmoe": "Afmoe", "axk1": "AXK1", "axk2": "AXK2",
        "cohere2_moe": "Cohere2Moe", "deepseek_v2": "DeepseekV2", "deepseek_v3": "DeepseekV3",
        "deepseek_v32": "DeepseekV32", "dots3_note": "Dots3Note", "ernie4_5_moe": "Ernie4_5_Moe",
        "exaone_moe": "ExaoneMoe", "flex_olmo": "FlexOlmo", "glm4_moe": "Glm4Moe", "glm4_moe_lite": "Glm4MoeLite",
        "glm4v_moe": "Glm4vMoeText", "glm_moe_dsa": "GlmMoeDsa", "gpt_oss": "GptOss", "granitemoe": "GraniteMoe",
        "granitemoehybrid": "GraniteMoeHybrid",
        "granitemoe_swa": "GraniteMoeSWA", "granitemoeshared": "GraniteMoeShared", "hy_v3": "HYV3", "hy_v4": "HYV4",
        "inkling": "Inkling", "jamba": "Jamba", "jetmoe": "JetMoeParallel",
        "kolibri1": "Kolibri1", "laguna": "Laguna", "llama4": "Llama4Text", "mellum": "Mellum",
        "mimo_v2_flash": "MiMoV2Flash", "minimax": "MiniMax", "minimax_m2": "MiniMaxM2",
        "minimax_m3_vl": "MiniMaxM3VL", "mistral4": "Mistral4", "mistral_large4": "MistralLarge4Text",
        "mixtral": "Mixtral", "muse_spark": "MuseSpark", "nemotron_h": "NemotronH", "olmoe": "Olmoe",
        "openai_privacy_filter": "OpenAIPrivacyFilter", "qwen2_moe": "Qwen2Moe", "qwen3_5_moe": "Qwen3_5Moe",
        "qwen3_moe": "Qwen3Moe", "qwen3_next": "Qwen3Next", "qwen3_omni_moe": "Qwen3OmniMoeThinkerText",
        "qwen3_vl_moe": "Qwen3VLMoeText", "qwen4_exp": "Qwen4ExpText", "solar_open": "SolarOpen",
        "unlimited_ocr": "UnlimitedOcrText",
    },
    "num_experts_per_token": {"bailing_hybrid": "BailingHybrid", "kimi_linear": "KimiLinear"},
    "moe_topk": {"aria": "Aria", "hunyuan_v1_moe": "HunYuanMoEV1"},
}  # fmt: skip
#: The classes that hold the experts, each with the field.
MIXTURES = {
    f"transformers.models.{module}.modeling_{module}.{name}Experts": field
    for field, rows in _ROWS.items()
    for module, name in rows.items()
}


def sent_to(entry: Entry) -> str:
    """Return the field that says how many experts of a tensor a token passes; nothing of any other tensor.

    It stands in the configuration in which the number of experts does.
    """
    field = MIXTURES.get(entry.owner, "")
    experts = names_in(entry.sizes[0]) if entry.sizes else frozenset[str]()
    if not field or entry.state is not None or len(experts) != 1:
        return ""
    above, dot, _ = next(iter(experts)).rpartition(".")
    return f"{above}{dot}{field}"


def is_known(body: Body, fields: Mapping[str, object], aliases: Mapping[str, str]) -> bool:
    """Whether it is known of all experts in a class of models to how many of them a token is sent."""
    for way, entry in body.entries.items():
        extents = [part.extent for part in way if isinstance(part, Copies)]
        # a router has a row for each expert; experts have more axes, or are modules of their own
        if _are_experts(extents) or (len(entry.sizes) > 2 and _are_experts(entry.sizes[:1])):
            field = sent_to(entry)
            if aliases.get(field, field) not in fields:
                return False
    return True


def _are_experts(sizes: Iterable[str]) -> bool:
    return any("expert" in name.rpartition(".")[2] for size in sizes for name in names_in(size))
