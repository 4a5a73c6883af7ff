"""What the frameworks are told before they start."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# read by TensorFlow and Keras when they are imported
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
# with oneDNN, TensorFlow 2.21 divides by zero in a max pooling to one position, on some processors
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
# one thread each, since a process for each processor tests models that are small
for threads in ("OMP_NUM_THREADS", "TF_NUM_INTEROP_THREADS", "TF_NUM_INTRAOP_THREADS"):
    os.environ.setdefault(threads, "1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Allow, in this folder, the warnings of third parties that say nothing of what is tested."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            for known in _KNOWN_WARNINGS:
                item.add_marker(pytest.mark.filterwarnings(known))


_KNOWN_WARNINGS = (
    # of torch.nn.AdaptiveLogSoftmaxWithLoss, whose last clusters may have no feature left
    "ignore:Initializing zero-element tensors is a no-op:UserWarning",
    # of Keras, where a sequence has one step
    "ignore:You are using a softmax over axis:UserWarning",
    # of torch.nn.Transformer, whose encoder is not computed in the fastest way
    "ignore:enable_nested_tensor is True:UserWarning",
    # of keras.layers.STFTSpectrogram: a matter of speed
    "ignore:`fft_length` is recommended to be a power of two:UserWarning",
    # of torch.nn.LSTM(proj_size=…): a matter of speed
    "ignore:LSTM with projections is not supported with oneDNN:UserWarning",
    # of torch.nn.Conv2d(padding="same"): a matter of speed
    "ignore:Using padding='same' with even kernel lengths and odd dilation:UserWarning",
)
