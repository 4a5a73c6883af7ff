"""What several runs have in common: for each constructor a trie of what happened in it, in order.

A branch of a trie is a condition that was asked, with its outcome. Where two runs go apart without a condition between
them, something was not seen, and the trie says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from torch import nn

from paramcalc.families.generator.models import State, buffers, parameters_of, state_of
from paramcalc.families.generator.recording import LOST, Condition, Event, Frame, Loop, Made, Recorder
from paramcalc.families.generator.remembering import expression
from paramcalc.families.generator.shapes import sizes_of

#: The key of what is not the run of any constructor: the call that makes the model.
ROOT = ""
#: Stands for a number in the name of a module.
NUMBER = "*"
#: How many modules are kept of each name, with the numbers in it.
_MOST_SEEN = 500


@dataclass(frozen=True)
class Own:
    """A parameter or a buffer of the module itself."""

    name: str
    sizes: tuple[str, ...]
    trainable: bool
    owner: str
    #: of a buffer
    state: State | None = None


@dataclass(frozen=True)
class Child:
    """A module made in a frame: its name below the frame's module, its template, the parameters of one without."""

    name: tuple[str, ...]
    template: str
    own: tuple[Own, ...]
    #: other names that the same module has
    others: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Repeat:
    """A loop."""

    site: str
    extent: str


@dataclass(frozen=True)
class Asked:
    """A condition with its outcome."""

    text: str
    outcome: bool


@dataclass(frozen=True)
class End:
    """The end of a frame, or of a copy of a loop."""


Step: TypeAlias = "Own | Child | Repeat | Asked | End"
#: The loops around, the innermost last: where each stands, its copy, and how many copies come after it.
Places: TypeAlias = "tuple[tuple[str, int, int], ...]"


@dataclass
class Numbers:
    """The numbers in the name of a module, and the copies of loops in which it was made."""

    numbers: tuple[int, ...]
    copies: dict[str, int]
    run: int
    #: how many copies the loops of the frame have that have begun, each with those around it
    lengths: dict[tuple[str, ...], int] = field(default_factory=dict)

    def length(self, site: str) -> int | None:
        """Return how many copies a loop has; None for one that has not begun."""
        return next((length for chain, length in self.lengths.items() if chain[-1] == site), None)


@dataclass
class Branch:
    """One way on."""

    next: Trie
    body: Trie | None = None
    seen: list[Numbers] = field(default_factory=list)
    #: the sizes whose expressions are not known: for each the runs, and what they were
    lost: dict[tuple[int, int], list[tuple[int, int]]] = field(default_factory=dict)
    runs: set[int] = field(default_factory=set)
    #: in which copies of the loops around it was taken
    places: set[Places] = field(default_factory=set)


@dataclass
class Trie:
    """What may come next."""

    branches: dict[Step, Branch] = field(default_factory=dict)


@dataclass
class Tries:
    """All that was learnt of a class of models."""

    #: what was learnt of parameters alone, where buffers are learnt as well
    parameters: Tries | None = None
    templates: dict[str, Trie] = field(default_factory=dict)
    runs: int = 0
    #: why sides of conditions are left out of what is stated, each with the runs that it comes of
    left_out: list[NotLearnt] = field(default_factory=list)
    #: the numbers in names of modules by the template, these names and the loops around, wherever they stand in it
    seen: dict[tuple[str, tuple[str, ...], frozenset[str]], list[Numbers]] = field(default_factory=dict)
    #: the classes whose constructors put modules in the place of others that were made within them
    replacing: set[type[Any]] = field(default_factory=set)

    @property
    def with_buffers(self) -> bool:
        """Whether buffers are learnt as well."""
        return self.parameters is not None

    def one_sided(self) -> Iterator[tuple[str, set[int]]]:
        """Yield the conditions that were seen one way only where they are asked, each with the runs that ask it."""
        waiting = [*self.templates.values()]
        while waiting:
            trie = waiting.pop()
            asked = [step for step in trie.branches if isinstance(step, Asked)]
            for step in asked:
                if Asked(step.text, not step.outcome) not in trie.branches:
                    yield step.text, trie.branches[step].runs
            for branch in trie.branches.values():
                waiting += [branch.next] if branch.body is None else [branch.next, branch.body]

    def learn(self, model: Any, recorder: Recorder) -> None:
        """Add a run."""
        names: dict[int, list[str]] = {}
        for name, module in model.named_modules(remove_duplicate=False):
            names.setdefault(id(module), []).append(name)
        learner = _Learner(self, recorder, names, self.runs, replaced(recorder, names), _shared(model))
        self.replacing |= {type(each) for each in learner.replaced.by} | _changing(recorder, names)
        learner.frame(ROOT, recorder.root, None)
        self.runs += 1


