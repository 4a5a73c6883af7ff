"""What was learnt of one class of models of a type, as the document of a family: its head, and the fields it needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from paramcalc.core.errors import ParamcalcError
from paramcalc.core.expression import RESERVED
from paramcalc.families.generator import forms
from paramcalc.families.generator.bodies import Body, Copies, Way
from paramcalc.families.generator.deriving import Deriving
from paramcalc.families.generator.dims import Dims, given_at, is_null, plain_dim
from paramcalc.families.generator.drawing import lengths_of, overridden
from paramcalc.families.generator.exploring import Explorer, Run
from paramcalc.families.generator.following import undeclared, value_of
from paramcalc.families.generator.identifying import Identifying
from paramcalc.families.generator.learning import NotLearnt, Tries, UnknownField
from paramcalc.families.generator.mixtures import is_known, sent_to
from paramcalc.families.generator.models import (
    IGNORED,
    Fields,
    Owned,
    config_at,
    fields_of,
    heads,
    made_config,
    version,
)
from paramcalc.families.generator.remembering import expression
from paramcalc.families.generator.texts import choice, is_certain, names_in, negated, tidied
from paramcalc.families.generator.ties import Tied, ties
from paramcalc.families.generator.writing import layers
from paramcalc.families.stored import UNKNOWN


def with_buffers(explorer: Explorer) -> tuple[dict[str, Any], str]:
    """Return the document of a family with one class of models. Raises `NotLearnt` for its parameters.

    Where its buffers cannot be learnt, it is without them, says so, and why is returned. What is required for them
    alone stands apart, so that they are no reason to refuse a configuration.
    """
    own = without_buffers(explorer)
    try:
        whole = document(explorer, explorer.tries)
    except (NotLearnt, ParamcalcError) as error:
        return own, str(error)
    head, all_of_it = own["heads"][explorer.class_name], whole["heads"][explorer.class_name]
    del head["buffers"]
    needed: dict[str, Any] = {}
    if requires := [each for each in all_of_it.pop("requires", []) if each not in head.get("requires", [])]:
        needed["requires"] = requires
    rotary = explorer.rotary()
    fixed = all_of_it.pop("fixed", {}).items()
    own_fixed = head.get("fixed", {})
    if fixed := {name: value for name, value in fixed if name not in own_fixed and name.split(".")[-1] not in rotary}:
        needed["fixed"] = fixed
    if rotary:
        needed["stated"] = rotary
    whole["heads"] = {
        explorer.class_name: {**head, **({"buffers": needed} if needed else {}), "layers": all_of_it["layers"]}
    }
    return whole, ""


def without_buffers(explorer: Explorer) -> dict[str, Any]:
    """Return the document of a family with the parameters alone of one class of models. Raises `NotLearnt`."""
    data = document(explorer, explorer.without_buffers)
    head = data["heads"][explorer.class_name]
    head["buffers"] = UNKNOWN
    head["layers"] = head.pop("layers")
    return data


def document(explorer: Explorer, tries: Tries) -> dict[str, Any]:
    """Return the document of a family with what was learnt of one class of models. Raises `NotLearnt`.

    Where it is not known how a field follows from others, the document is of the models that do not ask for it.
    """
    unknown: dict[str, str] = {}
    derivings: dict[str, Deriving] = {}
    first: NotLearnt | None = None
    while True:
        try:
            return _document(explorer, tries, unknown, derivings)
        except UnknownField as error:
            if error.name in unknown:
                raise
            unknown[error.name] = str(error)
            first = first or error
        except NotLearnt as error:
            raise first or error from None


def _document(
    explorer: Explorer, tries: Tries, unknown: Mapping[str, str], derivings: dict[str, Deriving]
) -> dict[str, Any]:
    identifying = Identifying(explorer.runs)
    body = forms.form(tries, identifying.size, unknown)
    if all(entry.state is not None for entry in body.entries.values()):
        raise NotLearnt("no parameter")
    # a class of configurations may let one part tie where another says so: what counts is what it is given
    runs = [(_as_given(explorer, run), run.tensors) for run in explorer.runs]
    if not tries.with_buffers:
        runs = [(fields, {name: each for name, each in made.items() if each.state is None}) for fields, made in runs]
    tied = ties(body, runs)
    body = with_sizes_of_owners(body, tied, runs)
    knows_active = is_known(body, explorer.fields, explorer.declared.aliases)
    requires = [each for each in _requires(body) if not _is_always_given(explorer, each)]
    texts = [*requires, *(each.when for each in tied.values())]
    for way, entry in body.entries.items():
        texts += [sent_to(entry)] if knows_active and sent_to(entry) else []
        texts += [*entry.sizes, *entry.when, *(part.extent for part in way if isinstance(part, Copies))]
    sites = {part.site for way in body.entries for part in way if isinstance(part, Copies)}
    names = [*dict.fromkeys(name for text in texts for name in sorted(names_in(text)) if name not in sites)]
    dims = Dims(explorer, identifying, {name for each in tied.values() for name in names_in(each.when)})
    dims.derivings = derivings
    for name in (*names, *sorted(explorer.counted)):
        try:
            dims.add(name)
        except NotLearnt as error:
            raise UnknownField(name, str(error)) from None
    dims.limit()
    for name in explorer.unkept:
        if isinstance(explorer.kept[name][0], str):
            dims.found[name] = plain_dim(name, explorer.kept[name])
            dims.needed.append(f"{name} == {expression(explorer.kept[name])}")
    dims.needed += [
        f"len({name}{way}) == {length}"
        for name in explorer.known_lengths() or ()
        if name in dims.found
        for way, length in lengths_of(explorer.fields[name]).items()
    ]
    dims.needed += [f"len({name}) == {length}" for name, length in _constant_lengths(explorer) if name in dims.found]
    dims.needed += [each for name in dims.found for each in _constant_end(explorer, name)]
    found_layers = layers(body, tied, [*dims.found, *RESERVED], knows_active)
    named = {name: cls for name, cls in heads(explorer.model_type).items() if cls == explorer.class_name}
    data: dict[str, Any] = {"family": explorer.model_type, "transformers": version(), "named_heads": named}
    data["dims"] = dims.found
    data.update(
        {
            key: value
            for key, value in (
                ("derived", dims.derived),
                ("absent", dims.absent),
                ("lists", dims.lists),
                ("aliases", explorer.declared.aliases),
                ("configs", [*explorer.declared.configs]),
                ("stated", _stated(explorer, dims.found)),
            )
            if value
        }
    )
    head: dict[str, Any] = {}
    if fixed := _fixed(explorer, dims, tries.with_buffers):
        head["fixed"] = fixed
    if requires or dims.needed:
        head["requires"] = [*requires, *dims.needed]
    if not knows_active:
        head["active"] = UNKNOWN
    data["heads"] = {explorer.class_name: {**head, "layers": found_layers}}
    return data


def with_sizes_of_owners(
    body: Body, tied: Mapping[Way, Tied], runs: Sequence[tuple[Fields, Mapping[str, Owned]]]
) -> Body:
    """Return tensors with the sizes of that to which each is tied, where they were made with others."""
    entries = dict(body.entries)
    for way, tie in tied.items():
        own, owner, name = entries[way], entries[tie.owner], ".".join(map(str, way))
        seen = [(fields, made[name].shape) for fields, made in runs if name in made]
        if len(own.sizes) == len(owner.sizes) and not all(_are(own.sizes, fields, shape) for fields, shape in seen):
            sizes = (choice(tie.when, one, other) for one, other in zip(owner.sizes, own.sizes, strict=True))
            entries[way] = replace(own, sizes=owner.sizes if tie.when == "true" else tuple(sizes))
    return replace(body, entries=entries)


def _are(sizes: Sequence[str], fields: Fields, shape: Sequence[int]) -> bool:
    return [value_of(each, fields) for each in sizes] == [*shape]


def _requires(body: Body) -> list[str]:
    """Return the conditions that were seen one way only, with those under which they are asked."""
    found = []
    for guards, text in body.requires:
        found.append(" or ".join(f"({each})" for each in (*map(negated, guards), text)))
    return [each for each in dict.fromkeys(map(tidied, found)) if not is_certain(each)]


def _constant_lengths(explorer: Explorer) -> Iterator[tuple[str, int]]:
    """Yield the lists that had one length in all runs, and are not among those that keep theirs, with it.

    A number of copies that is the same may be theirs, or the number of axes of a kernel.
    """
    known = explorer.known_lengths() or ()
    for name, value in explorer.fields.items():
        is_of_texts = isinstance(value, list) and any(isinstance(each, str) for each in value)
        if isinstance(value, list) and value and not is_of_texts and name not in known:
            lengths = {len(each) if isinstance(each := run.fields.get(name), list) else None for run in explorer.runs}
            if lengths == {len(value)}:
                yield name, len(value)


def _constant_end(explorer: Explorer, name: str) -> Iterator[str]:
    """Yield the condition under which a list of texts is as it is given, if its class gives it the same end always."""
    runs = [(given_at(run.given, name), run.fields.get(name)) for run in explorer.runs]
    made = [each for _, each in runs if isinstance(each, list) and each and all(isinstance(text, str) for text in each)]
    changed = [given for given, each in runs if isinstance(given, list) and given and given != each]
    for place, at in ((0, "0"), (-1, f"len({name}) - 1")):
        ends = {each[place] for each in made}
        if changed and len(ends) == 1 and not any(each[place] in ends for each in changed):
            yield f'{name}[{at}] == "{ends.pop()}"'
            return


def _is_always_given(explorer: Explorer, text: str) -> bool:
    """Whether a condition is that a field is not absent, and the class of configurations never leaves it so."""
    names = names_in(text)
    if len(names) != 1 or text != f"{next(iter(names))} != none":
        return False
    name = next(iter(names))
    stated = explorer.declared.defaults.get(name, 0)
    asked = [run for run in explorer.runs if is_null(run, name, stated)]
    return bool(asked) and all(run.fields.get(name) is not None for run in asked)


def _fixed(explorer: Explorer, dims: Dims, with_buffers: bool) -> dict[str, Any]:
    """Return the fields that had one value in all runs, or too few to be proved at others.

    So are those that the code of models or configurations asks for and that none has by default, unless tensors were
    seen to be the same with them, and the types of configurations in others.
    """
    found = {}
    for name in (*explorer.drawing.names, *sorted(explorer.pinned)):
        value = explorer.fields[name]
        needed = 3 if type(value) is int and name in dims.found else 2
        is_unseen_list = name not in dims.found and explorer.drawing.has_length(name)
        if len(explorer.values(name)) < needed or is_unseen_list:
            found[name] = explorer.declared.defaults[name]
    found.update({name: value for name, value in explorer.kept.items() if name not in dims.found})
    missing = sorted(explorer.missing - {*explorer.fields, *IGNORED})
    found.update({name: None for name in missing if not explorer.without_effect(name, with_buffers)})
    found.update(undeclared(explorer, dims.found))
    for path in explorer.declared.configs:
        found[f"{path}.model_type"] = str(config_at(explorer.model_type, path).model_type)
    return found


def _stated(explorer: Explorer, dims: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the fields of each configuration within another that have other defaults where it is stated.

    What a class gives one that is left out need not be what that one's own class gives it.
    """
    found: dict[str, dict[str, Any]] = {}
    given: dict[str, Any] = {}
    before = explorer.fields
    for path in explorer.declared.configs:
        above = {name: value for name, value in given.items() if path.startswith(name.removesuffix("model_type"))}
        given[f"{path}.model_type"] = str(config_at(explorer.model_type, path).model_type)
        try:
            stated = {**above, f"{path}.model_type": given[f"{path}.model_type"]}
            fields = fields_of(made_config(explorer.model_type, overridden(stated)))
        except Exception:
            continue
        others = {
            name: plain_dim(name, value)
            for name, value in fields.items()
            if name.startswith(f"{path}.") and name in dims and _is_plain(dims[name]) and value != before.get(name)
        }
        others.update(
            {
                name: plain_dim(name, value)
                for name, value in explorer.unkept.items()
                if name in dims and name.rpartition(".")[0] == path
            }
        )
        if others:
            found[path] = others
    return found


def _is_plain(dim: Any) -> bool:
    """Whether the default of a dim is no expression."""
    return not isinstance(dim, str) or dim == "none"


def _as_given(explorer: Explorer, run: Run) -> Fields:
    """Return the fields of a run with the truths that it was given, or left out, in place of what became of them."""
    found = dict(run.fields)
    for name, default in explorer.declared.defaults.items():
        given = given_at(run.given, name)
        if given is None and "." not in name and not (name in run.given and run.fields.get(name) is None):
            given = default
        if isinstance(given, bool):
            found[name] = given
    return found
