"""The rows of a sweep in files and pictures: an interrupted one goes on, and nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import paramcalc as pc
from paramcalc.results.sweeps import files, working
from tests.sweeps.test_sweeping import GPT2, GRID, counted, cut, of_the_grid, rows

pytestmark = pytest.mark.sweep


# --- files -----------------------------------------------------------------------------


class Stop:
    """Interrupts a sweep after so many parts."""

    def __init__(self, parts: int) -> None:
        self.left = parts

    def __call__(self, done: int) -> None:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt


def content(path: Path) -> Any:
    if path.suffix == ".csv":
        return path.read_text()
    if path.suffix == ".json":
        return json.loads(path.read_text())
    from pyarrow import parquet

    return parquet.read_table(path).to_pydict()


@pytest.mark.parametrize("name", ["rows.csv", "rows.json", "rows.parquet", "rows/"])
@pytest.mark.parametrize("stops", [[1], [3, 0, 2]])
def test_an_interrupted_sweep_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, stops: list[int]
) -> None:
    cut(monkeypatch, 30, 30)
    whole, path = tmp_path / f"whole-{name}", tmp_path / name
    kind: Any = "parquet" if name == "rows/" else name.partition(".")[2]
    expected, refused = of_the_grid()
    given_path = str(path) + "/" * (name == "rows/")
    files.write(pc.sweep(GPT2, GRID), str(whole) + "/" * (name == "rows/"), kind)
    done: list[int] = []
    for parts in stops:
        with pytest.raises(files.Interrupted) as interrupted:
            files.write(pc.sweep(GPT2, GRID), given_path, kind, Stop(parts))
        done.append(interrupted.value.done)
        content(path)
    assert done == sorted(done)
    worked_out = count_of_parts(monkeypatch)
    written = files.write(pc.sweep(GPT2, GRID), given_path, kind)
    assert len(worked_out) == interrupted.value.parts - done[-1]
    assert written == (len(expected), refused)
    assert content(path) == content(whole)
    assert sorted(each.name for each in path.parent.iterdir()) == [f"{name.rstrip('/')}", f"whole-{name.rstrip('/')}"]
    if name == "rows/":
        assert [(a.name, a.read_bytes()) for a in sorted(path.iterdir())] == [
            (a.name, a.read_bytes()) for a in sorted(whole.iterdir())
        ]


def count_of_parts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    found: list[int] = []
    done = working.Work.done

    def counting(self: Any, meter: Any, blocks: range, *rest: Any) -> Any:
        found.append(blocks.start)
        return done(self, meter, blocks, *rest)

    monkeypatch.setattr(working.Work, "done", counting)
    return found


def test_what_is_chosen_of_parts_goes_on_as_well(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cut(monkeypatch, 30, 30)
    path = tmp_path / "best.csv"
    with pytest.raises(files.Interrupted):
        files.write(pc.sweep(GPT2, GRID, top=9, by="-total"), str(path), "csv", Stop(3))
    worked_out = count_of_parts(monkeypatch)
    files.write(pc.sweep(GPT2, GRID, top=9, by="-total"), str(path), "csv")
    assert 0 < len(worked_out) < pc.sweep(GPT2, GRID, top=9).work.parts
    expected = sorted(of_the_grid()[0], key=lambda row: -row[-1])[:9]
    assert path.read_text().splitlines()[1:] == [",".join(map(str, row)) for row in expected]


def test_parts_of_another_sweep_are_not_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cut(monkeypatch, 30, 30)
    path = str(tmp_path / "rows.csv")
    with pytest.raises(files.Interrupted):
        files.write(pc.sweep(GPT2, GRID), path, "csv", Stop(2))
    for other in (
        pc.sweep(GPT2, GRID, "keras"),
        pc.sweep(GPT2, GRID, dims={"vocabulary": 50258}),
        pc.sweep(GPT2, GRID, where=["width > depth"]),
        pc.sweep(GPT2, {**GRID, "heads": [8, 12, 32]}),
        pc.sweep(GPT2, GRID, of=["bytes"]),
    ):
        with pytest.raises(pc.ParamcalcError, match=r"rows\.csv\.parts holds parts of another sweep"):
            other.to_csv(path)


def test_types_in_a_file(tmp_path: Path) -> None:
    from pyarrow import parquet

    text = (
        "paramcalc: 1\ndims: {n: 2, act: {text: relu}, flag: true, rank: none, widths: [2, 3], ratio: {number: 0.5}}\n"
        "layers: [Input: {shape: [3]}, Dense: {units: 'n + widths[0]', activation: act, use_bias: flag},"
        " {Dense: {units: rank}, when: rank != none}, Dense: {units: 'scaled(100, ratio)'}]\n"
    )
    vary = {
        "n": [1, 2**60],
        "act": ["relu", "gelu"],
        "flag": [True, False],
        "rank": [None, 4],
        "widths": [[2, 3], [4]],
        "ratio": [0.5, 0.25],
    }
    found = pc.sweep(pc.loads(text), vary)
    found.to_parquet(tmp_path / "rows.parquet")
    found.to_csv(tmp_path / "rows.csv")
    found.to_json(tmp_path / "rows.json")
    expected, _ = counted(pc.loads(text), vary)
    read = parquet.read_table(tmp_path / "rows.parquet")
    assert [tuple(row.values()) for row in read.to_pylist()] == expected
    document = json.loads((tmp_path / "rows.json").read_text())
    assert document["columns"] == [*vary, "total"]
    assert [tuple(row) for row in document["rows"]] == expected
    assert (tmp_path / "rows.csv").read_text().splitlines()[1] == '1,relu,true,,"[2, 3]",0.5,212'
    listed = [tuple(tuple(each) if isinstance(each, list) else each for each in row) for row in expected]
    assert rows(found) == listed
    assert rows(pc.sweep(pc.loads(text), str(tmp_path / "rows.csv"))) == listed
    assert rows(pc.sweep(pc.loads(text), tmp_path / "rows.parquet")) == listed


def test_a_sweep_may_have_no_measure_at_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cut(monkeypatch, 30, 30)
    found = pc.sweep(GPT2, GRID, columns=["heads", "width"])
    expected = [(heads, width) for width, _, heads, _ in of_the_grid()[0]]
    assert rows(found) == expected
    pc.sweep(GPT2, GRID, columns=["heads", "width"]).to_parquet(tmp_path / "rows.parquet")
    assert content(tmp_path / "rows.parquet") == {"heads": [a for a, _ in expected], "width": [b for _, b in expected]}


# --- pictures --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("vary", "options", "words"),
    [
        ({"width": range(96, 961, 96)}, {}, ["width", "total", "gpt2 · torch"]),
        ({"width": range(96, 961, 96), "depth": range(1, 13)}, {}, ["width", "depth", "lines of equal total"]),
        ({"width": range(96, 961, 96), "heads": [8, 12]}, {"pareto": "total,-width"}, ["total", "width"]),
    ],
)
def test_a_picture_has_its_words_and_is_the_same_again(vary: Any, options: Any, words: list[str]) -> None:
    from paramcalc.exports import plots

    drawn = plots.plot(pc.sweep(GPT2, vary, **options), "svg")
    assert drawn == plots.plot(pc.sweep(GPT2, vary, **options), "svg")
    text = drawn.decode()
    # matplotlib draws letters as shapes, and leaves the words beside them
    assert all(f"<!-- {word} -->" in text for word in words)
    assert plots.plot(pc.sweep(GPT2, vary, **options), "png").startswith(b"\x89PNG")


def test_what_is_no_picture_is_refused() -> None:
    from paramcalc.exports import plots

    for vary, options, said in (
        (
            {"width": [96, 192], "depth": [1, 2], "context": [1, 2]},
            {},
            "a picture has one or two dims that are numbers",
        ),
        ({"width": [97]}, {}, "there is no row to draw"),
        ({"width": [96, 192]}, {"pareto": "total,-width,depth", "dims": {}}, "no column 'depth'"),
    ):
        with pytest.raises(pc.ParamcalcError, match=said):
            plots.plot(pc.sweep(GPT2, vary, **options))


def test_the_json_of_a_sweep_meets_its_schema() -> None:
    import jsonschema

    from paramcalc.exports.data_schemas import sweep_schema

    schema = sweep_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    document = json.loads(pc.sweep(GPT2, {"width": [768, 769, 10**30 * 12]}).to("json"))
    jsonschema.Draft202012Validator(schema).validate(document)
    assert (document["points"], document["skipped"], len(document["rows"])) == (3, 1, 2)
