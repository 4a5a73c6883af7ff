"""Families at the configurations of well-known models, and in a process that cannot import PyTorch or transformers.

The counts that were published, and where, stand in `tests/published_families.py`.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

import paramcalc as pc
from paramcalc.families import configs
from paramcalc.families.configs import family_spec
from paramcalc.families.stored import (
    Family,
    connected_family,
    connected_names,
    document,
    family_names,
    stored_family,
)
from paramcalc.spec.parsing import build
from tests.families_figures import held_to, read
from tests.published_families import ACTIVE, ROUNDED, ROWS, Published
from tests.sampled_families import sampled
from tests.seed import SEED
from tests.test_connected_families import check

pytestmark = pytest.mark.sweep


def counted(published: Published) -> pc.Count:
    return pc.count(pc.from_huggingface({"model_type": published.type, **published.config}, published.head))


@pytest.mark.parametrize("name", sampled(family_names(), 60))
def test_the_classes_of_a_document_are_those_of_its_text(name: str) -> None:
    """Each is read when it is asked for, and the text is cut apart by its indents."""
    whole = build(document(name))
    family = connected_family(name) or stored_family(name)
    assert [*family.heads] == [*whole["heads"]]
    assert dict(family.heads) == whole["heads"]
    assert family.dims == whole.get("dims", {})
    assert {*family.configs} == {*(whole.get("configs") or ())}


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


def is_kept(name: str, form: pc.Formula, head: Any, family: Family) -> bool:
    """Whether a size is a symbol of a form, or can be none: it decides what the layers are.

    So do the length of a list, and a number of copies that take an element each of a list; a size that an expression
    with a remainder or a logarithm mentions, as in which layers have experts, or one with the number of a copy, as in
    which is the last; one that a condition compares with a number, or takes for equal to another or not; a number of
    copies of which some are left out by their number, or one of which there are none by default; one from which a
    list follows of which a condition asks what is in it, or a size that is compared with a number or that an expression
    with a remainder mentions; and one that is compared with what a double rounds, as a least width is.
    """
    if name not in form.fixed or name.startswith("len("):
        return True
    # what a field follows from may ask as much as the layers do
    texts = json.dumps([head, *family.lists.values(), *map(str, family.dims.values())])
    lengths = [size for each, size in form.fixed.items() if each.startswith("len(")]
    own = rf"\b{re.escape(name)}\b"
    deciding = (
        rf"[^,'\"]*{own}[^,'\"]* % |% \(?[^,'\"]*{own}|log2\([^,'\"]*{own}",
        rf"\b([ijkl]|place)\b[^,'\"]*{own}|{own}[^,'\"]*\b([ijkl]|place)\b",
        rf"{own} (<=|<|>) \d|{own} >= (?!1\b)\d|{own} (==|!=) |(==|!=) {own}",
        rf'"times": "{re.escape(name)} - {form.fixed[name]}"',
        *(
            rf" in {re.escape(each)}\b|% {re.escape(each)}\b|\b{re.escape(each)}\b[^'\"]* (<=|<|>|>=) \d"
            for each, text in (*family.dims.items(), *family.lists.items())
            if re.search(own, str(text))
        ),
        rf'"[^"]*max\({own}[^"]* (>=|<) scaled[^"]*"',
    )
    if form.fixed[name] in lengths or any(re.search(each, texts) for each in deciding):
        return True
    if any(re.search(own, str(rule["times"])) and "%" in str(rule["item"]) for rule in family.lists.values()):
        # the elements of the list take turns
        return True
    return any(re.search(own, str(times)) for times in numbers_of_chosen_copies(head))


def numbers_of_chosen_copies(node: Any) -> Iterator[Any]:
    """The numbers of copies of which a condition leaves some out by their number."""
    if isinstance(node, dict):
        if "index" in node and re.search(rf"\b{node['index']}\b", str(node.get("when", ""))):
            yield node.get("times", "")
        node = [*node.values()]
    for each in node if isinstance(node, list) else ():
        yield from numbers_of_chosen_copies(each)


FAMILIES = [
    *((name, stored_family) for name in sampled(family_names(), 30)),
    *((name, connected_family) for name in connected_names()),
]


@pytest.mark.parametrize(("name", "family_of"), FAMILIES)
def test_the_form_of_each_family_keeps_its_sizes_and_is_its_count(name: str, family_of: Any) -> None:
    """Its widths and depths are symbols, and it is the count at sizes drawn at random."""
    family, random = family_of(name), Random(f"{SEED} {name}")
    for cls in counted_heads(name, family):
        spec = family_spec(family, {"model_type": name}, cls)
        form = pc.formula(spec)
        assert form() == pc.count(spec).total
        fixed = [each for each, size in form.fixed.items() if type(size) is int]
        assert [each for each in fixed if not is_kept(each, form, family.heads[cls], family)] == []
        for _ in range(10):
            sizes = moved(spec, form, random)
            assert form(**sizes) == pc.count(spec, dims=sizes).total


def counted_heads(name: str, family: Family) -> list[str]:
    """The classes that are counted where a configuration states nothing."""
    return [cls for cls in family.heads if read()[name].classes[cls].default != "refused"]


def moved(spec: pc.Spec, form: pc.Formula, random: Random) -> dict[str, int]:
    """Sizes at which a form holds: each in turn drawn at random, as far as it goes together with the others."""
    sizes = {name: spec.dims[name] for name in form.symbols if type(spec.dims.get(name)) is int}
    for name in random.sample([*sizes], len(sizes)):
        size = max(1, sizes[name] * random.choice([2, 3]) // random.choice([2, 4]))
        try:
            form.check({**sizes, name: size})
            sizes[name] = size
        except pc.ParamcalcError:
            continue
    return sizes


def nested(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields by their paths as a configuration has them."""
    found: dict[str, Any] = {}
    for path, value in fields.items():
        *above, last = path.split(".")
        inner = found
        for each in above:
            inner = inner.setdefault(each, {})
        inner[last] = value
    return found


