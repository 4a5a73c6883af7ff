"""Keras: pooling."""

from paramcalc.conventions.keras import same

EQUIVALENTS = {
    "MaxPool2D": same("MaxPooling2D", "pool_size strides padding data_format"),
    "AveragePool2D": same("AveragePooling2D", "pool_size strides padding data_format"),
    "GlobalAveragePool2D": same("GlobalAveragePooling2D", "keepdims data_format"),
}
