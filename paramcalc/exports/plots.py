"""Pictures of a sweep: a curve over one dim, lines of equal size over two, a Pareto front. Drawn by matplotlib."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy

from paramcalc.core.errors import refuse
from paramcalc.exports.numbers import prefixed
from paramcalc.results.sweeps import Sweep

#: What a picture may be written as.
FORMATS = ("svg", "png", "pdf")


def plot(sweep: Sweep, format: str = "svg") -> bytes:
    """Draw a sweep of one or two dims, or a front of two columns.

    Raises `missing-package` without matplotlib, `invalid-value` for a sweep that is no picture.
    """
    try:
        import matplotlib
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        hint = "python -m pip install 'paramcalc[plot]'"
        raise refuse("missing-package", "a picture needs the package matplotlib", hint) from None
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    _draw(sweep, axes)
    axes.set_title(f"{sweep.name} · {sweep.convention}" if sweep.name else sweep.convention)
    written = io.BytesIO()
    # the same sweep is the same file
    with matplotlib.rc_context({"svg.hashsalt": "paramcalc"}):
        metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(format)
        figure.savefig(written, format=format, dpi=150, metadata=metadata)
    return written.getvalue()


def _draw(sweep: Sweep, axes: Any) -> None:
    columns = sweep.columns
    if not sweep.number:
        raise refuse("invalid-value", "there is no row to draw: every point breaks a condition")
    front = sweep.front
    if front:
        _front(columns, front, axes)
        return
    names = [name for name in sweep.dims if name in columns and len(set(columns[name].tolist())) > 1] or [*sweep.dims][
        :1
    ]
    numbers = all(
        columns[name].dtype != bool and all(isinstance(each, int) for each in columns[name].tolist()) for name in names
    )
    measure = next((name for name in sweep.measures if name in columns), None)
    if measure is None or not 1 <= len(names) <= 2 or not numbers:
        message = f"a picture has one or two dims that are numbers, and a measure; here: {', '.join(columns)}"
        raise refuse("invalid-value", message, "vary one or two; or draw a front: pareto='total,-width'")
    if len(names) == 1:
        _curve(columns, names[0], measure, axes)
    else:
        _lines_of_equal_size(columns, names, measure, axes)


def _doubles(column: Any) -> Any:
    # a picture has no more than a few digits
    return numpy.array([float(each) for each in column.tolist()])


def _curve(columns: Any, name: str, measure: str, axes: Any) -> None:
    order = numpy.argsort(columns[name], kind="stable")
    axes.plot(_doubles(columns[name])[order], _doubles(columns[measure])[order], marker="." if len(order) < 50 else "")
    _label(axes.xaxis, name)
    _label(axes.yaxis, measure)
    axes.grid(alpha=0.3)


def _lines_of_equal_size(columns: Any, names: Sequence[str], measure: str, axes: Any) -> None:
    first, at_first = numpy.unique(columns[names[0]], return_inverse=True)
    second, at_second = numpy.unique(columns[names[1]], return_inverse=True)
    sizes = numpy.full((len(second), len(first)), numpy.nan)
    sizes[at_second, at_first] = _doubles(columns[measure])
    least, largest = numpy.nanmin(sizes), numpy.nanmax(sizes)
    if len(first) < 2 or len(second) < 2 or not 0 < least < largest:
        raise refuse("invalid-value", "there are too few points for lines of equal size", "vary both dims further")
    levels = numpy.geomspace(least, largest, 12)[1:-1]
    if not _has_lines(sizes):
        drawn = axes.scatter(
            _doubles(columns[names[0]]), _doubles(columns[names[1]]), c=_doubles(columns[measure]), norm="log"
        )
        axes.figure.colorbar(drawn, label=measure, format=lambda value, _: prefixed(round(value)))
    else:
        lines = axes.contour(first.astype(float), second.astype(float), sizes, levels=levels)
        axes.clabel(lines, fmt=lambda level: prefixed(round(level)))
        axes.set_title(f"lines of equal {measure}", loc="right", fontsize="small")
    _label(axes.xaxis, names[0])
    _label(axes.yaxis, names[1])


def _has_lines(sizes: Any) -> bool:
    """Return whether there are four neighbouring points anywhere, between which lines can be drawn."""
    known = ~numpy.isnan(sizes)
    return bool((known[1:, 1:] & known[:-1, 1:] & known[1:, :-1] & known[:-1, :-1]).any())


def _front(columns: Any, front: Sequence[str], axes: Any) -> None:
    if len(front) != 2 or any(name not in columns for name in front):
        raise refuse("invalid-value", "a picture of a front has two columns", "as in pareto='total,flops'")
    x, y = (_doubles(columns[name]) for name in front)
    axes.plot(x, y, drawstyle="steps-post", alpha=0.4)
    axes.scatter(x, y, s=14)
    _label(axes.xaxis, front[0])
    _label(axes.yaxis, front[1])
    axes.grid(alpha=0.3)


def _label(axis: Any, name: str) -> None:
    axis.set_label_text(name)
    axis.set_major_formatter(lambda value, _: prefixed(round(value)))