#: Those with lists that follow from other fields, told by their text: to read every document takes seconds.
LISTED = [name for name in family_names() if re.search(r"^lists:|\] \* \(?[a-z]", document(name), re.MULTILINE)]


@pytest.mark.parametrize("name", sampled(LISTED, 20))
def test_elements_in_place_of_a_list_change_no_count(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    family = stored_family(name)
    depths = [each for each, size in family.dims.items() if each.endswith("num_hidden_layers") and type(size) is int]
    totals: list[list[Any]] = []
    for _ in range(2):
        found: list[Any] = []
        for depth in (1, 2, 3, 5, 8, 13):
            config = nested({"model_type": name, **dict.fromkeys(depths, depth)})
            for cls in family.heads:
                try:
                    found.append(pc.count(family_spec(family, config, cls)).total)
                except pc.ParamcalcError:
                    # by the elements or by the list, whichever is asked first
                    found.append("refused")
        totals.append(found)
        monkeypatch.setattr(configs, "item_of", lambda text: None)
        monkeypatch.setattr(configs, "with_items", lambda data, name, item: data)
    assert totals[0] == totals[1]


@pytest.mark.parametrize("name", sampled(family_names(), 60))
def test_a_document_has_what_is_recorded_of_it(name: str) -> None:
    held_to(read()[name], stored_family(name))


@pytest.mark.parametrize("name", connected_names())
def test_a_document_by_hand_has_the_tensors_of_the_generated_one(name: str) -> None:
    """At many more configurations than the inner loop draws."""
    random = Random(SEED)
    for cls in stored_family(name).heads:
        assert check(name, cls, random, 40) >= 4


def test_no_family_needs_pytorch_transformers_numpy_or_sympy() -> None:
    counted = {name: counted_heads(name, stored_family(name)) for name in sampled(family_names(), 60)}
    heads = {name: classes[0] for name, classes in counted.items() if classes}
    program = (
        "import sys\n"
        "sys.modules.update(dict.fromkeys(['torch', 'transformers', 'numpy', 'sympy']))\n"
        "import paramcalc as pc\n"
        f"heads = {heads}\n"
        "counts = [pc.count({'model_type': name, 'architectures': [head]}) for name, head in heads.items()]\n"
        "print(min(each.total for each in counts))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 0


def test_the_depth_of_a_family_is_no_limit() -> None:
    """Layers that differ by what their number decides are counted once for each way."""
    shallow, deep = (pc.count({"model_type": "deepseek_v3", "num_hidden_layers": depth}).total for depth in (61, 900))
    one = pc.count({"model_type": "deepseek_v3", "num_hidden_layers": 62}).total - shallow
    assert deep - shallow == (900 - 61) * one
