"""What the site takes from the code: a page for each layer type, and the tables of other pages.

MkDocs calls `on_config`, `on_files` and `on_page_markdown`. A written page says where a table
belongs by a line of its own: `<!-- generated: error-codes -->`.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from paramcalc.conventions import Equivalent, convention
from paramcalc.core import notation
from paramcalc.core.errors import CODES, LIMITS, Limits, ParamcalcError
from paramcalc.core.registry import FAMILIES, built_in_names, kind
from paramcalc.exports import kinds
from paramcalc.frameworks.build import refused_kinds
from paramcalc.layers.base.declaration import Layer
from paramcalc.layers.base.fields import DTYPES
from paramcalc.results.formula import default_form
from paramcalc.spec import FRAMEWORKS
from paramcalc.spec.writing import dumps
from paramcalc.verbs import count, explain, formula
from paramcalc.verbs.opening import layer_spec

_MARKER = re.compile(r"^<!-- generated: (?P<name>[\w-]+) -->$", re.MULTILINE)


# --- What MkDocs calls -----------------------------------------------------------------


def on_config(config: Any) -> Any:
    """Put the pages of the layer types into the navigation, family by family."""
    pages = [{kinds.title(family): [{name: _path(name)} for name in names]} for family, names in FAMILIES.items()]
    config.nav = [
        {title: [page, *pages]} if page == "layers/index.md" else {title: page}
        for entry in config.nav
        for title, page in entry.items()
    ]
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add the pages of the layer types and their index."""
    from mkdocs.structure.files import File

    files.append(File.generated(config, "layers/index.md", content=kind_index()))
    for name in built_in_names():
        files.append(File.generated(config, _path(name), content=kind_page(kind(name))))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the tables in their places."""
    return filled(markdown)


def filled(markdown: str) -> str:
    """A page with a table in the place of each marker."""
    return _MARKER.sub(lambda marker: "\n".join(TABLES[marker["name"]]()), markdown)


# --- The pages of the layer types ------------------------------------------------------


def kind_index() -> str:
    """List all layer types, family by family."""
    lines = [
        "# Layer types",
        "",
        "A layer type says which tensors a layer owns, and the shape of each. This part of the site is made",
        "from those declarations: what stands here is what is counted. `paramcalc layers` prints the same list,",
        "and `paramcalc layers TYPE` one of them. [Layer types of your own](../own-layers.md) are declared alike.",
    ]
    for family, names in FAMILIES.items():
        rows = [(f"[{name}]({name}.md)", _text(kind(name).summary())) for name in names]
        lines += ["", f"## {kinds.title(family).capitalize()}", "", *_table(("layer type", "what it does"), rows)]
    return "\n".join(lines) + "\n"


def kind_page(cls: type[Layer]) -> str:
    """Give the page of one layer type, whole."""
    parts = [
        [f"# {cls.__name__}", "", _text(kinds.description(cls))],
        _fields(cls),
        _tensors(cls),
        _frameworks(cls),
        _worked_example(cls),
        ["## Source", "", _text(cls.source) + "."],
    ]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _fields(cls: type[Layer]) -> list[str]:
    if not cls.model_fields:
        return ["## Fields", "", f"{cls.__name__} has no fields."]
    rows = [
        (_code(name), default if default in ("required", "absent") else _code(default), _text(meaning))
        for name, default, meaning in kinds.field_rows(cls)
    ]
    return ["## Fields", "", *_table(("field", "default", "meaning"), rows)]


def _tensors(cls: type[Layer]) -> list[str]:
    try:
        tensors = kinds.tensor_rows(cls)
    except ParamcalcError as error:
        return ["## Tensors", "", _text(error.problems[0].message) + "."]
    if not tensors:
        return ["## Tensors", "", f"{cls.__name__} owns no tensors: 0 parameters."]
    rows = [(_code(name), _code(shape), _text(role), _text(purpose)) for name, shape, role, purpose in tensors]
    lines = ["## Tensors", "", *_table(("tensor", "shape", "role", "what it is for"), rows)]
    lines += ["", "## Formula", ""]
    formulas: list[Sequence[str]] = []
    for framework in FRAMEWORKS:
        form, by_default = formula(cls, framework), default_form(cls, framework)
        cells = [framework, _code(notation.text(form.expr)), _code(notation.text(by_default.expr))]
        formulas.append([*cells, *(["; ".join(map(_code, form.conditions))] if form.conditions else [])])
    headings = ("convention", "parameters", "with the fields' defaults", "where")
    lines += _table(headings[: len(formulas[0])], formulas)
    symbols = [(_code(name), _text(meaning)) for name, meaning in kinds.symbol_rows(cls)]
    return [*lines, "", *_table(("symbol", "meaning"), symbols)] if symbols else lines


def _frameworks(cls: type[Layer]) -> list[str]:
    lines = ["## In the frameworks"]
    for framework in FRAMEWORKS:
        candidates = convention(framework).equivalents(cls.__name__)
        lines += ["", f"### {framework}", ""]
        if not candidates:
            owns = cls.tensors is not Layer.tensors or cls.parts is not Layer.parts
            kept = "; its tensors keep our own names" if owns else ""
            lines += [f"{framework} has no class for it{kept}."]
        for candidate in candidates:
            lines += [_code(candidate.name) + _condition(candidate) + "."]
            if candidate.arguments:
                rows = [(_code(name), _code(value)) for name, value in candidate.arguments.items()]
                lines += ["", *_table(("argument", "its value, in our fields"), rows)]
            if candidate.parts:
                rows = [(_code(name), _code(theirs)) for name, theirs in candidate.parts.items()]
                lines += ["", *_table(("layer within it", "its name there"), rows)]
            lines += ["", *_spelling_table(framework, candidate, cls), ""]
    return lines


def _condition(candidate: Equivalent) -> str:
    fields = [f"{name} == {_value(value)}" for name, value in candidate.fields.items()]
    conditions = fields + ([] if candidate.when == "true" else [candidate.when])
    return f", where {' and '.join(map(_code, conditions))}" if conditions else ""


def _spelling_table(framework: str, candidate: Equivalent, cls: type[Layer]) -> list[str]:
    rows = [(_code(ours), _code(name), _code(shape)) for ours, name, shape in _spellings(framework, candidate, cls)]
    return _table(("tensor here", "its name there", "its shape there"), rows) if rows else []


def _spellings(framework: str, candidate: Equivalent, cls: type[Layer]) -> list[tuple[str, str, str]]:
    """Our tensors, the framework's name and shape; nothing of a layer type without a general form."""
    try:
        found = [*kinds.spellings(framework, candidate, cls)]
    except ParamcalcError:
        return []
    rows = ((", ".join(each.members), each.name, kinds.shape_text(each.shape)) for each in found)
    return kinds.folded(rows, names=2)


