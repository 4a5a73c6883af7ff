"""PyTorch: parameters count; states are buffers, reported apart.

Source: pytorch.org/docs, torch.nn of 2.13, whose `named_parameters` and `named_buffers`
give the names.
"""

from paramcalc.conventions import Convention, Equivalent

_SCALE_AND_OFFSET = {"gamma": "weight", "beta": "bias"}
_STATISTICS = {
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
    "batch_counter": "num_batches_tracked",
}


def _batch_norm(name: str, when: str) -> Equivalent:
    arguments = {"num_features": "size(axis)", "affine": "scale"}
    condition = f"scale == center and batch_counter and {when}"
    return Equivalent(f"torch.nn.{name}", arguments, _SCALE_AND_OFFSET | _STATISTICS, condition)


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


def _pool(name: str) -> tuple[Equivalent]:
    arguments = {"kernel_size": "pool_size", "stride": "strides", "padding": "padding"}
    return (Equivalent(f"torch.nn.{name}", arguments),)


CONVENTION = Convention(
    name="torch",
    states_count=False,
    separator=".",
    choices={
        "BatchNorm": {"batch_counter": True},
        "LSTM": {"recurrent_bias": True},
    },
    layout={
        "BatchNorm": {"axis": 1},
        "Concatenate": {"axis": 1},
        "Conv2D": {"data_format": "channels_first"},
        "MaxPool2D": {"data_format": "channels_first"},
        "AveragePool2D": {"data_format": "channels_first"},
        "GlobalAveragePool2D": {"data_format": "channels_first"},
        "LSTM": {"return_sequences": True},
    },
    channel_axis=1,
    equivalents={
        "Input": (),
        "Weights": (),
        "Dense": (
            Equivalent(
                "torch.nn.Linear",
                {"in_features": "size(-1)", "out_features": "units", "bias": "use_bias"},
                {"kernel": "weight: i o -> o i"},
            ),
        ),
        "Activation": (),
        "Dropout": (Equivalent("torch.nn.Dropout", {"p": "rate"}),),
        "BatchNorm": (
            _batch_norm("BatchNorm1d", "rank <= 2"),
            _batch_norm("BatchNorm2d", "rank == 3"),
            _batch_norm("BatchNorm3d", "rank == 4"),
        ),
        "LayerNorm": (
            Equivalent(
                "torch.nn.LayerNorm",
                {"normalized_shape": "[size(axis)]", "elementwise_affine": "scale", "bias": "center"},
                _SCALE_AND_OFFSET,
                when="scale or not center",
            ),
        ),
        "RMSNorm": (Equivalent("torch.nn.RMSNorm", {"normalized_shape": "[size(axis)]"}, {"scale": "weight"}),),
        "Conv2D": (
            Equivalent(
                "torch.nn.Conv2d",
                {
                    "in_channels": "size(channel_axis)",
                    "out_channels": "filters",
                    "kernel_size": "kernel_size",
                    "stride": "strides",
                    "padding": "padding",
                    "dilation": "dilation_rate",
                    "groups": "groups",
                    "bias": "use_bias",
                },
                {"kernel": "weight: h w i o -> o i h w"},
            ),
        ),
        "MaxPool2D": _pool("MaxPool2d"),
        "AveragePool2D": _pool("AvgPool2d"),
        "GlobalAveragePool2D": (Equivalent("torch.nn.AdaptiveAvgPool2d", {"output_size": "1"}),),
        "Add": (),
        "Multiply": (),
        "Concatenate": (),
        "Flatten": (Equivalent("torch.nn.Flatten", when="rank > 0"),),
        "Reshape": (),
        "Slice": (),
        "Embedding": (
            Equivalent(
                "torch.nn.Embedding",
                {"num_embeddings": "input_dim", "embedding_dim": "output_dim"},
                {"embeddings": "weight"},
            ),
        ),
        "LSTM": (
            Equivalent(
                "torch.nn.LSTM",
                {"input_size": "size(-1)", "hidden_size": "units", "bias": "use_bias", "batch_first": "true"},
                {
                    "kernel": "weight_ih_l0: n g -> g n",
                    "recurrent_kernel": "weight_hh_l0: u g -> g u",
                    "bias": "bias_ih_l0",
                    "recurrent_bias": "bias_hh_l0",
                },
                when="recurrent_bias or not use_bias",
            ),
        ),
        # the three projections are one tensor, unless the inputs have different features
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
    },
)
