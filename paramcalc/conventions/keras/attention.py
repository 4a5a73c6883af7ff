"""Keras: attention."""

from paramcalc.conventions import Equivalent

_ATTENTION = {
    "query_kernel": "query/kernel",
    "query_bias": "query/bias",
    "key_kernel": "key/kernel",
    "key_bias": "key/bias",
    "value_kernel": "value/kernel",
    "value_bias": "value/bias",
    "gate_kernel": "gate/kernel",
    "gate_bias": "gate/bias",
    "output_kernel": "attention_output/kernel",
    "output_bias": "attention_output/bias",
}

EQUIVALENTS = {
    "MultiHeadAttention": (
        Equivalent(
            "keras.layers.MultiHeadAttention",
            {
                "num_heads": "num_heads",
                "key_dim": "key_dim",
                "value_dim": "value_dim",
                "output_shape": "output_dim",
                "attention_axes": "attention_axes",
                "use_bias": "use_bias",
                "use_gate": "use_gate",
            },
            _ATTENTION,
            when="num_key_value_heads == num_heads and not add_bias_kv",
        ),
        Equivalent(
            "keras.layers.GroupQueryAttention",
            {
                "head_dim": "key_dim",
                "num_query_heads": "num_heads",
                "num_key_value_heads": "num_key_value_heads",
                "use_bias": "use_bias",
                "use_gate": "use_gate",
            },
            _ATTENTION,
            when="rank == 2 and attention_axes == None and not add_bias_kv and value_dim == key_dim"
            " and output_dim == size(-1) and features[min(1, len(features) - 1)] == size(-1)",
        ),
    ),
}
