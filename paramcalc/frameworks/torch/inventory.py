"""A live module of PyTorch as what it owns: its modules under their names, each with its tensors."""

from __future__ import annotations

from typing import Any

from paramcalc.frameworks.deriving.parts import Entry, Inventory, Part, Path, Tie, common
from paramcalc.frameworks.torch.read.kinds import Kinds
from paramcalc.frameworks.torch.read.modules import Known, may_be_known
from paramcalc.frameworks.torch.read.tensors import check_complete, described, is_empty, own_tensors


def inventory(module: Any, kinds: Kinds | None) -> Inventory:
    """Read what a module owns: layers where they are known, and tensors of no layer type for the rest.

    Without `kinds`, all are tensors under the names of their modules. Raises `invalid-value` for a lazy module.
    """
    found = _Entries()
    found.add(module, "")
    return Inventory(tuple(found.entries), lambda: _Reader(kinds).whole(module), found.has_empty)


#: What an element of a list of tensors is called, which has a number for its name.
ELEMENT = "value"


class _Reader:
    """Reads parts in the order in which they are registered; a tensor belongs to the part that has it first."""

    def __init__(self, kinds: Kinds | None) -> None:
        self.kinds = kinds
        self.owners: dict[int, Tie] = {}

    def whole(self, module: Any) -> Part:
        """Read a model. Raises `invalid-value` for one that keeps numbers elsewhere."""
        check_complete(module)
        return self.part(module, "", ()) or Part("", type(module).__name__)

    def part(self, module: Any, name: str, path: Path) -> Part | None:
        """Read a module with all in it; None where it has no tensors."""
        own = _own(module)
        if self.kinds is not None and may_be_known(module):
            every = own_tensors(module) if module._modules else own
            known = self.kinds.of(module) if every else None
            found = self._layer(module, known, every, name, path) if known is not None else None
            if found is not None:
                return found
        listed = {label: tensor for label, tensor in own.items() if label.isdecimal()}
        tensors, ties = self._tensors({label: each for label, each in own.items() if label not in listed}, path)
        parts = []
        for label, tensor in listed.items():
            inner, inner_ties = self._tensors({ELEMENT: tensor}, (*path, label))
            parts.append(Part(label, tensors=inner, ties=inner_ties))
        for label, child in module._modules.items():
            found = self.part(child, label, (*path, label)) if child is not None else None
            if found is not None:
                parts.append(found)
        if not tensors and not parts:
            return None
        return Part(name, type(module).__name__, tensors=tensors, ties=ties, parts=tuple(parts))

    def _tensors(self, own: dict[str, Any], path: Path) -> tuple[dict[str, dict[str, Any]], dict[str, Tie]]:
        """Return tensors as a group states them, and whose numbers they hold."""
        ties = {}
        for label, tensor in own.items():
            owner = self.owners.setdefault(id(tensor), Tie(path, label))
            if owner != Tie(path, label):
                ties[label] = owner
        return {label: _stated(tensor, label) for label, tensor in own.items()}, ties

    def _layer(self, module: Any, known: Known, tensors: dict[str, Any], name: str, path: Path) -> Part | None:
        """Read a module that is a layer of these tensors; None where it has several inputs, or ties a part of one."""
        if len(known.inputs) > 1:
            return None
        ties = {}
        for label, tensor in tensors.items():
            members = [*known.members[label]]
            owner = self.owners.setdefault(id(tensor), Tie(path, members[0]))
            if owner != Tie(path, members[0]):
                if len(members) > 1:
                    return None
                ties[members[0]] = owner
        shapes = [[size if type(size) is int else None for size in shape] for shape in known.inputs]
        return Part(
            name,
            type(module).__name__,
            type(known.layer).__name__,
            known.fields,
            shapes[0] if shapes else [],
            known.trainable,
            known.dtype,
            ties=ties,
        )


def _own(module: Any) -> dict[str, Any]:
    """Return the tensors that a module has itself, without those that have no elements."""
    own = {**module._parameters, **module._buffers}
    if not own:
        return own
    return {label: each for label, each in own.items() if each is not None and not is_empty(each)}


def _stated(tensor: Any, label: str) -> dict[str, Any]:
    """Return a tensor as a group states it."""
    own = described(tensor, label)
    stated: dict[str, Any] = {"shape": list(own.shape)}
    if own.role == "state":
        stated["role"] = "state"
    elif not own.trainable:
        stated["trainable"] = False
    if own.dtype != "float32":
        stated["dtype"] = own.dtype
    return stated


class _Entries:
    """The tensors of a module, each part's own before those of the parts in it."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        #: whether a tensor has no elements
        self.has_empty = False
        self.owners: dict[int, str] = {}

    def add(self, module: Any, path: str) -> None:
        """Add the tensors of a module and of all in it."""
        for own in (module._parameters, module._buffers):
            for label, tensor in own.items():
                if tensor is not None:
                    self.add_tensor(tensor, label, path)
        for label, child in module._modules.items():
            if child is not None:
                self.add(child, f"{path}{label}.")

    def add_tensor(self, tensor: Any, label: str, path: str) -> None:
        """Add a tensor that a module at a path has itself."""
        if is_empty(tensor):
            self.has_empty = True
            return
        shape, role, dtype, trainable = described(tensor, label)
        here = f"{path}{label}.{ELEMENT}" if label.isdecimal() else f"{path}{label}"
        owner = self.owners.setdefault(id(tensor), here)
        tied = common(owner) if owner != here else None
        self.entries.append(Entry(common(here), shape, role, dtype, trainable, tied))
