"""The seed network in PyTorch, counted by torchinfo."""

from torch import nn
from torchinfo import summary

summary(
    nn.Sequential(
        nn.Linear(4096, 512), nn.ReLU(), nn.BatchNorm1d(512), nn.Dropout(0.5), nn.Linear(512, 80), nn.Sigmoid()
    ),
    input_size=(2, 4096),
    verbose=1,
)
