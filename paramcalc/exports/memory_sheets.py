"""The memory of a network: for a terminal, as Markdown, as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import Any

from paramcalc.core.errors import refuse
from paramcalc.core.lines import json_text, one_line
from paramcalc.exports.numbers import binary_bytes, thousands
from paramcalc.exports.plain import value, written
from paramcalc.exports.tables import value_text
from paramcalc.results.memory import PARTS, Memory, Remedy

#: The version of the object that JSON has of a sheet.
VERSION = 1
#: What no sheet covers.
NOT_COVERED = (
    "what the allocator rounds up and cannot use again, workspaces of kernels, what the framework and the device keep"
    " for themselves (such as the CUDA context), the loss, data on its way to the device"
)
_OF_SAVED = (
    "'saved' is what PyTorch keeps on the CPU: on a GPU, dropout keeps masks of one byte an element, and cuDNN decides"
    " what it keeps for recurrent layers"
)
_OF_TWIN = "; it is that of the same network in PyTorch"
_WIDTH = 80
#: The least room for what a part is made of.
_LEAST = 24

#: What each part is for one parameter.
_FOR = {
    "weights": "the weight",
    "gradients": "its gradient",
    "master": "the copy that the optimizer works on",
    "optimizer": "what the optimizer keeps",
}


def render(sheet: Memory, notation: str, width: int = _WIDTH) -> str:
    """Print a sheet; `width` is that of running text. Raises `unknown-target`."""
    if notation == "text":
        return as_text(sheet, width)
    if notation == "markdown":
        return as_markdown(sheet)
    if notation == "json":
        return json_text(written(plain(sheet)))
    raise refuse("unknown-target", f"a sheet is not printed as {notation!r}", "text, markdown or json")


# --- For people ------------------------------------------------------------------------


def as_text(sheet: Memory, width: int) -> str:
    """Print a sheet for a terminal: a line a part, the question of each parameter's bytes, the budget, notes."""
    rows = list(_rows(sheet))
    widths = [max(map(len, column)) for column in zip(*(row[:3] for row in rows), strict=True)]
    indent = " " * (sum(widths) + 6)
    lines = []
    for name, size, rounded, what in rows:
        first, *rest = wrap(what, max(width - len(indent), _LEAST), break_on_hyphens=False) or [""]
        lines.append(f"{name:{widths[0]}}  {size:>{widths[1]}}  {rounded:>{widths[2]}}  {first}".rstrip())
        lines += [indent + line for line in rest]
    paragraphs = [*_question(sheet), *_budget(sheet), f"not covered: {_not_covered(sheet)}"]
    said = [line for each in paragraphs for line in ("", *_wrapped(each, width))]
    return "\n".join([_title(sheet), "", *lines, *said])


def _wrapped(paragraph: str, width: int) -> Iterator[str]:
    for line in paragraph.split("\n"):
        yield from wrap(line, width, subsequent_indent="  ", break_on_hyphens=False)


def as_markdown(sheet: Memory) -> str:
    """Print a sheet as Markdown: a table of its parts, and what there is to say."""
    lines = [f"**{_title(sheet)}**", "", "| part | bytes | | what |", "| --- | ---: | ---: | --- |"]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in _rows(sheet)]
    for paragraph in (*_question(sheet), *_budget(sheet), f"not covered: {_not_covered(sheet)}"):
        first, *rest = paragraph.split("\n")
        lines += ["", first, *([""] if rest else []), *(f"- {line.strip()}" for line in rest)]
    return "\n".join(lines)


def _title(sheet: Memory) -> str:
    what = "inference" if sheet.training is None else f"training with {sheet.training.name}"
    dims = [f"{name} {value_text(each)}" for name, each in sheet.given.items()]
    named = [one_line(sheet.name)] if sheet.name else []
    return " · ".join([*named, sheet.convention, what, sheet.dtype, *dims])


