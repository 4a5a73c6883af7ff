"""How much of transformers the families cover: a record of the generator's report, and the tables of docs/families.md.

    python -m tests.families_figures families.jsonl …    of reports of `python -m paramcalc.families.generator`, or of
                                                         `python -m tests.surveys.families`, which say of fresh
                                                         configurations alone; all else that is recorded is kept
    python -m tests.families_figures                     the tables alone, of what is recorded

writes `tests/recorded/families.json`, a line for each model type, and what stands between two marks in the page.
`tests/test_families_figures.py` holds the page to the record, and the record to the documents that ship.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from paramcalc.core.errors import ParamcalcError
from paramcalc.families.configs import family_spec
from paramcalc.families.stored import Family, family_names, stored_family
from paramcalc.results.count import count

ROOT = Path(__file__).resolve().parent.parent
RECORD = ROOT / "tests" / "recorded" / "families.json"
PAGE = ROOT / "docs" / "families.md"
#: Between these the tables stand in the page.
FIRST, LAST = "<!-- figures -->", "<!-- end of figures -->"

#: What draws configurations, as the report names it and as the page does.
GENERATORS = {"random": "random values", "hostile": "hostile values", "sparse": "a few fields, in plain JSON"}
#: How many each draws of a class of models.
DRAWN = 20
#: What a family says of a configuration: its parameters are those of the real model in the first two.
SAID = ("whole", "parameters", "refused", "wrong", "wrong buffers")

#: Kinds of causes: the start of a reason, and how the page tells it; the first that fits.
CAUSES = {
    r"ImportError|.*requires the \S+ library": "needs a library that is not installed",
    r"it cannot be built|.*is not supposed to be|.*has no attribute \w+(Model|For\w+)$": "cannot be built",
    r"wrong": "one configuration was answered wrongly, so that none is answered",
    r"refused (nearly )?everywhere": "what was learnt refuses every configuration, or nearly every one",
    r"how \S+ follows": "how a field follows from others was not found",
    r"the number in|how often|.* has no number of a copy": "the numbers or the names of copies",
    r"a size": "a size that no expression was found for",
    r"a condition": "a condition that was seen one way only, or that cannot be stated",
    r"runs go apart": "models differ without a condition that says when",
    r".*(is made twice|several names|by several loops|made within|is tied|axes, or another role)": "names and ties",
    r"its form": "its form keeps no size",
    r"what was learnt is no spec|the field|no parameter": "no spec can state it",
    r"\w+(Error|Exception): ": "the constructor does something that values which remember cannot do",
}
OTHER = "another cause"


class Made(NamedTuple):
    """What came of a class of models."""

    #: why it is not in the document of its family; nothing, where it is
    refused: str = ""
    #: what the family says of the configuration without any field, of `SAID`
    default: str = ""
    #: for each generator, how often the family says each of `SAID`
    fresh: Mapping[str, Mapping[str, int]] = {}
    #: what its document has of buffers: `whole`, or `unknown`
    buffers: str = ""
    #: whether transformers builds it by default, as that of a type; nothing, where it does
    builds: str = ""


class Type(NamedTuple):
    """What came of a model type."""

    #: whether transformers builds it by default: it `does`, does with one field `stated`, or `fails`
    builds: str
    classes: Mapping[str, Made]

    @property
    def came(self) -> str:
        """Of its classes of models, the document has all: `whole`, some: `part`, or none: `refused`."""
        made = [not each.refused for each in self.classes.values()]
        return "whole" if made and all(made) else "part" if any(made) else "refused"

    @property
    def is_counted(self) -> bool:
        """Whether all its classes of models that can be built by default are counted at their defaults."""
        built = [made for made in self.classes.values() if not made.builds]
        return bool(built) and all(made.default in ("whole", "parameters") for made in built)


# --- The record -------------------------------------------------------------------------


def kind(reason: str) -> str:
    """Return the kind of a cause."""
    return next((told for pattern, told in CAUSES.items() if re.match(pattern, reason, re.DOTALL)), OTHER)


def recorded(row: Mapping[str, Any], family: Family | None) -> Type:
    """Return what is recorded of a line of the report."""
    builds = [each.get("default", "fails") for each in row["classes"].values()]
    classes = {}
    for name, each in row["classes"].items():
        built = "" if each["default"] == "does" else each["default"]
        if each["reason"] or family is None:
            classes[name] = Made(kind(each["reason"]), builds=built)
            continue
        classes[name] = Made("", by_default(family, name), _drawn(each), _buffers(family, name), built)
    best = next((each for each in ("does", "stated") if each in builds), "fails")
    return Type(best, classes)


def _drawn(each: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Return how often a family says what, for each generator, of a line of a report or a survey."""
    found: dict[str, dict[str, int]] = {}
    for outcome, number in each["outcomes"].items():
        sort, _, said = outcome.partition(" ")
        if sort in GENERATORS:
            found.setdefault(sort, {})[said] = number
    return found


def drawn_anew(known: Type, row: Mapping[str, Any]) -> Type:
    """Return what is recorded of a type, with what a survey says of fresh configurations in its place."""
    found = {
        name: made._replace(fresh={**made.fresh, **_drawn(row["classes"][name])}) if name in row["classes"] else made
        for name, made in known.classes.items()
    }
    return Type(known.builds, found)


def _buffers(family: Family, name: str) -> str:
    return "unknown" if family.layers_of(name).get("buffers") == "unknown" else "whole"


def by_default(family: Family, name: str) -> str:
    """Return what a family says of the configuration that has its type alone."""
    try:
        spec = family_spec(family, {"model_type": family.name}, name)
        count(spec)
    except ParamcalcError:
        return "refused"
    return "parameters" if "buffers" in spec.unknown else "whole"