@dataclass
class Replaced:
    """The modules of a run that were put in the place of others, which are not part of the model."""

    #: by the number of the module that was replaced, what stands in its place, as if it had been made there
    records: dict[int, Made] = field(default_factory=dict)
    #: the numbers of those that took a place
    taken: set[int] = field(default_factory=set)
    #: the modules whose constructors did so
    by: list[Any] = field(default_factory=list)
    #: what the templates of modules beneath these are marked with, by the numbers of the modules
    marks: dict[int, str] = field(default_factory=dict)


def replaced(recorder: Recorder, names: dict[int, list[str]]) -> Replaced:
    """Find the modules that were put in the place of others after the constructor that made those had ended.

    Where one has nothing but what was made in the other, the other stands in the names of modules in its place.
    """
    found = Replaced()
    frames = {id(each.frame): each.module for each in recorder.made.values() if each.frame is not None}
    by = {}
    for holder in recorder.made.values():
        for number, path in holder.held.items():
            before = recorder.made.get(number)
            if number in names or before is None or id(holder.module) not in names:
                continue
            module = _at(holder.module, path)
            record = recorder.made.get(id(module))
            owner = frames.get(id(record.parent)) if record is not None else None
            if record is None or owner is None or owner is holder.module or id(module) not in names:
                continue
            if record.frame is not None and _adopts(module, record.frame, names):
                names[number] = names.pop(id(module))
                continue
            if record.frame is None or record.frame.events:
                raise NotLearnt(f"what {type(module).__name__} asks when it takes the place of another")
            key = f"{type(module).__module__}.{type(module).__qualname__} for {before.key}"
            found.records[number] = Made(module, before.parent, before.copies, before.sites, record.frame, key)
            found.taken.add(id(module))
            by[id(owner)] = owner
    found.by = [*by.values()]
    for owner in found.by:
        for child in owner.children():
            if any(id(each) in found.taken for each in child.modules()):
                for each in child.modules():
                    trained = any(own.requires_grad for own in each.parameters())
                    found.marks[id(each)] = " replaced" if trained else " replaced, not trained"
    return found


def _shared(model: Any) -> frozenset[int]:
    """Return the numbers of the parameters that have several names."""
    numbers = Counter(id(each) for _, each in model.named_parameters(remove_duplicate=False))
    return frozenset(number for number, times in numbers.items() if times > 1)


def is_changed(record: Made) -> bool:
    """Whether a module has other parameters of its own than when its constructor ended."""
    return record.frame is not None and parameters_of(record.module).keys() != record.own.keys()


def _changing(recorder: Recorder, names: Mapping[int, Sequence[str]]) -> set[type[Any]]:
    """Return the classes whose constructors gave other parameters to modules that they had made."""
    frames = {id(each.frame): each.module for each in recorder.made.values() if each.frame is not None}
    changed = [each for each in recorder.made.values() if id(each.module) in names and is_changed(each)]
    return {type(frames[id(each.parent)]) for each in changed if id(each.parent) in frames}


def _adopts(module: Any, frame: Frame, names: Mapping[int, Sequence[str]]) -> bool:
    """Whether a module has no tensors of its own, and nothing that was made in its frame is part of the model."""
    parts = [each.module for each in _made_in(frame.events) if id(each.module) in names]
    has_own = bool(parameters_of(module)) or bool(buffers(module))
    return not has_own and _has_tensors(module) and not any(map(_has_tensors, parts))


def _made_in(events: Iterable[Event]) -> Iterator[Made]:
    """Yield the modules that were made in a frame, those in its loops as well."""
    for event in events:
        if isinstance(event, Made):
            yield event
        elif isinstance(event, Loop):
            for copy in event.copies:
                yield from _made_in(copy)


def _has_tensors(module: Any) -> bool:
    return any(True for _ in (*module.parameters(), *module.buffers()))


def _at(module: Any, path: str) -> Any:
    for name in path.split("."):
        module = module._modules.get(name)
        if module is None:
            break
    return module


