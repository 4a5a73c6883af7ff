"""Which kind each module of a model is."""

from __future__ import annotations

from typing import Any

from paramcalc.frameworks.torch.read.modules import Known
from paramcalc.frameworks.torch.read.patterns import Alike
from paramcalc.frameworks.torch.read.values import is_of_torch


class Kinds:
    """The kinds of modules, each worked out once; modules that are alike are of one kind."""

    def __init__(self, loose: frozenset[int] = frozenset(), alike: Alike | None = None) -> None:
        #: modules, by their ids, that are read as Weights though they are of a kind
        self.loose = loose
        self.found: dict[int, Known | None] = {}
        #: what modules like it are, which several models may share
        self.alike = alike or Alike()

    def of(self, module: Any) -> Known | None:
        """Return the layer that a module is, if any."""
        if id(module) not in self.found:
            self.found[id(module)] = None if id(module) in self.loose else self.alike.of(module)
        return self.found[id(module)]

    def is_whole(self, module: Any) -> bool:
        """Whether a module is not looked into: a kind, or one of PyTorch's own that is no mere sequence of others."""
        from torch import nn

        wrapper = isinstance(module, (nn.Sequential, nn.DataParallel))
        return self.of(module) is not None or (is_of_torch(module) and not wrapper)