def held_to(each: Type, family: Family) -> None:
    """Assert that the document of a family has what is recorded of its type."""
    made = {name: row for name, row in each.classes.items() if not row.refused}
    assert made.keys() == family.heads.keys(), family.name
    for name, row in made.items():
        assert (row.default, row.buffers) == (by_default(family, name), _buffers(family, name)), name


def write(types: Mapping[str, Type]) -> None:
    """Write the record, a line for each type."""
    lines = []
    for name, each in sorted(types.items()):
        classes = {cls: _without_nothing(made) for cls, made in each.classes.items()}
        lines.append(f"{json.dumps(name)}: {json.dumps({'builds': each.builds, 'classes': classes})}")
    RECORD.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _without_nothing(made: Made) -> dict[str, Any]:
    return {name: value for name, value in made._asdict().items() if value}


def read() -> dict[str, Type]:
    """Read the record."""
    data = json.loads(RECORD.read_text(encoding="utf-8"))
    return {
        name: Type(each["builds"], {cls: Made(**made) for cls, made in each["classes"].items()})
        for name, each in data.items()
    }


# --- The tables -------------------------------------------------------------------------


def tables(types: Mapping[str, Type]) -> Iterator[str]:
    """Yield the lines of the tables."""
    built = [each for each in types.values() if each.builds == "does"]
    whole = [each for each in built if each.came == "whole"]
    versions = {stored_family(name).transformers for name in family_names()[:1]}
    yield f"Of the {len(types)} model types of transformers {', '.join(versions)},"
    yield f"{len(built)} can be built from a configuration that states nothing:"
    yield ""
    yield "| of these | types | share |"
    yield "| --- | ---: | ---: |"
    counted = [each for each in built if each.is_counted]
    with_buffers = [each for each in counted if _every(each, lambda made: bool(made.builds) or made.default == "whole")]
    rows = {
        "every class of models is known": whole,
        "every class, and at the defaults it is counted": counted,
        "every class, and with its buffers": with_buffers,
        "some classes are known, others refused": [each for each in built if each.came == "part"],
        "refused": [each for each in built if each.came == "refused"],
    }
    for name, found in rows.items():
        yield f"| {name} | {len(found)} | {_share(len(found), len(built))} |"
    yield ""
    others = Counter(each.builds for each in types.values())
    yield f"Of the others, {others['stated']} can be built once one field is stated, and {others['fails']} cannot;"
    known = [each for each in types.values() if each.builds == "stated" and each.came != "refused"]
    yield f"{len(known)} of the former are known. Of the types that are counted at their defaults, the buffers of"
    yield f"{_share(len(with_buffers), len(counted))} are known too."
    yield ""
    yield from _causes(each for each in built if each.came != "whole")
    yield from _fresh(counted, built)


def _every(each: Type, holds: Callable[[Made], bool]) -> bool:
    return all(map(holds, each.classes.values()))


def _causes(types: Iterable[Type]) -> Iterator[str]:
    """Yield the table of causes; of a type, that of the first class that is refused."""
    found = Counter(next(made.refused for made in each.classes.values() if made.refused) for each in types)
    if not found:
        return
    yield "| why a type, or a class of it, is refused | types |"
    yield "| --- | ---: |"
    for cause, number in sorted(found.items(), key=lambda row: (-row[1], row[0])):
        yield f"| {cause} | {number} |"
    yield ""


def _fresh(counted: Iterable[Type], built: Iterable[Type]) -> Iterator[str]:
    """Yield the table of fresh configurations, of the types that are counted at their defaults, and of all."""
    mine = [made for each in counted for made in each.classes.values()]
    everything = [made for each in built for made in each.classes.values()]
    yield "| fresh configurations | drawn | right | with buffers | refused | wrong | right, of all types |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for sort, name in GENERATORS.items():
        said = _said(mine, sort)
        drawn, right = sum(said.values()), said["whole"] + said["parameters"]
        of_all = _said(everything, sort)
        # of a class that is refused, none is right
        all_drawn = sum(of_all.values()) + DRAWN * sum(bool(made.refused) for made in everything)
        cells = [
            f"{drawn:,}", _share(right, drawn), _share(said["whole"], drawn), _share(said["refused"], drawn),
            str(said["wrong"] + said["wrong buffers"]), _share(of_all["whole"] + of_all["parameters"], all_drawn),
        ]  # fmt: skip
        yield f"| {name} | {' | '.join(cells)} |"


def _said(classes: Iterable[Made], sort: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for made in classes:
        found.update(made.fresh.get(sort, {}))
    return found


def _share(part: int, whole: int) -> str:
    tenths = (2000 * part + whole) // (2 * whole) if whole else 0
    return f"{tenths // 10}.{tenths % 10} %"


def page(text: str, types: Mapping[str, Type]) -> str:
    """Return the page with the tables of these types."""
    before, rest = text.split(FIRST)
    _, after = rest.split(LAST)
    return "\n".join([f"{before}{FIRST}", "", *tables(types), "", f"{LAST}{after}"])


def main() -> None:
    """Write the record of reports, if any are given, and the page."""
    types, names = read(), {*family_names()}
    for path in sys.argv[1:]:
        rows = [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]
        for row in rows:
            name = row["type"]
            # a survey does not say of a class what came of learning it, nor how long a type took
            is_report = "seconds" in row
            types[name] = recorded(row, _family(name, names)) if is_report else drawn_anew(types[name], row)
    write(types)
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), types), encoding="utf-8")


def _family(name: str, names: set[str]) -> Family | None:
    return stored_family(name) if name in names else None


if __name__ == "__main__":
    main()