@dataclass
class _Learner:
    tries: Tries
    recorder: Recorder
    names: Mapping[int, Sequence[str]]
    run: int
    replaced: Replaced
    #: the parameters that several modules have
    shared: frozenset[int]
    #: the template to which steps are added
    template: str = ROOT
    #: the modules that were made, as the steps have them
    records: dict[int, Made] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.records = {**self.recorder.made, **{id(each.module): each for each in self.replaced.records.values()}}

    def frame(self, key: str, frame: Frame, module: Any) -> None:
        """Add a frame to its template."""
        events = frame.events
        if type(module) in self.tries.replacing:
            # what decides whether modules are replaced is asked after these were made, and depends on fields alone
            asked = [each for each in events if isinstance(each, Condition)]
            events = [*asked, *(each for each in events if not isinstance(each, Condition))]
        steps = _folded([*self.steps(events, module, {})])
        own = [] if module is None else self.in_layers(module, self.own(module, self.records[id(module)]))
        self.template = key
        self.insert(self.tries.templates.setdefault(key, Trie()), [*steps, *((each, None) for each in own)])

    def in_layers(self, module: Any, own: Sequence[Own]) -> list[Step]:
        """Return the parameters of a module, those of each recurrent layer behind whether there is that layer."""
        layers = expression(module.num_layers) if isinstance(module, nn.RNNBase) else ""
        if not layers or layers.isdecimal():
            return [*own]
        layers = self.recorder.settled(layers, self.records[id(module)].copies)
        found: list[Step] = []
        known = 1
        for each in own:
            layer = int(each.name.rpartition("_l")[2].partition("_")[0])
            found += [Asked(f"({layers} > {number})", True) for number in range(known, layer + 1)]
            found.append(each)
            known = layer + 1
        return [*found, Asked(f"({layers} > {known})", False)]

    def own(self, module: Any, record: Made) -> list[Own]:
        """Return the parameters and buffers of a module itself."""
        cls = f"{type(module).__module__}.{type(module).__qualname__}"
        found = [
            Own(name, self.sizes(self.made(name, each, record), record), bool(each.requires_grad), cls)
            for name, each in parameters_of(module).items()
        ]
        if self.tries.with_buffers:
            found += [
                Own(name, self.sizes(each, record), False, cls, state_of(module, name, marked=True))
                for name, each in buffers(module).items()
            ]
        return found

    def made(self, name: str, tensor: Any, record: Made) -> Any:
        """Return the parameter that a module was made with, where it was tied to that of another since."""
        return record.own.get(name, tensor) if id(tensor) in self.shared else tensor

    def sizes(self, tensor: Any, record: Made) -> tuple[str, ...]:
        """Return the sizes of a tensor of a module as expressions."""
        return tuple(self.recorder.settled(size, record.copies) for size in sizes_of(tensor))

    def steps(
        self, events: Iterable[Event], module: Any, lengths: dict[tuple[str, ...], int], around: tuple[str, ...] = ()
    ) -> Iterable[tuple[Step, Any]]:
        """Yield the events of a frame as steps, each with what belongs to it; `lengths` are those of its loops."""
        above = self.names[id(module)][0] if module is not None else ""
        for event in events:
            if isinstance(event, Condition):
                yield Asked(event.text, event.outcome), None
            elif isinstance(event, Loop):
                chain = (*around, event.site)
                lengths[chain] = len(event.copies)
                copies = [[*self.steps(copy, module, lengths, chain)] for copy in event.copies]
                yield Repeat(event.site, event.extent), copies
            elif (instead := self.replaced.records.get(id(event.module))) is not None:
                yield from self.child(instead, above, lengths)
            elif id(event.module) in self.names and id(event.module) not in self.replaced.taken:
                yield from self.child(event, above, lengths)
            elif id(event.module) not in self.names and event.frame is not None and self.gives_away(event.frame):
                # it is no part of the model, but what was made in it is
                yield from self.steps(event.frame.events, module, lengths, around)

    def gives_away(self, frame: Frame) -> bool:
        """Whether something that was made in the frame of a module, or in one within it, is part of the model."""
        return any(
            id(each.module) in self.names or (each.frame is not None and self.gives_away(each.frame))
            for each in _made_in(frame.events)
        )

    def child(self, record: Made, above: str, lengths: Mapping[tuple[str, ...], int]) -> Iterable[tuple[Step, Any]]:
        """Yield a module that was made, if there is anything in it."""
        module = record.module
        if record.frame is not None and not record.frame.events and not _has_tensors(module):
            # which activation it is, and where else it stands, is no matter
            return
        names = self.names[id(module)]
        inside = next((each for each in names if not above or each.startswith(f"{above}.")), names[0])
        if above and not inside.startswith(f"{above}."):
            raise NotLearnt(f"{inside} is made within {above}, and is no part of it")
        parts = [each for each in inside.removeprefix(above).split(".") if each]
        numbers = tuple(int(each) for each in parts if each.isdigit())
        name = tuple(NUMBER if each.isdigit() else each for each in parts)
        own = () if record.frame is not None else tuple(self.own(module, record))
        if record.frame is None and not own:
            return
        others = tuple(sorted(tuple(each.split(".")) for each in names if each != inside))
        key = self.key(record) if record.frame is not None else ""
        yield (
            Child(name, key, own, others),
            Numbers(numbers, {site: record.copies[site] for site in record.sites}, self.run, dict(lengths)),
        )
        if record.frame is not None:
            self.frame(key, record.frame, module)

    def key(self, record: Made) -> str:
        """Return the template of a module: another for one whose own parameters were changed after its constructor."""
        changed = f" with {', '.join(parameters_of(record.module)) or 'nothing'}" if is_changed(record) else ""
        return record.key + changed + self.replaced.marks.get(id(record.module), "")

    def insert(self, trie: Trie, steps: Sequence[tuple[Step, Any]], places: Places = ()) -> None:
        """Add steps to a trie, in copies of the loops around."""
        for step, detail in steps:
            branch = trie.branches.setdefault(_known(step), Branch(Trie()))
            branch.runs.add(self.run)
            branch.places.add(places)
            self._keep_lost(step, branch)
            if isinstance(step, Repeat):
                if _known(step) == Repeat(step.site, LOST):
                    branch.lost.setdefault((0, 0), []).append((self.run, len(detail)))
                branch.body = branch.body or Trie()
                for number, copy in enumerate(detail):
                    self.insert(branch.body, copy, (*places, (step.site, number, len(detail) - 1 - number)))
            elif isinstance(step, Child):
                key = (self.template, step.name, frozenset(detail.copies))
                for seen in (branch.seen, self.tries.seen.setdefault(key, [])):
                    if len(seen) < _MOST_SEEN:
                        seen.append(detail)
            trie = branch.next
        end = trie.branches.setdefault(End(), Branch(Trie()))
        end.runs.add(self.run)
        end.places.add(places)

    def _keep_lost(self, step: Step, branch: Branch) -> None:
        """Keep the sizes whose expressions are not known."""
        owns = [step] if isinstance(step, Own) else step.own if isinstance(step, Child) else ()
        for place, own in enumerate(owns):
            for axis, size in enumerate(own.sizes):
                if size.startswith(LOST):
                    branch.lost.setdefault((place, axis), []).append((self.run, int(float(size[1:]))))