def _worked_example(cls: type[Layer]) -> list[str]:
    layer, shapes = example(cls)
    given = list(shapes) if len(shapes) > 1 else (shapes[0] if shapes else None)
    derivation = explain(layer, input_shape=given, convention="keras")
    spec = dumps(layer_spec(layer, given)).rstrip()
    return [
        "## A worked example",
        "",
        "The spec:",
        "",
        *_block("yaml", spec),
        "",
        "What `paramcalc explain` says of the layer:",
        "",
        *_block("text", str(derivation)),
    ]


def example(cls: type[Layer]) -> tuple[Layer, Sequence[tuple[int, ...]]]:
    """Give the example of a layer type: a small layer, and the shapes of its inputs."""
    assert cls.example is not None
    return cls(**cls.example.fields), cls.example.inputs


def _path(name: str) -> str:
    return f"layers/{name}.md"


# --- The tables of other pages ---------------------------------------------------------


def _error_codes() -> list[str]:
    return _table(("code", "meaning"), [(_code(code), _text(meaning)) for code, meaning in CODES.items()])


def _limits() -> list[str]:
    rows = [(_code(name), f"{getattr(LIMITS, name):,}", _text(meaning)) for name, meaning in limit_meanings().items()]
    return _table(("limit", "value", "of what"), rows)


def limit_meanings() -> dict[str, str]:
    """What each limit bounds, as the comment above it in the code says."""
    comments = re.findall(r"((?: +#: .*\n)+) +(\w+): int", inspect.getsource(Limits))
    return {name: " ".join(line.strip().removeprefix("#: ") for line in lines.splitlines()) for lines, name in comments}


def _defaults(table: str) -> Iterator[tuple[str, ...]]:
    """The rows of the fields whose default differs between the conventions."""
    for name in built_in_names():
        stated = {framework: getattr(convention(framework), table)(name) for framework in FRAMEWORKS}
        fields = dict.fromkeys(field for each in stated.values() for field in each)
        for field in fields:
            default = kind(name).model_fields[field].default
            values = [stated[framework].get(field, default) for framework in FRAMEWORKS]
            yield (_kind_link(name), _code(field), *(_code(_value(value)) for value in values))


