"""The tensors of a class of models as the layers of a spec: plain data, in the language of specs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from paramcalc.families.generator.bodies import Body, Copies, Entry, Way
from paramcalc.families.generator.learning import NotLearnt
from paramcalc.families.generator.mixtures import sent_to
from paramcalc.families.generator.texts import conjunction, names_in, needed, tidied
from paramcalc.families.generator.ties import Tied

#: What counters are called, from the outside in.
_COUNTERS = ("i", "j", "k", "l")


@dataclass
class _Node:
    """A module: its tensors, the modules in it, and how often it is there."""

    name: str
    children: dict[str, _Node] = field(default_factory=dict)
    tensors: dict[str, Entry] = field(default_factory=dict)
    copies: Copies | None = None
    way: Way = ()

    def entries(self) -> Iterator[Entry]:
        """Yield the tensors in it."""
        yield from self.tensors.values()
        for child in self.children.values():
            yield from child.entries()


def layers(
    body: Body, ties: Mapping[Way, Tied], reserved: Iterable[str], knows_active: bool = True
) -> list[dict[str, Any]]:
    """Return the layers of a spec. Raises `NotLearnt`; `reserved` are the names that no counter may have."""
    root, mixed = _Node(""), _mixed(body.entries)
    for way, entry in body.entries.items():
        node, place = root, 0
        while place < len(way) - 1:
            # a loop within a loop, or within what is one module elsewhere: its copies have no name but their number
            name = part if isinstance(part := way[place], str) else "."
            last = place + (1 if way[: place + 1] in mixed else 2)
            copies = next((each for each in way[place:last] if isinstance(each, Copies)), None)
            place += 2 if copies and name != "." else 1
            child = node.children.setdefault(name, _Node(name, copies=copies, way=way[:place]))
            if child.copies != copies:
                raise NotLearnt(f"{name} is filled by several loops: {child.copies}, {copies}")
            node = child
        node.tensors[str(way[-1])] = entry
    sites = {part.site for way in body.entries for part in way if isinstance(part, Copies)}
    writer = _Writer(ties, frozenset(reserved), frozenset(sites), knows_active)
    own = {name: each for name, each in root.tensors.items() if not each.when and not writer.is_late(root, name)}
    return [*([writer.unnamed(root, own, (), {})] if own else []), *writer.nodes(root, (), {})]


def _mixed(ways: Iterable[Way]) -> set[Way]:
    """Return the ways of modules that hold copies under some conditions, and are one themselves under others."""
    found: dict[Way, set[bool]] = {}
    for way in ways:
        for place in range(len(way) - 1):
            found.setdefault(way[: place + 1], set()).add(isinstance(way[place + 1], Copies))
    return {way for way, sorts in found.items() if len(sorts) > 1}


@dataclass
class _Writer:
    ties: Mapping[Way, Tied]
    reserved: frozenset[str]
    #: the loops whose copies are in names
    sites: frozenset[str]
    #: whether it is known of all experts to how many of them a token is sent
    knows_active: bool

    def nodes(self, node: _Node, stated: tuple[str, ...], counters: Mapping[str, str]) -> list[dict[str, Any]]:
        """Write what is in a module, under conditions that are stated already."""
        found = [self.node(child, stated, counters) for child in node.children.values()]
        late = {name: entry for name, entry in node.tensors.items() if self.is_late(node, name)}
        conditional = {name: entry for name, entry in node.tensors.items() if self.rest(entry, stated)}
        for when in dict.fromkeys(self.rest(entry, stated) for entry in conditional.values()):
            tensors = {name: each for name, each in conditional.items() if self.rest(each, stated) == when}
            kept = {name: each for name, each in tensors.items() if name not in late}
            if kept:
                found.append(self.unnamed(node, kept, when, counters))
        for name, entry in late.items():
            found.append(self.unnamed(node, {name: entry}, self.rest(entry, stated), counters))
        return found

    def is_late(self, node: _Node, name: str) -> bool:
        """Whether a tensor is tied to one in a module within its own, and so stands behind it."""
        tied = self.ties.get((*node.way, name))
        return tied is not None and tied.owner[: len(node.way)] == node.way

    def rest(self, entry: Entry, stated: tuple[str, ...]) -> tuple[str, ...]:
        """Return the conditions of a tensor that are not stated yet."""
        return tuple(each for each in entry.when if each not in stated)

    def unnamed(
        self, node: _Node, tensors: Mapping[str, Entry], when: tuple[str, ...], counters: Mapping[str, str]
    ) -> dict[str, Any]:
        """Write tensors of a module that are there under a condition, or behind others."""
        found: dict[str, Any] = {"name": "."}
        if when:
            found["when"] = _joined(when, counters)
        found["tensors"] = {name: self.tensor(entry, counters) for name, entry in tensors.items()}
        self.add_ties(found, node, {name: name for name in tensors}, counters, (*node.way, "."))
        found["layers"] = []
        return found

    def node(self, node: _Node, stated: tuple[str, ...], counters: Mapping[str, str]) -> dict[str, Any]:
        """Write a module."""
        entries = [*node.entries()]
        first, *others = (self.rest(entry, stated) for entry in entries)
        inner = dict(counters)
        if node.copies is not None:
            free = [each for each in _COUNTERS if each not in self.reserved and each not in counters.values()]
            inner[node.copies.site] = free[0]
        # what depends on a copy is said where the copies are
        further = self.sites - {*inner}
        shared = [each for each in first if all(each in other for other in others)]
        when = tuple(each for each in shared if not names_in(each) & further)
        found: dict[str, Any] = {}
        within = conjunction(stated, when)
        layer = self.layer(node, within, inner) if node.copies is None else None
        if layer is not None:
            found.update(layer)
        found["name"] = int(node.name) if node.name.isdecimal() else node.name
        if when:
            found["when"] = _joined(when, inner)
        if node.copies is not None:
            found["times"] = _written(node.copies.extent, counters)
            if any(node.copies.site in names_in(text) for entry in entries for text in (*entry.sizes, *entry.when)):
                found["index"] = inner[node.copies.site]
        if layer is not None:
            return found
        tensors = {
            name: self.tensor(entry, inner)
            for name, entry in node.tensors.items()
            if not self.rest(entry, within) and not self.is_late(node, name)
        }
        own_names = {name: name for name in tensors}
        if len(tensors) == len(entries) and node.copies is None:
            found = {"Weights": {"tensors": tensors, "output": next(iter(tensors))}, **found}
            self.add_ties(found, node, own_names, inner)
            return found
        if tensors:
            found["tensors"] = tensors
            self.add_ties(found, node, own_names, inner)
        found["layers"] = self.nodes(node, within, inner)
        return found

    def layer(self, node: _Node, stated: tuple[str, ...], counters: Mapping[str, str]) -> dict[str, Any] | None:
        """Write a module that is a layer; None for one that is none, or is not as the layer is."""
        owners = {entry.owner for entry in node.tensors.values()}
        if node.children or len(owners) != 1 or not all(entry.trainable for entry in node.tensors.values()):
            return None
        weight, bias = node.tensors.get("weight"), node.tensors.get("bias")
        if weight is None or self.rest(weight, stated) or not {*node.tensors} <= {"weight", "bias"}:
            return None
        sizes = [_written(size, counters) for size in weight.sizes]
        owner = owners.pop()
        found: dict[str, Any]
        if owner == "torch.nn.modules.linear.Linear":
            has_bias: Any = bias is not None
            if bias is not None and (when := self.rest(bias, stated)):
                has_bias = _joined(when, counters)
            found = {"Dense": {"units": sizes[0], **({"use_bias": has_bias} if has_bias is not True else {})}}
            found["of"] = [sizes[1]]
            names = {"weight": "kernel", "bias": "bias"}
            if bias is not None and bias.sizes != weight.sizes[:1]:
                return None
        elif owner == "torch.nn.modules.sparse.Embedding":
            found = {"Embedding": {"input_dim": sizes[0], "output_dim": sizes[1]}, "of": [None]}
            names = {"weight": "embeddings"}
        elif owner == "torch.nn.modules.normalization.LayerNorm" and len(sizes) == 1 and bias is not None:
            if self.rest(bias, stated):
                return None
            found = {"LayerNorm": None, "of": sizes}
            names = {"weight": "gamma", "bias": "beta"}
        else:
            return None
        self.add_ties(found, node, names, counters)
        return found

    def tensor(self, entry: Entry, counters: Mapping[str, str]) -> Any:
        """Write a tensor."""
        shape = [_written(size, counters) for size in entry.sizes]
        found: dict[str, Any] = {"shape": shape}
        if entry.state is not None:
            found["role"] = "state"
            found.update({"dtype": entry.state.dtype} if entry.state.dtype else {})
            found.update({} if entry.state.persistent else {"persistent": False})
        elif not entry.trainable:
            found["trainable"] = False
        elif self.knows_active and (field := sent_to(entry)):
            found["active"] = {"axis": 0, "of": field}
        return found if len(found) > 1 else shape

    def add_ties(
        self,
        found: dict[str, Any],
        node: _Node,
        names: Mapping[str, str],
        counters: Mapping[str, str],
        own: Way | None = None,
    ) -> None:
        """Write of which tensors those of a module are."""
        ties = {}
        for name, own_name in names.items():
            tied = self.ties.get((*node.way, name))
            if tied is not None:
                to = self.path(tied, own or node.way, counters)
                ties[own_name] = {"to": to, "when": tidied(tied.when, counters)} if tied.when != "true" else to
        if ties:
            found["tie"] = ties

    def path(self, tied: Tied, own: Way, counters: Mapping[str, str]) -> str:
        """Write the path of a tensor as it is in sight of a module."""
        shared = 0
        while shared < min(len(tied.owner) - 2, len(own) - 1) and tied.owner[shared] == own[shared]:
            shared += 1
        if shared and isinstance(tied.owner[shared], Copies):
            shared -= 1
        parts: list[str] = []
        for part in tied.owner[shared:]:
            if isinstance(part, Copies):
                parts[-1] += f"[{tidied(tied.copy or part.site, counters)}]"
            else:
                parts.append(str(part))
        parts[-1] = tied.names.get(parts[-1], parts[-1])
        return ".".join(parts)


def _joined(conditions: Sequence[str], counters: Mapping[str, str]) -> str:
    """Write conditions that must all hold as one."""
    return tidied(" and ".join(f"({each})" for each in needed(conditions)), counters)


def _written(text: str, counters: Mapping[str, str]) -> Any:
    """Write a size: a number as a number."""
    found = tidied(text, counters)
    left = names_in(found) & {each for each in names_in(found) if each.startswith("L_")}
    if left:
        raise NotLearnt(f"a size depends on a copy that is not in sight: {found}")
    return int(found) if found.isdecimal() else found
