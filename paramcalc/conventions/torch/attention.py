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
            "batch_first": "true",
        },
        projections
        | {
            "query_bias key_bias value_bias": "in_proj_bias: h k -> (h k)",
            "output_kernel": "out_proj.weight: h k d -> d (h k)",
            "output_bias": "out_proj.bias",
        },
        "num_key_value_heads == num_heads and value_dim == key_dim"
        f" and num_heads * key_dim == size(-1) and output_dim == size(-1){when}",
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
