"""Keras: pooling over three axes."""

from paramcalc.conventions.keras import max_pool, pool, same

EQUIVALENTS = {
    "MaxPool3D": max_pool("MaxPooling3D"),
    "AveragePool3D": pool("AveragePooling3D"),
    "GlobalMaxPool3D": same("GlobalMaxPooling3D", "keepdims data_format"),
    "GlobalAveragePool3D": same("GlobalAveragePooling3D", "keepdims data_format"),
}
