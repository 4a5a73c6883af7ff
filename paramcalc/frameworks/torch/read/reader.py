"""The nodes of a module: its layers in groups named as its modules, connected as it calls them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paramcalc.core.algebra import Shape
from paramcalc.core.errors import refuse
from paramcalc.frameworks.torch.read.calls import Calls
from paramcalc.frameworks.torch.read.kinds import Kinds
from paramcalc.frameworks.torch.read.layout import Gaps, Layout
from paramcalc.frameworks.torch.read.misfits import misfit
from paramcalc.frameworks.torch.read.places import NodeWriter, Source, prune
from paramcalc.frameworks.torch.read.registration import Registration
from paramcalc.frameworks.torch.read.tracing import Trace, required_arguments
from paramcalc.layers.base.declaration import default_name
from paramcalc.spec import Node


class Reader:
    """Reads a module: its calls as they were traced, else its modules as they are registered.

    `lengths` stand for an open length in each run over shapes; an input has `further_axes` open axes beyond the
    fewest that its first layer takes.
    """

    def __init__(
        self,
        module: Any,
        inputs: Sequence[tuple[Shape, str]],
        kinds: Kinds,
        found: Trace | None,
        lengths: tuple[int, int],
        further_axes: int,
    ) -> None:
        self.found = found
        self.inputs = inputs
        self.layout = Layout(module, kinds, lengths)
        self.calls = Calls(self.layout, inputs, further_axes)

    @property
    def gaps(self) -> Gaps:
        """What the nodes do not say."""
        return self.layout.gaps

    def nodes(self) -> tuple[tuple[Node, ...], tuple[str, ...] | None]:
        """Return the nodes, and the outputs where these are not simply the last node. Raises `Loose`."""
        root, module = self.layout.root, self.layout.module
        outputs: list[Source] = []
        if self.found is not None:
            outputs = self.calls.follow(self.found)
            self.layout.completing = True
        else:
            self.layout.first_inputs = required_arguments(module)
            self.place_whole()
        Registration(self.layout, repeats=self.found is None).complete(module, "", root)
        prune(root, outputs)
        self.layout.tie()
        writer = NodeWriter(root)
        nodes = writer.nodes()
        names = tuple(dict.fromkeys(writer.reference(source, root) for source in outputs))
        return nodes, names if names and names != (nodes[-1].name,) else None

    def place_whole(self) -> None:
        """Put a module that is itself a layer on the inputs that are stated. Raises `shape-mismatch`."""
        layer = self.layout.kinds.of(self.layout.module)
        if layer is None or not self.inputs:
            return
        if len(self.inputs) > len(layer.layer.inputs) and not layer.layer.variadic:
            raise refuse("invalid-value", "more inputs are given than the module takes")
        root = self.layout.root
        shapes = [*self.inputs, *((shape, "float32") for shape in layer.inputs[len(self.inputs) :])]
        names = required_arguments(self.layout.module, len(shapes))
        given = [
            self.layout.start(name, shape, root, dtype) for name, (shape, dtype) in zip(names, shapes, strict=False)
        ]
        if self.layout.fitting(layer, given) is None:
            raise misfit(layer, "", [shape for shape, _ in shapes])
        self.layout.place(self.layout.module, layer, default_name(type(layer.layer).__name__), root, given)
