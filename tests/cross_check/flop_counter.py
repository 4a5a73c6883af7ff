"""The arbiter of FLOPs: PyTorch's own counter of what is multiplied, with the settings under which it is right.

- Attention is computed by matrix products, since the counter does not know the fused kernel of a CPU.
- LSTMs do not go through mkldnn, whose one operation it does not know either, nor encoders through their fast path.
- Of the backward pass of a grouped convolution, the counter counts the weight's gradient as many times as there are
  groups. The mapping below has it once; `test_flops.py` proves it by convolutions without groups.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import prod
from typing import Any, NamedTuple

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode


def _convolution_backward(gradient: Any, x: Any, weight: Any, *_: Any, out_shape: Any = None, **__: Any) -> int:
    *_, transposed, _output_padding, _groups, mask = _
    positions = (x if transposed else gradient)[2:]
    return 2 * x[0] * prod(positions) * prod(weight) * (bool(mask[0]) + bool(mask[1]))


MAPPING = {torch.ops.aten.convolution_backward: _convolution_backward}


class Counted(NamedTuple):
    """The FLOPs of a forward pass, and of it and the backward pass."""

    forward: int
    training: int


@contextmanager
def settings(fused: bool = False) -> Iterator[None]:
    """The settings under which the counter counts all products; `fused` leaves mkldnn on."""
    mkldnn, fast = torch.backends.mkldnn.enabled, torch.backends.mha.get_fastpath_enabled()
    torch.backends.mkldnn.enabled = fused
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        torch.backends.mkldnn.enabled = mkldnn
        torch.backends.mha.set_fastpath_enabled(fast)


def counted(run: Callable[[], Any], mapping: Any = MAPPING, fused: bool = False) -> Counted:
    """Run something forwards, and backwards from the sum of all its outputs that need a gradient."""
    with settings(fused):
        with FlopCounterMode(display=False, custom_mapping=mapping) as forward:
            outputs = run()
        backward = 0
        needing = [each for each in tree_leaves(outputs) if isinstance(each, torch.Tensor) and each.requires_grad]
        if needing:
            with FlopCounterMode(display=False, custom_mapping=mapping) as counter:
                loss: Any = sum(each.sum() for each in needing)
                loss.backward()
            backward = counter.get_total_flops()
    return Counted(forward.get_total_flops(), forward.get_total_flops() + backward)


def examples(shapes: Sequence[Sequence[int]], dtypes: Sequence[str], batch: int, gradient: bool) -> list[torch.Tensor]:
    """Inputs of these shapes; those of real numbers need a gradient, if asked for."""
    made = [torch.zeros(batch, *shape, dtype=getattr(torch, name)) for shape, name in zip(shapes, dtypes, strict=True)]
    return [each.requires_grad_(gradient and each.is_floating_point()) for each in made]
