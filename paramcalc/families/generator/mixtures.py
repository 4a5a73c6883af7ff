"""Mixtures of experts: which field says to how many experts a token is sent.

No constructor says it, since it is no matter of sizes. It is stated here for classes whose tensors have the experts as
their first axis; a test runs the real router.
"""

from __future__ import annotations

#: The classes that hold the experts, each with the field.
MIXTURES = {
    f"transformers.models.{module}.modeling_{module}.{name}": "num_experts_per_tok"
    for module, name in (
        ("deepseek_v3", "DeepseekV3Experts"),
        ("gpt_oss", "GptOssExperts"),
        ("mixtral", "MixtralExperts"),
        ("olmoe", "OlmoeExperts"),
        ("qwen2_moe", "Qwen2MoeExperts"),
        ("qwen3_moe", "Qwen3MoeExperts"),
    )
}