def _folded(steps: Sequence[tuple[Step, Any]]) -> list[tuple[Step, Any]]:
    """Return steps in which equal modules, numbered from 0 on and each given another double, are the copies of a loop.

    A list of doubles that code made itself, such as rates that grow, is gone over without a record.
    """
    found: list[tuple[Step, Any]] = []
    for step, detail in steps:
        if not isinstance(step, Child) or NUMBER not in step.name or "=double" not in step.template or detail.copies:
            found.append((step, detail))
            continue
        site = "_".join(("L", *(part for part in step.name if part != NUMBER), "each"))
        last, copies = found[-1] if found else (None, [])
        if last != Repeat(site, LOST) or copies[-1][0][0] != step:
            copies = []
            found.append((Repeat(site, LOST), copies))
        copies.append([(step, replace(detail, copies={site: len(copies)}))])
    return found


def _known(step: Step) -> Step:
    """Return a step that is the same whatever the sizes and numbers of copies are that are not known."""
    if isinstance(step, Repeat) and (LOST in step.extent or step.extent.isdecimal()):
        return Repeat(step.site, LOST)
    if isinstance(step, Own):
        sizes = tuple(LOST if size.startswith(LOST) else size for size in step.sizes)
        return replace(step, sizes=sizes)
    if isinstance(step, Child) and step.own:
        return Child(step.name, step.template, tuple(_known(each) for each in step.own), step.others)  # type: ignore[misc]
    return step


def repeats(trie: Trie) -> Iterator[tuple[Repeat, Branch]]:
    """Yield the loops in a trie, those within others as well."""
    for step, branch in trie.branches.items():
        if isinstance(step, Repeat):
            yield step, branch
        for each in (branch.next, branch.body):
            yield from repeats(each) if each is not None else ()


class NotLearnt(Exception):
    """Why a class of models cannot be stated: in a few words, and the runs that others do not agree with, if any."""

    def __init__(self, why: str, runs: Iterable[int] = ()) -> None:
        super().__init__(why)
        self.runs = frozenset(runs)


class UnknownField(NotLearnt):
    """Why it is not known what a field is that tensors depend on."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(reason)
        self.name = name
