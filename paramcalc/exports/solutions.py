"""The sizes that give a total: for a terminal, as JSON, as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from paramcalc.core.errors import refuse
from paramcalc.core.lines import json_text, one_line
from paramcalc.exports.columns import WIDTH, columns, plain, wrapped
from paramcalc.exports.count_tree import Style
from paramcalc.exports.numbers import decimal, thousands
from paramcalc.results.solving import Solution, Solutions
from paramcalc.results.solving.domains import Domain

#: The version of the object that JSON has of solutions.
VERSION = 1


def render(solutions: Solutions, notation: str, width: int | None = WIDTH, style: Style | None = None) -> str:
    """Print the solutions in a notation. Raises `unknown-target`."""
    printers = {
        "text": lambda: as_text(solutions, width or WIDTH, style or plain),
        "json": lambda: as_json(solutions),
        "csv": lambda: as_csv(solutions),
    }
    if notation not in printers:
        raise refuse("unknown-target", f"solutions are not printed as {notation!r}", "text, json or csv")
    return printers[notation]()


# --- For a terminal --------------------------------------------------------------------


def as_text(solutions: Solutions, width: int, style: Style) -> str:
    """Print the solutions, the nearest first; where there are none, the nearest that there are."""
    listed = list(solutions)
    lines = [*wrapped(_title(solutions), width, "", "  "), ""]
    if rows := list(_rows(solutions, listed)):
        lines += [*_table(solutions, rows, width, style), ""]
    for text in (*_said(solutions, len(listed)), *_searched(solutions)):
        lines += wrapped(text, width, "", "  ")
    return "\n".join(lines)


def _title(solutions: Solutions) -> str:
    name = one_line(solutions.question.name) or "the network"
    goals = " and ".join(
        f"{thousands(target)} {solutions.question.units[measure]}"
        for measure, target in solutions.question.targets.items()
    )
    of = f" in {one_line(solutions.question.node)}" if solutions.question.node else ""
    return f"{name} · {solutions.question.convention}: {_within(solutions)}{goals}{of}"


def _within(solutions: Solutions) -> str:
    sides = {"nearest": "", "at-most": "at most ", "at-least": "at least "}
    return sides[solutions.question.which]


def _table(solutions: Solutions, rows: Sequence[tuple[Solution, str]], width: int, style: Style) -> Iterator[str]:
    """Give the lines of a table: the sizes, the totals, and how far they are from the targets."""
    heading = [*map(one_line, solutions.question.domains)]
    for measure in solutions.question.targets:
        heading += [solutions.question.units[measure], "difference"]
    cells = []
    for solution, remark in rows:
        row = [thousands(size) for size in solution.values()]
        for measure, target in solutions.question.targets.items():
            total = solution.totals[measure]
            row += [thousands(total), f"{total - target:+,}" if total != target else "0"]
        cells.append([*row, remark])
    numbers = range(len(heading))
    laid_out = columns([[*heading, ""], *cells], width, "  ", [*numbers])
    for place, lines in enumerate(laid_out):
        yield from (style(line, "bold") if place == 0 else line for line in lines)


def _rows(solutions: Solutions, listed: Sequence[Solution]) -> Iterator[tuple[Solution, str]]:
    """Give the solutions; of one dim, or where there are none, the nearest on each side of the target with them."""
    single = len(solutions.question.domains) == 1 and not solutions.question.tolerance
    if listed and not single:
        yield from ((solution, "") for solution in listed)
        return
    for solution, mark in ((solutions.next_below, "nearest below"), (solutions.next_above, "nearest above")):
        if solution is not None:
            yield solution, mark + (" ←" if solution is solutions.nearest else "")
        if mark == "nearest below":
            yield from ((each, "exact ←") for each in listed)


def _said(solutions: Solutions, listed: int) -> Iterator[str]:
    """Say how many solutions there are, or that there are none."""
    number, room = solutions.number, solutions.question.tolerance
    within = f" within {_percent(room)}" if room else ""
    if number is None:
        yield f"the nearest {thousands(listed)} of more solutions{within} than can be counted"
        return
    if not number:
        found = "was found to give" if solutions.unsearched else "gives"
        yield f"no size {found} " + (f"that{within}" if room else "exactly that")
        for side in solutions.unknown:
            yield f"the nearest {side} is not known: too many sizes would be tried; a range of them may help"
        if solutions.next_below is None and solutions.next_above is None and not solutions.unknown:
            yield "no sizes at all meet the conditions"
        return
    kind = ("solution" if room else "exact solution") + ("" if number == 1 else "s") + within
    if listed < number:
        yield f"{thousands(listed)} of {thousands(number)} {kind}; --limit lists more"
    else:
        others = "is no other" if number == 1 else "are no others"
        yield f"{thousands(number)} {kind}" + ("" if solutions.unsearched else f": there {others}")


def _searched(solutions: Solutions) -> Iterator[str]:
    """Say which sizes were tried, and what is not known."""
    yield f"searched: {'; '.join(f'{one_line(name)} {domain}' for name, domain in solutions.question.domains.items())}"
    if solutions.conditions:
        yield f"where {'; '.join(solutions.conditions)}"
    for text in solutions.unsearched:
        yield f"not searched: where {text}"


def _percent(share: Fraction) -> str:
    percent = 100 * share
    decimals = next((places for places in range(9) if (percent * 10**places).denominator == 1), 9)
    return f"{decimal(percent, decimals)} %"


# --- As data ---------------------------------------------------------------------------


def as_json(solutions: Solutions) -> str:
    """Print the solutions as one JSON object, with stable keys."""
    import json

    return json_text(json.dumps(data(solutions), indent=2, ensure_ascii=False))


def data(solutions: Solutions) -> dict[str, Any]:
    """Return the object that JSON has of solutions."""
    return {
        "paramcalc_solve": VERSION,
        "name": solutions.question.name,
        "convention": solutions.question.convention,
        "targets": [
            {"measure": measure, "unit": solutions.question.units[measure], "target": target}
            for measure, target in solutions.question.targets.items()
        ],
        "node": solutions.question.node,
        "which": solutions.question.which,
        "tolerance": [solutions.question.tolerance.numerator, solutions.question.tolerance.denominator],
        "varied": {name: _domain(domain) for name, domain in solutions.question.domains.items()},
        "solutions": list(map(_solution, solutions)),
        "number": solutions.number,
        "complete": solutions.complete,
        "met": solutions.is_met,
        "below": solutions.below and _solution(solutions.below),
        "above": solutions.above and _solution(solutions.above),
        "next_below": solutions.next_below and _solution(solutions.next_below),
        "next_above": solutions.next_above and _solution(solutions.next_above),
        "conditions": list(solutions.conditions),
        "unsearched": list(solutions.unsearched),
        "unknown": list(solutions.unknown),
    }


def _solution(solution: Solution) -> dict[str, Any]:
    return {
        "dims": dict(solution),
        "total": solution.total,
        "totals": solution.totals,
        "difference": solution.difference,
    }


def _domain(domain: Domain) -> dict[str, Any]:
    """Return the sizes that a dim may have: the first, the last, null for none, and the step; or all of them."""
    if domain.listed:
        return {"sizes": list(domain.listed)}
    return {"first": domain.first, "last": domain.last if domain.has_end else None, "step": domain.step}


def as_csv(solutions: Solutions) -> str:
    """Print the solutions as CSV: a column for each dim, then each measure and its difference from the target."""
    import csv
    import io

    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    measures = [key for measure in solutions.question.targets for key in (measure, f"{measure}_difference")]
    writer.writerow([*solutions.question.domains, *measures])
    for solution in solutions:
        numbers = [
            number
            for measure, target in solutions.question.targets.items()
            for number in (solution.totals[measure], solution.totals[measure] - target)
        ]
        writer.writerow([*solution.values(), *numbers])
    return output.getvalue().rstrip("\n")
