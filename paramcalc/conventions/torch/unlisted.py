"""PyTorch: the public modules of torch.nn that are no layer kind, each with the reason."""

_BASE = "the base that modules are made from; it has no size of its own"
_LOSS = "a loss: the number to train by, and no part of the network"
_SEQUENCE = "it holds modules: write them as a group"
_PARAMETERS = "it holds parameters: write them as Weights"

_LOSSES = (
    "BCELoss", "BCEWithLogitsLoss", "CTCLoss", "CosineEmbeddingLoss", "CrossEntropyLoss", "GaussianNLLLoss",
    "HingeEmbeddingLoss", "HuberLoss", "KLDivLoss", "L1Loss", "MSELoss", "MarginRankingLoss", "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss", "MultiMarginLoss", "NLLLoss", "NLLLoss2d", "PoissonNLLLoss", "SmoothL1Loss",
    "SoftMarginLoss", "TripletMarginLoss", "TripletMarginWithDistanceLoss",
)  # fmt: skip
_LAZILY = "it becomes the module of that name without Lazy at its first call: write that"
_LAZY = (
    "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d",
    "ConvTranspose3d", "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d", "Linear",
)  # fmt: skip

REASONS = {
    "Module": _BASE,
    "RNNBase": _BASE,
    "RNNCellBase": _BASE,
    "Container": _SEQUENCE,
    "Sequential": _SEQUENCE,
    "ModuleList": _SEQUENCE,
    "ModuleDict": _SEQUENCE,
    "DataParallel": _SEQUENCE,
    "ParameterList": _PARAMETERS,
    "ParameterDict": _PARAMETERS,
    **dict.fromkeys(_LOSSES, _LOSS),
    **{f"Lazy{name}": _LAZILY for name in _LAZY},
}
