"""How results show themselves in a notebook: as HTML, and as text where there is none."""

from __future__ import annotations

from functools import singledispatch
from html import escape
from typing import Any

from paramcalc.exports import tables
from paramcalc.results.comparison import Comparison
from paramcalc.results.count import Count
from paramcalc.results.derivation import Derivation
from paramcalc.results.difference import Difference
from paramcalc.results.formula import Formula
from paramcalc.results.measure_derivation import MeasureDerivation
from paramcalc.results.measure_difference import MeasureDifference
from paramcalc.results.measurement import Measurement
from paramcalc.results.memory import Memory
from paramcalc.results.receptive_field import ReceptiveField
from paramcalc.results.solving import Solutions
from paramcalc.results.sweeps import Sweep
from paramcalc.spec import Spec
from paramcalc.spec.writing import dumps


@singledispatch
def shown(result: Any) -> dict[str, str]:
    """Show a result in the notations that a notebook may choose from, by their MIME types."""
    raise TypeError(f"a {type(result).__name__} is not shown in notebooks")


@shown.register
def _spec(result: Spec) -> dict[str, str]:
    text = dumps(result)
    return {"text/plain": text, "text/html": f"<pre><code>{escape(text)}</code></pre>"}


@shown.register(Count)
@shown.register(Measurement)
def _count(result: Count | Measurement) -> dict[str, str]:
    return {"text/plain": tables.as_text(result), "text/html": tables.as_html(result)}


@shown.register(Difference)
@shown.register(MeasureDifference)
@shown.register(Memory)
@shown.register(ReceptiveField)
def _sheet(result: Difference | MeasureDifference | Memory | ReceptiveField) -> dict[str, str]:
    text = str(result)
    return {"text/plain": text, "text/markdown": result.to("markdown"), "text/html": f"<pre>{escape(text)}</pre>"}


@shown.register(Solutions)
@shown.register(Sweep)
def _text(result: Solutions | Sweep) -> dict[str, str]:
    text = str(result)
    return {"text/plain": text, "text/html": f"<pre>{escape(text)}</pre>"}


@shown.register
def _formula(result: Formula) -> dict[str, str]:
    from paramcalc.exports.derivations import html
    from paramcalc.exports.derivations.blocks import Document
    from paramcalc.exports.derivations.forms import form_blocks

    blocks = tuple(form_blocks(result, None))
    return {
        "text/plain": str(result),
        "text/latex": f"$\\displaystyle {result.to('latex')}$",
        "text/html": html.fragment(Document(result.name, "derivation", blocks)),
    }


@shown.register(Derivation)
@shown.register(MeasureDerivation)
@shown.register(Comparison)
def _derivation(result: Derivation | MeasureDerivation | Comparison) -> dict[str, str]:
    from paramcalc.exports.derivations import html, made

    return {
        "text/plain": str(result),
        "text/markdown": result.to("markdown"),
        "text/html": html.fragment(made(result)),
    }