def _rows(sheet: Memory) -> Iterator[tuple[str, str, str, str]]:
    """Give the parts that there are, and the total: the bytes, the same in a unit, and what it is made of."""
    for part in PARTS:
        if part in sheet.unknown:
            yield part, "not known", "", one_line(sheet.unknown[part])
        elif getattr(sheet, part) or part == "weights":
            yield part, *_sizes(getattr(sheet, part)), _what(sheet, part)
    missing = f"without {' and '.join(sheet.unknown)}" if sheet.unknown else ""
    yield ("known" if missing else "total"), *_sizes(sheet.known), missing


def _sizes(size: int) -> tuple[str, str]:
    return thousands(size), binary_bytes(size)


def _what(sheet: Memory, part: str) -> str:
    of_all = sheet.trained == sheet.parameters
    return {
        "weights": f"{thousands(sheet.parameters)} parameters",
        "gradients": "of all of them" if of_all else f"of the {thousands(sheet.trained)} that are trained",
        "buffers": "states that no optimizer updates",
        "optimizer": ", ".join(sheet.kept),
        "counters": "scalars of the optimizer, such as its steps",
        "master": f"a copy of the trained weights in {sheet.master_dtype}",
        "saved": "kept for the backward pass",
        "cache": "keys, values and states of the whole sequence",
    }[part]


def _question(sheet: Memory) -> Iterator[str]:
    """Ask why a parameter takes so many bytes, and answer, where each takes as many."""
    each = sheet.each
    if sheet.training is None or not each or any(size.denominator != 1 for size in each.values()):
        return
    parts = [f"{size} for {_FOR[part]}" for part, size in each.items()]
    answer = ", ".join(parts[:-1]) + f" and {parts[-1]}" if len(parts) > 1 else parts[0]
    yield f"Why {sum(each.values())} bytes a parameter? {answer[0].upper()}{answer[1:]}."


def _budget(sheet: Memory) -> Iterator[str]:
    if sheet.budget is None:
        return
    budget = f"budget {binary_bytes(sheet.budget)}"
    if sheet.fits is None:
        yield f"{budget}: whether it fits is not known, without {' and '.join(sheet.unknown)}"
    elif sheet.fits:
        yield f"{budget}: it fits, and {binary_bytes(sheet.budget - sheet.known)} are left"
    else:
        over = f"{budget}: it does not fit; {binary_bytes(sheet.known - sheet.budget)} too much"
        yield "\n".join([over, *(f"  {_remedy(each)}" for each in sheet.remedies)])


def _remedy(remedy: Remedy) -> str:
    changed = {
        "batch": f"a batch of {remedy.to}",
        "recompute": f"computing {one_line(remedy.to)} again for the backward pass (recompute)",
        "states": f"states of 8 bits ({remedy.to})",
        "all": "all of these together, with a batch of 1",
    }[remedy.what]
    return f"{changed}: {binary_bytes(remedy.total)}, which {'fits' if remedy.fits else 'does not fit'}"


def _not_covered(sheet: Memory) -> str:
    if sheet.training is None or "saved" in sheet.unknown:
        return f"{NOT_COVERED}."
    return f"{NOT_COVERED}. {_OF_SAVED}{_OF_TWIN if sheet.convention == 'keras' else ''}."


# --- As data ---------------------------------------------------------------------------


def plain(sheet: Memory) -> dict[str, Any]:
    """Return the object that JSON has of a sheet; the keys are stable."""
    training = sheet.training
    return {
        "paramcalc_memory": VERSION,
        "name": sheet.name,
        "convention": sheet.convention,
        "training": None if training is None else {"optimizer": training.name, "keeps": list(sheet.kept)},
        "dtype": sheet.dtype,
        "master_dtype": sheet.master_dtype,
        "dims": {name: value(each) for name, each in sheet.dims.items()},
        "set": {name: value(each) for name, each in sheet.given.items()},
        "parameters": sheet.parameters,
        "trained": sheet.trained,
        **{part: getattr(sheet, part) for part in PARTS},
        "total": sheet.total,
        "known": sheet.known,
        "unknown": sheet.unknown,
        "budget": sheet.budget,
        "fits": sheet.fits,
        "remedies": [
            {"what": each.what, "to": each.to, "total": each.total, "fits": each.fits} for each in sheet.remedies
        ],
        "not_covered": _not_covered(sheet),
    }
