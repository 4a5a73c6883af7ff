"""A closed form as a workbook: named cells to edit with the total above, a live row for each layer, a sorted chart.

Excel and LibreOffice compute it again when a cell changes; the numbers that it is written with
are those of the spec's own sizes. All texts are written as texts: none becomes a formula.
"""

from __future__ import annotations

import io
from typing import Any

import sympy

from paramcalc.core.errors import refuse
from paramcalc.core.lines import one_line
from paramcalc.exports.formulas import cause_of
from paramcalc.exports.languages.bounds import bound
from paramcalc.exports.languages.excel import EXACT, Excel
from paramcalc.exports.languages.program import program
from paramcalc.exports.tables import value_text
from paramcalc.results.formula import Formula
from paramcalc.results.formula.whole import Quotient, whole

#: The last one is hidden: the layers by size, which the chart shows.
_SIZES, _LAYERS, _SORTED = "Sizes", "Layers", "Sorted"
#: The row of the headings of a table, below the title, and of the sizes below the total; rows count from 0.
_HEADINGS = 3
_TOTAL, _SIZE_HEADINGS = 3, 5
#: The chart shows this many layers, the largest.
_MOST_BARS = 30
#: What a cell shows whose number is not known, or not exact.
_MISSING = "#N/A"
_NAME_WIDTH = 80


def workbook(form: Formula) -> bytes:
    """Write the form as the content of an .xlsx file.

    Raises `missing-package` without XlsxWriter, and `not-expressible` for a form with a number
    above 10**15, of which a spreadsheet shows 15 digits.
    """
    try:
        import xlsxwriter
    except ImportError:
        hint = "python -m pip install 'paramcalc[xlsx]'"
        raise refuse("missing-package", "a workbook needs the package XlsxWriter", hint) from None
    output = io.BytesIO()
    with xlsxwriter.Workbook(output, {"in_memory": True}) as book:
        _Writer(book, form).write()
    return output.getvalue()