def _value(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _default_table(table: str) -> Callable[[], list[str]]:
    return lambda: _table(("layer type", "field", *FRAMEWORKS), _defaults(table))


def _classes() -> list[str]:
    rows = []
    for name in built_in_names():
        candidates = [convention(framework).equivalents(name) for framework in FRAMEWORKS]
        cells = [", ".join(dict.fromkeys(_code(each.name) for each in some)) or "none" for some in candidates]
        rows.append((_kind_link(name), *cells))
    return _table(("layer type", *FRAMEWORKS), rows)


def _differences() -> list[str]:
    """List the types that the conventions count differently by default, and the tensors that make the difference."""
    rows = []
    for name in built_in_names():
        forms = [_form_by_default(kind(name), framework) for framework in FRAMEWORKS]
        if len(set(forms)) > 1:
            rows.append((_kind_link(name), *map(_code, forms), _text(_reason(kind(name)))))
    return _table(("layer type", *FRAMEWORKS, "the reason"), rows)


def _form_by_default(cls: type[Layer], framework: str) -> str:
    """The parameters of a layer whose fields have their defaults; of a layer around another, those of an example."""
    try:
        return notation.text(default_form(cls, framework).expr)
    except ParamcalcError:
        layer, shapes = example(cls)
        return f"{count(layer, framework, input_shape=list(shapes)).total:,}"


def _reason(cls: type[Layer]) -> str:
    """Which tensors count in one convention and not in the other, and why."""
    layer, shapes = example(cls)
    owned = {}
    for framework in FRAMEWORKS:
        leaf = count(layer, framework, input_shape=list(shapes)).layers[-1].leaf
        assert leaf is not None
        owned[framework] = {use.tensor.name: use for use in leaf.uses}
    keras, torch = (owned[framework] for framework in FRAMEWORKS)
    states = [name for name, use in keras.items() if use.tensor.role == "state"]
    reasons = [f"{_names(states)}: counted by keras, buffers in torch, which count apart"] if states else []
    others = [name for name, use in keras.items() if name in torch and use.elements != torch[name].elements]
    reasons += [f"{_names(others)}: of another size in each{_choices(cls)}"] if others else []
    for framework, own, other in (("keras", keras, torch), ("torch", torch, keras)):
        only = [name for name, use in own.items() if name not in other and use.tensor.role == "parameter"]
        reasons += [f"{_names(only)}: by default only in {framework}{_choices(cls)}"] if only else []
    return "; ".join(reasons)


def _names(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _choices(cls: type[Layer]) -> str:
    """The fields that follow the convention."""
    fields = dict.fromkeys(field for each in FRAMEWORKS for field in convention(each).choices(cls.__name__))
    return f" (the choice of {_names(list(fields))})" if fields else ""


def _unlisted() -> list[str]:
    """The classes of the frameworks that are no layer type, those with one reason together."""
    rows = []
    for framework in FRAMEWORKS:
        reasons = convention(framework).table.unlisted
        for reason in dict.fromkeys(reasons.values()):
            names = [name for name, each in reasons.items() if each == reason]
            rows.append((framework, ", ".join(map(_code, names)), _text(reason)))
    return _table(("framework", "classes", "the reason"), rows)


def _refused_kinds() -> list[str]:
    """List the layer types that cannot be built, by framework."""
    rows = [(framework, ", ".join(map(_kind_link, refused_kinds(framework)))) for framework in FRAMEWORKS]
    return _table(("framework", "layer types of which no layer can be built"), rows)


def _tensor_names() -> list[str]:
    rows = []
    for name in built_in_names():
        for framework in FRAMEWORKS:
            for candidate in convention(framework).equivalents(name):
                for ours, theirs, shape in _spellings(framework, candidate, kind(name)):
                    row = (_kind_link(name), _code(ours), framework, _code(theirs), _code(shape))
                    rows += [row] if row not in rows else []
    rows.sort(key=lambda row: [_kind_link(name) for name in built_in_names()].index(row[0]))
    return _table(("layer type", "tensor here", "convention", "its name there", "its shape there"), rows)


def _dtypes() -> list[str]:
    return _table(("dtype", "bits of an element"), [(_code(name), str(bits)) for name, bits in DTYPES.items()])


def _kind_link(name: str) -> str:
    return f"[{name}]({_path(name)})"


#: The tables that a page may ask for.
TABLES: dict[str, Callable[[], list[str]]] = {
    "choices": _default_table("choices"),
    "classes": _classes,
    "differences": _differences,
    "dtypes": _dtypes,
    "error-codes": _error_codes,
    "layout": _default_table("layout"),
    "limits": _limits,
    "refused-kinds": _refused_kinds,
    "tensor-names": _tensor_names,
    "unlisted-classes": _unlisted,
}


# --- Markdown --------------------------------------------------------------------------


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = ["| " + " | ".join(headings) + " |", "| " + " | ".join("---" for _ in headings) + " |"]
    return lines + ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _text(text: str) -> str:
    """Plain text as Markdown; names in backticks stay code."""
    parts = text.split("`")
    escaped = [re.sub(r"([\\*_<>\[\]])", r"\\\1", part) for part in parts[::2]]
    codes = [f"`{code}`" for code in parts[1::2]]
    return "".join(words + code for words, code in zip(escaped, [*codes, ""], strict=True))


def _block(language: str, text: str) -> list[str]:
    return [f"```{language}", *text.splitlines(), "```"]
