"""A derivation for people who learn: plain text, Markdown, LaTeX, and one HTML page.

Every notation prints the same steps: what the layer does, its tensors, the formula in
symbols, the numbers put in, the value, and what of it is trained.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from html import escape

from paramcalc.derivation import Derivation, DerivedTensor, LayerDerivation, SymbolMeaning
from paramcalc.exports import notation
from paramcalc.exports.tables import readable_bytes, sizes_text, thousands
from paramcalc.layer import shape_text

_WIDTH = 80


def render(derivation: Derivation, target: str) -> str:
    """A derivation as `text`, `markdown`, `latex` or `html`."""
    return {"text": as_text, "markdown": as_markdown, "latex": as_latex, "html": as_html}[target](derivation)


# --- The steps, in words ---------------------------------------------------------------


def _heading(layer: LayerDerivation) -> str:
    return f"{layer.row.name} · {layer.row.kind}"


def _shapes(layer: LayerDerivation) -> str:
    given = ", ".join(map(shape_text, layer.input_shapes))
    return f"{given} → {shape_text(layer.row.output_shape)}" if given else shape_text(layer.row.output_shape)


def _symbolic_shape(tensor: DerivedTensor) -> str:
    return "(" + ", ".join(map(notation.text, tensor.symbolic_shape)) + ")"


def _written_product(tensor: DerivedTensor, values: Mapping[str, int] | None = None) -> str:
    """The product in the order of the axes; a scalar is one element."""
    sizes = [notation.text(size, values) for size in tensor.symbolic_shape]
    dot = "·" if values is None else " · "
    return dot.join(f"({size})" if " + " in size else size for size in sizes) or "1"


def _steps(layer: LayerDerivation) -> list[str]:
    """The right-hand sides, from the sum of products to the value of one copy."""
    value = thousands(sum(tensor.elements for tensor in layer.terms))
    written = " + ".join(map(_written_product, layer.terms))
    if _is_simple(layer):
        steps = [written, " + ".join(_written_product(tensor, layer.values) for tensor in layer.terms), value]
    else:
        steps = [written, notation.text(layer.expr), notation.text(layer.expr, layer.values), value]
    return [step for place, step in enumerate(steps) if place == 0 or step != steps[place - 1]]


def _is_simple(layer: LayerDerivation) -> bool:
    """Whether the sum of products cannot be written shorter: as many terms, and no size that is a product."""
    sizes = [size for tensor in layer.terms for size in tensor.symbolic_shape]
    return len(layer.expr.as_ordered_terms()) == len(layer.terms) and all(size.is_Atom for size in sizes)


def _legend_rows(layer: LayerDerivation) -> list[tuple[str, str, str]]:
    """Symbols, values and meaning; those with one meaning share a row."""
    rows: dict[str, list[SymbolMeaning]] = {}
    for each in layer.symbols:
        rows.setdefault(each.meaning, []).append(each)
    return [
        (", ".join(each.name for each in group), ", ".join(thousands(each.value) for each in group), meaning)
        for meaning, group in rows.items()
    ]


def _split(layer: LayerDerivation) -> str:
    """What of the value is trained, over all copies."""
    row = layer.row
    parts = [f"{thousands(row.trainable)} trained"] if row.trainable else []
    parts += [f"{thousands(row.non_trainable)} not trained"] if row.non_trainable else []
    return ", ".join(parts)


def _buffers(layer: LayerDerivation) -> str:
    buffers = [tensor for tensor in layer.tensors if tensor.standing == "buffer"]
    sizes = " + ".join(thousands(tensor.elements) for tensor in buffers)
    return f"{sizes} = {thousands(layer.row.buffers)}" if len(buffers) > 1 else sizes


def _nothing(layer: LayerDerivation) -> str:
    return "; ".join(layer.remarks) if layer.remarks else "It owns no tensors: 0 parameters."


def _copies(layer: LayerDerivation) -> str:
    """The step from one copy to all."""
    row = layer.row
    one = row.total // row.times
    return f"{thousands(row.times)} copies: {thousands(row.times)} · {thousands(one)} = {thousands(row.total)}"


def _sum_lines(derivation: Derivation) -> list[tuple[str, str]]:
    """The rows that the total adds up, and the totals."""
    return [(layer.row.name, thousands(layer.row.total)) for layer in derivation.layers if layer.row.total]


def _totals(derivation: Derivation) -> list[tuple[str, str]]:
    if derivation.node is not None:
        rows = [layer.row for layer in derivation.layers]
        return [
            ("total", thousands(sum(row.total for row in rows))),
            ("trained", thousands(sum(row.trainable for row in rows))),
            ("not trained", thousands(sum(row.non_trainable for row in rows))),
        ]
    count = derivation.count
    totals = [
        ("total", f"{thousands(count.total)} ({readable_bytes(count.bytes)})"),
        ("trained", thousands(count.trainable)),
        ("not trained", thousands(count.non_trainable)),
    ]
    return totals + ([("buffers, apart", thousands(count.buffers))] if count.buffers else [])


def _title(derivation: Derivation) -> str:
    return " · ".join(filter(None, (derivation.count.name, derivation.count.convention)))


# --- Plain text ------------------------------------------------------------------------


def as_text(derivation: Derivation) -> str:
    """The derivation in plain text, readable at 80 columns."""
    sections = ["\n".join(_layer_text(layer)) for layer in derivation.layers]
    if len(derivation.layers) > 1:
        sections.append("\n".join(_sum_text(derivation)))
    sections += [f"Note: {note}" for note in derivation.count.notes if derivation.node is None]
    return "\n\n\n".join(sections)


def _layer_text(layer: LayerDerivation) -> list[str]:
    heading, shapes = _heading(layer), _shapes(layer)
    if len(heading) + len(shapes) + 2 <= _WIDTH:
        lines = [heading + shapes.rjust(_WIDTH - len(heading))]
    else:
        # a shape is not broken within
        parts = [part.replace(", ", ",\u00a0") for part in re.findall(r"\([^)]*\),?|→", shapes)]
        wrapped = textwrap.wrap(" ".join(parts), _WIDTH - 4, break_long_words=False)
        lines = [heading, *("    " + line.replace("\u00a0", " ") for line in wrapped)]
    lines += textwrap.wrap(layer.summary, _WIDTH)
    if not layer.tensors:
        return [*lines, "", "  " + _nothing(layer)]
    lines += ["", *_tensor_table(layer)]
    if layer.symbols:
        lines += ["", *_legend(layer)]
    lines += ["", *_equation(layer)]
    return [*lines, *(f"  {remark}" for remark in layer.remarks)]


def _tensor_table(layer: LayerDerivation) -> list[str]:
    rows = [("tensor", "shape", "elements", "", "")] + [
        (tensor.name, _symbolic_shape(tensor), thousands(tensor.elements), tensor.standing, tensor.purpose)
        for tensor in layer.tensors
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = []
    for name, shape, elements, standing, purpose in rows:
        start = f"  {name:{widths[0]}}  {shape:{widths[1]}}  {elements:>{widths[2]}}  {standing:{widths[3]}}  "
        wrapped = textwrap.wrap(purpose, max(_WIDTH - len(start), 20)) or [""]
        lines.append((start + wrapped[0]).rstrip())
        lines += [" " * len(start) + rest for rest in wrapped[1:]]
    return lines


def _legend(layer: LayerDerivation) -> list[str]:
    rows = _legend_rows(layer)
    names, values = (max(len(row[column]) for row in rows) for column in (0, 1))
    return [f"  {name:{names}} = {value:>{values}}  {meaning}" for name, value, meaning in rows]


def _equation(layer: LayerDerivation) -> list[str]:
    lines: list[str] = []
    if layer.terms:
        steps = _steps(layer)
        for place, step in enumerate(steps):
            left = "  parameters = " if place == 0 else " " * 13 + "= "
            lines += textwrap.wrap(
                step, _WIDTH, initial_indent=left, subsequent_indent=" " * 15, break_long_words=False
            )
        split = _split(layer)
        if layer.row.times == 1:
            lines[-1] += f"        {split}" if split else ""
        else:
            lines += ["", f"  {_copies(layer)}        {split}"]
    else:
        lines.append("  parameters = 0")
    if layer.row.buffers:
        copies = "" if layer.row.times == 1 else f", {thousands(layer.row.times)} copies"
        lines.append(f"  buffers    = {_buffers(layer)}        apart from the parameters{copies}")
    return lines


def _sum_text(derivation: Derivation) -> list[str]:
    parts, totals = _sum_lines(derivation), _totals(derivation)
    names = max(len(name) for name, _ in [*parts, *totals])
    numbers = max(len(value.split(" ")[0]) for _, value in [*parts, *totals])
    lines = ["The sum", ""]
    lines += [f"  {name:{names}}  {value:>{numbers}}" for name, value in parts]
    lines.append("  " + "─" * (names + numbers + 2))
    for name, value in totals:
        number, _, rest = value.partition(" ")
        lines.append(f"  {name:{names}}  {number:>{numbers}} {rest}".rstrip())
    return lines


# --- Markdown --------------------------------------------------------------------------


def as_markdown(derivation: Derivation) -> str:
    """The derivation in Markdown."""
    lines = [f"# {_title(derivation)}", ""]
    for layer in derivation.layers:
        lines += [f"## {_heading(layer)}", "", f"`{_shapes(layer)}`", "", layer.summary, ""]
        if not layer.tensors:
            lines += [_nothing(layer), ""]
            continue
        lines += ["| tensor | shape | elements | | what it is for |", "| --- | --- | ---: | --- | --- |"]
        lines += [
            f"| `{tensor.name}` | {_symbolic_shape(tensor)} = {sizes_text(tensor.shape)} |"
            f" {thousands(tensor.elements)} | {tensor.standing} | {tensor.purpose} |"
            for tensor in layer.tensors
        ]
        lines += ["", *(f"- {name} = {value}: {meaning}" for name, value, meaning in _legend_rows(layer)), ""]
        if layer.terms:
            split = f" ({_split(layer)})" if _split(layer) else ""
            lines += [f"parameters = {' = '.join(_steps(layer))}{split}", ""]
        if layer.row.times != 1:
            lines += [_copies(layer), ""]
        if layer.row.buffers:
            lines += [f"buffers = {_buffers(layer)}, apart from the parameters", ""]
        lines += [line for remark in layer.remarks for line in (remark, "")]
    if len(derivation.layers) > 1:
        lines += ["## The sum", "", "| layer | parameters |", "| --- | ---: |"]
        lines += [f"| {name} | {value} |" for name, value in _sum_lines(derivation)]
        lines += [f"| **{name}** | **{value}** |" for name, value in _totals(derivation)]
    return "\n".join(lines).rstrip()


# --- LaTeX -----------------------------------------------------------------------------

_LATEX_SPECIAL = {
    "\\": r"\textbackslash{}", "_": r"\_", "%": r"\%", "&": r"\&", "#": r"\#", "$": r"\$", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "→": r"$\to$", "·": r"$\cdot$", "…": r"\dots{}",
}  # fmt: skip


def _tex(text: str) -> str:
    return "".join(_LATEX_SPECIAL.get(char, char) for char in text)


def as_latex(derivation: Derivation) -> str:
    """The derivation in LaTeX, to be put into a document that uses amsmath."""
    lines: list[str] = []
    for layer in derivation.layers:
        lines += [rf"\subsection*{{{_tex(_heading(layer))}}}", _tex(_shapes(layer)), "", _tex(layer.summary), ""]
        if not layer.tensors:
            lines += [_tex(_nothing(layer)), ""]
            continue
        lines += [r"\begin{tabular}{lrrll}", r"tensor & shape & elements & & \\"]
        lines += [
            f"{_tex(tensor.name)} & $({', '.join(map(notation.latex, tensor.symbolic_shape))})$ &"
            f" {thousands(tensor.elements)} & {_tex(tensor.standing)} & {_tex(tensor.purpose)} \\\\"
            for tensor in layer.tensors
        ]
        lines += [r"\end{tabular}", ""]
        lines += [
            rf"\par\noindent ${_math(name)} = {_math(value)}$: {_tex(meaning)}"
            for name, value, meaning in _legend_rows(layer)
        ]
        if layer.terms:
            steps = [_math(step) for step in _steps(layer)]
            steps[-1] += rf" \quad\text{{({_tex(_split(layer))})}}" if _split(layer) else ""
            lines += [r"\begin{align*}", r"\text{parameters} &= " + " \\\\\n&= ".join(steps), r"\end{align*}"]
        if layer.row.times != 1:
            lines += [_tex(_copies(layer)), ""]
        if layer.row.buffers:
            lines += [f"buffers: {_tex(_buffers(layer))}, apart from the parameters", ""]
        lines += [_tex(remark) + r"\par" for remark in layer.remarks]
    if len(derivation.layers) > 1:
        lines += [r"\subsection*{The sum}", r"\begin{tabular}{lr}"]
        lines += [rf"{_tex(name)} & {_tex(value)} \\" for name, value in _sum_lines(derivation)]
        lines += [r"\hline"]
        lines += [rf"{_tex(name)} & {_tex(value)} \\" for name, value in _totals(derivation)]
        lines += [r"\end{tabular}"]
    return "\n".join(lines).rstrip()


def _math(printed: str) -> str:
    """A printed formula as LaTeX's mathematics has it: 4·c², k_h, 2,048."""
    raised = str.maketrans({digit: f"^{place}" for place, digit in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")})
    printed = re.sub(r"(\d),(?=\d{3})", r"\1{,}", printed)
    printed = re.sub(r"[^\W\d_]\w*", lambda name: notation.latex_name(name.group()), printed)
    return re.sub(r" *· *", r" \\cdot ", printed).translate(raised)


# --- HTML ------------------------------------------------------------------------------

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a }
section { border-top: 1px solid #ddd; margin-top: 1.5rem }
.shapes, td.number, th.number { font-variant-numeric: tabular-nums }
.shapes { color: #555; font-family: ui-monospace, monospace }
table { border-collapse: collapse; margin: .5rem 0 }
th, td { text-align: left; padding: .15rem .9rem .15rem 0; vertical-align: top }
th { font-weight: 600; border-bottom: 1px solid #999 }
td.number, th.number { text-align: right }
.equation { font-family: ui-monospace, monospace; white-space: pre-wrap; background: #f6f6f4; padding: .6rem .8rem }
@media print { section { break-inside: avoid } }
"""


def as_html(derivation: Derivation) -> str:
    """The derivation as one HTML page that needs nothing else."""
    title = escape(_title(derivation))
    body = "\n".join(map(_layer_html, derivation.layers))
    rows = "\n".join(
        f'<tr><td>{escape(name)}</td><td class="number">{escape(value)}</td></tr>'
        for name, value in _sum_lines(derivation)
    )
    totals = "\n".join(
        f'<tr><th>{escape(name)}</th><td class="number"><b>{escape(value)}</b></td></tr>'
        for name, value in _totals(derivation)
    )
    table = f"<section>\n<h2>The sum</h2>\n<table>\n{rows}\n{totals}\n</table>\n</section>\n"
    total = table if len(derivation.layers) > 1 else ""
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n{body}\n{total}</body>\n</html>"
    )


def _layer_html(layer: LayerDerivation) -> str:
    parts = [
        "<section>",
        f"<h2>{escape(_heading(layer))}</h2>",
        f'<p class="shapes">{escape(_shapes(layer))}</p>',
        f"<p>{escape(layer.summary)}</p>",
    ]
    if not layer.tensors:
        return "\n".join([*parts, f"<p>{escape(_nothing(layer))}</p>", "</section>"])
    head = "".join(f"<th{_number_class(name)}>{name}</th>" for name in ("tensor", "shape", "elements", "", ""))
    parts += ["<table>", f"<tr>{head}</tr>"]
    for tensor in layer.tensors:
        parts.append(
            f"<tr><td><code>{escape(tensor.name)}</code></td><td>{escape(_symbolic_shape(tensor))}</td>"
            f'<td class="number">{thousands(tensor.elements)}</td><td>{escape(tensor.standing)}</td>'
            f"<td>{escape(tensor.purpose)}</td></tr>"
        )
    parts.append("</table>")
    meanings = "<br>".join(f"{name} = {value}: {escape(meaning)}" for name, value, meaning in _legend_rows(layer))
    parts += [f"<p>{meanings}</p>"] if meanings else []
    parts.append(f'<p class="equation">{escape(textwrap.dedent(chr(10).join(_equation(layer))))}</p>')
    parts += [f"<p>{escape(remark)}</p>" for remark in layer.remarks]
    return "\n".join([*parts, "</section>"])


def _number_class(name: str) -> str:
    return ' class="number"' if name == "elements" else ""
