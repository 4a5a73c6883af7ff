"""Families at the configurations of well-known models, and in a process that cannot import PyTorch or transformers.

The counts that were published, and where, stand in `tests/published_families.py`.
"""

import json
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest

import paramcalc as pc
from paramcalc.families.stored import connected_names, family_names, stored_family
from tests.families_figures import held_to, read
from tests.published_families import ACTIVE, ROUNDED, ROWS, Published
from tests.seed import SEED
from tests.test_connected_families import check

pytestmark = pytest.mark.sweep


def counted(published: Published) -> pc.Count:
    return pc.count(pc.from_huggingface({"model_type": published.type, **published.config}, published.head))


@pytest.mark.parametrize("published", ROWS, ids=lambda row: row.name)
def test_a_well_known_model_has_the_count_that_was_published(published: Published) -> None:
    assert counted(published).total == published.count


def test_there_are_as_many_published_counts_as_are_promised() -> None:
    assert len(ROWS) >= 60
    assert len({row.name for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize(("name", "model_type", "config", "billions"), ROUNDED)
def test_a_count_is_as_its_publication_rounds_it(name: str, model_type: str, config: Any, billions: str) -> None:
    _, _, decimals = billions.partition(".")
    total = pc.count({"model_type": model_type, **config}).total
    assert f"{total / 1e9:.{len(decimals)}f}" == billions


def test_the_active_parameters_of_a_mixture_are_those_that_a_token_passes() -> None:
    rows = {row.name: row for row in ROWS}
    assert {name: counted(rows[name]).active for name in ACTIVE} == ACTIVE


@pytest.mark.parametrize("name", family_names())
def test_the_form_of_each_family_is_its_count(name: str) -> None:
    family = stored_family(name)
    for cls in family.heads:
        spec = pc.from_huggingface({"model_type": name}, cls)
        form = pc.formula(spec)
        assert form() == pc.count(spec).total
        symbols = [str(each) for each in form.expr.free_symbols]
        assert symbols
        for symbol in symbols:
            size = {symbol: 2 * spec.dims[symbol]} if isinstance(spec.dims[symbol], int) else {}
            assert form(**size) == pc.count(spec, dims=size).total


@pytest.mark.parametrize("name", family_names())
def test_a_document_has_what_is_recorded_of_it(name: str) -> None:
    held_to(read()[name], stored_family(name))


@pytest.mark.parametrize("name", connected_names())
def test_a_document_by_hand_has_the_tensors_of_the_generated_one(name: str) -> None:
    """At many more configurations than the inner loop draws."""
    random = Random(SEED)
    for cls in stored_family(name).heads:
        assert check(name, cls, random, 40) >= 4


def test_neither_pytorch_nor_transformers_is_needed(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"model_type": "llama"}), encoding="utf-8")
    program = (
        "import sys\n"
        "sys.modules.update(dict.fromkeys(['torch', 'transformers', 'numpy', 'sympy']))\n"
        f"sys.argv = ['paramcalc', 'count', {str(file)!r}]\n"
        "from paramcalc.cli import main\n"
        "main()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "6,738,415,616" in done.stdout
