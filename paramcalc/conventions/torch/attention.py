"""PyTorch: attention."""

from paramcalc.conventions import Equivalent


def _attention(projections: dict[str, str], when: str = "") -> Equivalent:
    return Equivalent(
        "torch.nn.MultiheadAttention",
        {
            "embed_dim": "size(-1)",
            "num_heads": "num_heads",
            "kdim": "features[len(features) - 1]",
            "vdim": "features[min(1, len(features) - 1)]",
            "bias": "use_bias",
            "add_bias_kv": "add_bias_kv",
            "batch_first": "true",
        },
        projections
        | {
            "query_bias key_bias value_bias": "in_proj_bias: h k -> (h k)",
            "appended_key": "bias_k: h k -> () () (h k)",
            "appended_value": "bias_v: h k -> () () (h k)",
            "output_kernel": "out_proj.weight: h k d -> d (h k)",
            "output_bias": "out_proj.bias",
        },
        "rank == 2 and attention_axes == None and not use_gate and num_key_value_heads == num_heads"
        f" and value_dim == key_dim and num_heads * key_dim == size(-1) and output_dim == size(-1){when}",
    )


EQUIVALENTS = {
    "MultiHeadAttention": (
        _attention(
            {"query_kernel key_kernel value_kernel": "in_proj_weight: d h k -> (h k) d"},
            " and min(features) == max(features)",
        ),
        _attention(
            {
                "query_kernel": "q_proj_weight: d h k -> (h k) d",
                "key_kernel": "k_proj_weight: d h k -> (h k) d",
                "value_kernel": "v_proj_weight: d h k -> (h k) d",
            },
        ),
    ),
}
