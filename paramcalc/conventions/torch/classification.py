"""PyTorch: classification."""

from paramcalc.conventions import Equivalent

EQUIVALENTS = {
    "AdaptiveLogSoftmaxWithLoss": (
        Equivalent(
            "torch.nn.AdaptiveLogSoftmaxWithLoss",
            {
                "in_features": "size(-1)",
                "n_classes": "n_classes",
                "cutoffs": "cutoffs",
                "div_value": "div_value",
                "head_bias": "head_bias",
            },
            {
                "head_kernel": "head.weight: n k -> k n",
                "head_bias": "head.bias",
                "tail_*_projection": "tail.*.0.weight: n h -> h n",
                "tail_*_kernel": "tail.*.1.weight: h k -> k h",
            },
        ),
    ),
    "LinearCrossEntropyLoss": (
        Equivalent(
            "torch.nn.LinearCrossEntropyLoss",
            {
                "in_features": "size(-1)",
                "num_classes": "num_classes",
                "out_features": "out_features",
                "bias": "use_bias",
                "weight": "[1] * num_classes if class_weights else None",
                "reduction": "reduction",
            },
            {"kernel": "linear.weight: n k -> k n", "bias": "linear.bias", "class_weights": "weight"},
        ),
    ),
}
