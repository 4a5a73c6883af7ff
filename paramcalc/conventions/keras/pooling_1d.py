"""Keras: pooling over one axis."""

from paramcalc.conventions.keras import max_pool, pool, same

EQUIVALENTS = {
    "MaxPool1D": max_pool("MaxPooling1D"),
    "AveragePool1D": pool("AveragePooling1D"),
    "GlobalMaxPool1D": same("GlobalMaxPooling1D", "keepdims data_format"),
    "GlobalAveragePool1D": same("GlobalAveragePooling1D", "keepdims data_format"),
}