class _Writer:
    """Writes the sheets of one form."""

    def __init__(self, book: Any, form: Formula) -> None:
        self.book = book
        self.form = form
        self.language = Excel()
        self.program = program(form, self.language)
        dims = {size.dim: size for size in self.program.sizes}
        #: the symbols of the form as the workbook names them, and their values
        self.names = {symbol: dims[dim].symbol for dim, symbol in form.symbols.items()}
        self.values = {size.symbol: size.value for size in self.program.sizes if size.value is not None}
        self.parts = [(part.name, sympy.sympify(part.expr).xreplace(self.names)) for part in form.parts]
        self.valid = self._valid()
        self.sizes = book.add_worksheet(_SIZES)
        self.layers = book.add_worksheet(_LAYERS)
        self.sorted = book.add_worksheet(_SORTED)
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.heading = book.add_format({"bold": True, "bottom": 1})
        self.indented_heading = book.add_format({"bold": True, "bottom": 1, "indent": 1})
        self.right = book.add_format({"bold": True, "bottom": 1, "align": "right"})
        self.right_value = book.add_format({"align": "right"})
        self.note = book.add_format({"font_color": "#595959"})
        self.indented = book.add_format({"indent": 1})
        self.input = book.add_format({"num_format": "#,##0", "bg_color": "#FFF2CC", "border": 1})
        self.number = book.add_format({"num_format": "#,##0"})
        self.share = book.add_format({"num_format": "0.0%"})
        self.result = book.add_format({"num_format": "#,##0", "bold": True, "font_size": 14, "border": 1})
        self.sum = book.add_format({"num_format": "#,##0", "bold": True, "top": 1})
        self.label = book.add_format({"bold": True, "top": 1})
        self.wrong = book.add_format({"bg_color": "#FFC7CE", "font_color": "#9C0006"})

    @property
    def unit(self) -> str:
        """What a number counts, as a sentence begins with it."""
        unit = self.form.measure.unit
        return unit[0].upper() + unit[1:]

    def write(self) -> None:
        """Write all sheets."""
        self._head(self.sizes, "Change a yellow cell: the total and the sheet Layers follow.", _SIZE_HEADINGS)
        self._head(self.layers, f"{self.unit} of each layer. #N/A where a check on the sheet Sizes fails.", _HEADINGS)
        self._write_sizes()
        self._write_layers()

    def _head(self, sheet: Any, note: str, headings: int) -> None:
        sheet.write_string(0, 0, self.program.heading, self.title)
        sheet.write_string(1, 0, note, self.note)
        sheet.freeze_panes(headings + 1, 0)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)

    # --- the sizes

    def _write_sizes(self) -> None:
        sheet = self.sizes
        sheet.set_column(0, 0, 50)
        sheet.set_column(1, 1, 20)
        sheet.set_column(2, 2, 60)
        sheet.write_string(_TOTAL, 0, f"{self.form.measure.unit} in total", self.title)
        sheet.write_formula(_TOTAL, 1, "=total", self.result, self._total())
        told = any(size.about for size in self.program.sizes)
        self._row(sheet, _SIZE_HEADINGS, ("size", "value", *(["stands for"] if told else [])))
        row = _SIZE_HEADINGS + 1
        for size in self.program.sizes:
            sheet.write_string(row, 0, size.name)
            if size.value is None:
                sheet.write_blank(row, 1, None, self.input)
            else:
                sheet.write_number(row, 1, int(self.language.literal(size.value)), self.input)
            sheet.write_string(row, 2, size.about, self.indented)
            self.book.define_name(size.name, f"={_SIZES}!$B${row + 1}")
            row += 1
        row = self._write_checks(row + 1)
        if self.form.fixed:
            self._write_fixed(row + 1)

    def _write_fixed(self, row: int) -> None:
        """Write one row a fixed dim: its value, and the node and the expression that need it."""
        sheet = self.sizes
        self._row(sheet, row, ("fixed", "value", "needed by"))
        for name, value in self.form.fixed.items():
            row += 1
            sheet.write_string(row, 0, one_line(name))
            sheet.write_string(row, 1, one_line(value_text(value)), self.right_value)
            sheet.write_string(row, 2, one_line(cause_of(self.form, name)), self.indented)

    def _write_checks(self, row: int) -> int:
        """Write one row a condition, and the name `valid` for all of them together."""
        sheet, first = self.sizes, row + 1
        self._row(sheet, row, ("check", "holds"))
        checks = self.language.conditions(self.program)
        checks.append(("no number is above 10^15: all are exact", self._exact()))
        for words, condition in checks:
            row += 1
            sheet.write_string(row, 0, words)
            sheet.write_formula(row, 1, f"=IFERROR(AND({condition}), FALSE)", None, self.valid)
        sheet.conditional_format(
            first, 1, row, 1, {"type": "cell", "criteria": "==", "value": "FALSE", "format": self.wrong}
        )
        self.book.define_name("valid", f"=AND({_SIZES}!$B${first + 1}:$B${row + 1})")
        return row + 1

    def _exact(self) -> str:
        """Write that no number on the way to a check, a layer or the total is above 10**15."""
        sides = [side for check in self.program.checks for side in (check.left, check.right)]
        bounds = [*map(self.language.whole, dict.fromkeys(map(bound, sides))), *self._sizes_range()]
        layers = f"{_LAYERS}!$D${_HEADINGS + 2}:$D${_HEADINGS + 2 + len(self.parts)}"
        return f"MAX({', '.join([*bounds, f'SUM({layers})'])}) <= {EXACT}"

    def _sizes_range(self) -> list[str]:
        sizes = len(self.program.sizes)
        return [f"$B${_SIZE_HEADINGS + 2}:$B${_SIZE_HEADINGS + 1 + sizes}"] if sizes else []

    # --- the layers

    def _write_layers(self) -> None:
        sheet, parts = self.layers, self.parts
        sheet.set_column(0, 0, min(_NAME_WIDTH, max([20, *(len(name) for name, _ in parts)])))
        sheet.set_column(1, 1, 20)
        sheet.set_column(2, 2, 10)
        sheet.set_column(3, 3, 20, None, {"hidden": True})
        self._row(sheet, _HEADINGS, ("layer", self.form.measure.unit, "share", "at most"))
        first, end = _HEADINGS + 1, _HEADINGS + 1 + len(parts)
        for row, (name, expr) in enumerate(parts, first):
            sheet.write_string(row, 0, one_line(name))
            self._formula(row, 1, f"IF(valid, {self._text(expr)}, NA())", self.number, self._value(expr))
            self._formula(row, 2, f"B{row + 1}/total", self.share, self._share(expr))
            most = _at_most(expr)
            self._formula(row, 3, self.language.whole(most), self.number, self._value(most))
        sheet.write_string(end, 0, "total", self.label)
        summed = f"SUM(B{first + 1}:B{end})" if parts else "0"
        self._formula(end, 1, f"IF(valid, {summed}, NA())", self.sum, self._total())
        self.book.define_name("total", f"={_LAYERS}!$B${end + 1}")
        if parts:
            self._write_sorted(first + 1, end)
            self._chart(min(len(parts), _MOST_BARS))

    def _write_sorted(self, first: int, last: int) -> None:
        """Write the place of each layer by its size, those alike in their order; then the layers by their places.

        `first` and `last` are the rows of the layers as formulas have them.
        """
        sheet = self.sorted
        self._row(sheet, 0, ("place", "layer", self.form.measure.unit))
        values = [self._value(expr) for _, expr in self.parts]
        known = [(-value, number) for number, value in enumerate(values) if isinstance(value, int)]
        order = [number for _, number in sorted(known)]
        numbers = f"{_LAYERS}!$B${first}:$B${last}"
        for row in range(len(values)):
            own = f"{_LAYERS}!$B${first + row}"
            place = f"RANK({own}, {numbers}) + COUNTIF({_LAYERS}!$B${first}:{own}, {own}) - 1"
            sheet.write_formula(row + 1, 0, f"={place}", None, order.index(row) + 1 if order else _MISSING)
        for row in range(min(len(values), _MOST_BARS)):
            found = f"MATCH({row + 1}, $A$2:$A${len(values) + 1}, 0)"
            name, value = (self.parts[order[row]][0], values[order[row]]) if order else (_MISSING, _MISSING)
            sheet.write_formula(row + 1, 1, f"=INDEX({_LAYERS}!$A${first}:$A${last}, {found})", None, one_line(name))
            sheet.write_formula(row + 1, 2, f"=INDEX({numbers}, {found})", self.number, value)
        sheet.hide()

    def _chart(self, bars: int) -> None:
        chart = self.book.add_chart({"type": "bar"})
        chart.add_series(
            {
                "name": self.form.measure.unit,
                "categories": [_SORTED, 1, 1, bars, 1],
                "values": [_SORTED, 1, 2, bars, 2],
                "gap": 50,
            }
        )
        chart.show_hidden_data()
        shown = "each layer" if bars == len(self.parts) else f"the {bars} largest layers"
        chart.set_title({"name": f"{self.unit} of {shown}, the largest first", "overlay": False})
        chart.set_legend({"none": True})
        chart.set_y_axis({"reverse": True})
        chart.set_x_axis({"num_format": "#,##0", "major_gridlines": {"visible": True, "line": {"color": "#D9D9D9"}}})
        chart.set_size({"width": 900, "height": 160 + 24 * bars})
        # beside the table, since that may be long
        self.layers.insert_chart(_HEADINGS, 5, chart)

    # --- cells

    def _row(self, sheet: Any, row: int, headings: tuple[str, ...]) -> None:
        for column, heading in enumerate(headings):
            numeric = heading not in ("layer", "size", "stands for", "check", "fixed", "needed by", "")
            plain = self.indented_heading if heading in ("stands for", "needed by") else self.heading
            sheet.write_string(row, column, heading, self.right if numeric else plain)

    def _formula(self, row: int, column: int, formula: str, format: Any, value: Any) -> None:
        self.layers.write_formula(row, column, f"={formula}", format, value)

    def _text(self, expr: Any) -> str:
        return self.language.whole(whole(expr))

    def _valid(self) -> bool:
        """Return whether the checks hold at the spec's own sizes."""
        most = sum(_at_most(expr) for _, expr in self.parts)
        return self.program.value is not None and int(sympy.sympify(most).xreplace(self.values)) <= EXACT

    def _value(self, expr: Any) -> int | str:
        return int(expr.xreplace(self.values)) if self.valid else _MISSING

    def _total(self) -> int | str:
        return self.program.value if self.valid and self.program.value is not None else _MISSING

    def _share(self, expr: Any) -> float | str:
        total = self.program.value
        return int(expr.xreplace(self.values)) / total if total and self.valid else _MISSING


def _at_most(expr: Any) -> Any:
    """Return what no number exceeds on the way to an expression."""
    expr = whole(expr)
    return bound(expr.args[0]) + bound(expr.args[1]) if isinstance(expr, Quotient) else bound(expr)
