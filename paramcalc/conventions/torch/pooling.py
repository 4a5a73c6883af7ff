"""PyTorch: pooling."""

from paramcalc.conventions import Equivalent


def _pool(name: str) -> tuple[Equivalent]:
    arguments = {"kernel_size": "pool_size", "stride": "strides", "padding": "padding"}
    return (Equivalent(f"torch.nn.{name}", arguments),)


EQUIVALENTS = {
    "MaxPool2D": _pool("MaxPool2d"),
    "AveragePool2D": _pool("AvgPool2d"),
    "GlobalAveragePool2D": (Equivalent("torch.nn.AdaptiveAvgPool2d", {"output_size": "1"}),),
}

LAYOUT = {
    "MaxPool2D": {"data_format": "channels_first"},
    "AveragePool2D": {"data_format": "channels_first"},
    "GlobalAveragePool2D": {"data_format": "channels_first"},
}
