"""Keras: pooling."""

from paramcalc.conventions.keras import max_pool, pool, same

EQUIVALENTS = {
    "MaxPool2D": max_pool("MaxPooling2D"),
    "AveragePool2D": pool("AveragePooling2D"),
    "GlobalMaxPool2D": same("GlobalMaxPooling2D", "keepdims data_format"),
    "GlobalAveragePool2D": same("GlobalAveragePooling2D", "keepdims data_format"),
}
