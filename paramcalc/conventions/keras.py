"""Keras: every weight of a layer counts, those that are not trained as well.

Source: keras.io/api/layers, and Keras 3.15, whose `variable.path` gives the names.
"""

from paramcalc.conventions import Convention, Equivalent


def _same(name: str, fields: str, when: str = "true") -> tuple[Equivalent]:
    """A class that spells its arguments as the kind its fields."""
    return (Equivalent(f"keras.layers.{name}", {field: field for field in fields.split()}, when=when),)


_ATTENTION = {
    "query_kernel": "query/kernel",
    "query_bias": "query/bias",
    "key_kernel": "key/kernel",
    "key_bias": "key/bias",
    "value_kernel": "value/kernel",
    "value_bias": "value/bias",
    "output_kernel": "attention_output/kernel",
    "output_bias": "attention_output/bias",
}

CONVENTION = Convention(
    name="keras",
    states_count=True,
    separator="/",
    choices={},
    layout={},
    channel_axis=-1,
    equivalents={
        "Input": (Equivalent("keras.Input", {"shape": "shape", "dtype": "dtype"}),),
        "Weights": (),
        "Dense": _same("Dense", "units use_bias activation"),
        "Activation": _same("Activation", "activation"),
        "Dropout": _same("Dropout", "rate"),
        "BatchNorm": (
            Equivalent(
                "keras.layers.BatchNormalization",
                {"axis": "axis", "center": "center", "scale": "scale"},
                when="not batch_counter",
            ),
        ),
        "LayerNorm": _same("LayerNormalization", "axis center scale"),
        "RMSNorm": _same("RMSNormalization", "axis"),
        "Conv2D": _same(
            "Conv2D",
            "filters kernel_size strides padding dilation_rate groups use_bias activation data_format",
            when="max(strides) == 1 or max(dilation_rate) == 1",
        ),
        "MaxPool2D": _same("MaxPooling2D", "pool_size strides padding data_format"),
        "AveragePool2D": _same("AveragePooling2D", "pool_size strides padding data_format"),
        "GlobalAveragePool2D": _same("GlobalAveragePooling2D", "keepdims data_format"),
        "Add": _same("Add", ""),
        "Multiply": _same("Multiply", ""),
        "Concatenate": _same("Concatenate", "axis"),
        "Flatten": _same("Flatten", ""),
        "Reshape": _same("Reshape", "target_shape"),
        "Slice": (),
        "Embedding": _same("Embedding", "input_dim output_dim"),
        "LSTM": (
            Equivalent(
                "keras.layers.LSTM",
                {"units": "units", "use_bias": "use_bias", "return_sequences": "return_sequences"},
                {
                    "kernel": "lstm_cell/kernel",
                    "recurrent_kernel": "lstm_cell/recurrent_kernel",
                    "bias": "lstm_cell/bias",
                },
                when="not (use_bias and recurrent_bias)",
            ),
        ),
        "MultiHeadAttention": (
            Equivalent(
                "keras.layers.MultiHeadAttention",
                {
                    "num_heads": "num_heads",
                    "key_dim": "key_dim",
                    "value_dim": "value_dim",
                    "output_shape": "output_dim",
                    "use_bias": "use_bias",
                },
                _ATTENTION,
                when="num_key_value_heads == num_heads",
            ),
            Equivalent(
                "keras.layers.GroupQueryAttention",
                {
                    "head_dim": "key_dim",
                    "num_query_heads": "num_heads",
                    "num_key_value_heads": "num_key_value_heads",
                    "use_bias": "use_bias",
                },
                _ATTENTION,
                when="value_dim == key_dim and output_dim == size(-1) and min(features) == max(features)",
            ),
        ),
    },
)
