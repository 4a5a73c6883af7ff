"""Keras: classification."""

EQUIVALENTS = {
    "AdaptiveLogSoftmaxWithLoss": (),
    "LinearCrossEntropyLoss": (),
}
