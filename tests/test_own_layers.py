"""Layer types of one's own: registered, or declared by another package through an entry point."""

import json
from collections.abc import Iterator
from importlib.metadata import EntryPoint

import pytest

import paramcalc as pc
from paramcalc.core import registry
from paramcalc.exports.schema import spec_schema
from paramcalc.layers import Axes, Count, DataFormat, Example, Layer, Shape, Tensor, algebra, data_format, field
from tests.helpers import run


class Squeeze(Layer):
    """Scales each channel by a number that is made of all channels."""

    inputs = (Axes("... c", c="channels"),)
    layout = "data_format"
    source = "Hu, Shen and Sun 2018"

    ratio: Count = field("", "how many times fewer the channels are between", 16)
    data_format: DataFormat = data_format()

    def tensors(self, x: Shape) -> Iterator[Tensor]:
        between = algebra.divide(x[-1], self.ratio, "the ratio must divide the channels")
        yield Tensor("reduce_kernel", (x[-1], between), "from all channels to fewer")
        yield Tensor("expand_kernel", (between, x[-1]), "and back")


SPEC = """
paramcalc: 1
framework: {}
layers:
  - Input: {{shape: {}}}
  - Squeeze: {{ratio: 4}}
"""


@pytest.fixture(autouse=True)
def _nothing_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin with no layer type of one's own, and leave none behind."""
    monkeypatch.setattr(registry, "_OWN", {})
    installed(monkeypatch)


def installed(monkeypatch: pytest.MonkeyPatch, **points: str) -> None:
    """As if packages with these entry points were installed, and no others."""
    found = tuple(EntryPoint(name, value, registry.ENTRY_POINTS) for name, value in points.items())
    monkeypatch.setattr(registry, "_entry_points", lambda: found)
    registry._loaded.cache_clear()


def refusal(code: str = "invalid-kind") -> pytest.RaisesExc[pc.ParamcalcError]:
    return pytest.raises(pc.ParamcalcError, match=rf"\[{code}\]")


# --- Registered ------------------------------------------------------------------------


def test_a_registered_class_is_a_layer_type() -> None:
    assert pc.register(Squeeze) is Squeeze
    assert pc.kind("Squeeze") is Squeeze
    assert "Squeeze" in pc.kind_names()
    spec = pc.loads(SPEC.format("keras", [32, 32, 64]))
    # 64 channels, 16 between, there and back
    assert pc.count(spec).total == 2 * 64 * 16
    assert pc.loads(pc.dumps(spec)) == spec
    # 2 · c · c/16, by the default of the ratio
    assert str(pc.formula(Squeeze).expr) == "c**2/8"
    schema = spec_schema()["$defs"]
    assert "ratio" in schema["Squeeze"]["properties"]
    assert "Squeeze" in schema["bare"]["enum"]


def test_it_is_listed_and_has_a_page() -> None:
    pc.register(Squeeze)
    listed = run("layers").stdout
    assert "Scales each channel by a number that is made of all channels." in " ".join(listed.split())
    page = run("layers", "Squeeze").stdout
    assert "reduce_kernel" in page
    assert "Source: Hu, Shen and Sun 2018" in page
    assert page.count("no class of its own") == 2


def test_a_class_that_says_nothing_of_itself_is_listed_all_the_same() -> None:
    class Bare(Layer):
        size: int = 3

    pc.register(Bare)
    assert "\n  Bare\n" in run("layers").stdout
    page = run("layers", "Bare")
    assert page.exit_code == 0
    assert "size  3" in page.stdout
    assert spec_schema()["$defs"]["Bare"]["properties"]["size"]["type"] == "integer"
    spec = pc.loads("paramcalc: 1\nlayers:\n  - Input: {shape: [4]}\n  - Bare: {size: 5}\n")
    assert pc.count(spec).total == 0


def test_it_is_data_as_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    pc.register(Squeeze)
    monkeypatch.setattr(Squeeze, "example", Example({"ratio": 4}, [(8, 8, 64)]))
    (squeeze,) = json.loads(run("layers", "Squeeze", "--format", "json").stdout)["layers"]
    assert (squeeze["family"], squeeze["source"]) == ("of your own", "Hu, Shen and Sun 2018")
    assert squeeze["tensors"][0]["shape"] == ["c", ["Divide", "c", 16]]
    assert squeeze["example"] == {"fields": {"ratio": 4}, "inputs": [[8, 8, 64]]}
    assert squeeze["frameworks"]["torch"] == {"defaults": {"data_format": "channels_first"}, "classes": []}


def test_it_is_counted_under_its_own_names_in_both_conventions() -> None:
    pc.register(Squeeze)
    spec = pc.loads(SPEC.format("keras", [32, 32, 64]))
    for convention in ("keras", "torch"):
        (row,) = pc.count(spec, convention).layers[1:]
        assert [tensor.name for tensor in row.tensors] == ["reduce_kernel", "expand_kernel"]
        assert row.total == 2048


def test_its_channels_are_where_the_framework_of_the_spec_has_them() -> None:
    pc.register(Squeeze)
    count = pc.count(pc.loads(SPEC.format("torch", [64, 32, 32])))
    assert count.total == 2048
    assert count.layers[-1].output_shape == (64, 32, 32)


def test_no_model_of_it_is_built() -> None:
    pc.register(Squeeze)
    for framework in ("keras", "torch"):
        with refusal("cannot-build") as caught:
            pc.build(pc.loads(SPEC.format(framework, [64, 64, 64])))
        assert "Squeeze" in caught.value.problems[0].message


def test_a_class_that_a_notebook_defines_again_takes_the_place_of_the_one_before() -> None:
    first, again = (type("Again", (Layer,), {"__module__": "__main__"}) for _ in range(2))
    assert pc.kind(pc.register(first).__name__) is first
    assert pc.kind(pc.register(again).__name__) is again


def test_a_decorator_registers_and_the_same_class_twice_is_one() -> None:
    @pc.register
    class Doubled(Layer):
        """Hands on its input."""

    assert pc.register(Doubled) is Doubled
    assert pc.kind_names().count("Doubled") == 1


def test_a_class_that_cannot_be_a_layer_type_is_refused() -> None:
    pc.register(Squeeze)
    for wrong, reason in [
        (int, "'int' is no class of paramcalc.Layer"),
        (7, "7 is no class of paramcalc.Layer"),
        (type("Dense", (Layer,), {}), "'Dense' is the name of a built-in layer type"),
        (type("dense", (Layer,), {}), "begins with a capital, and 'dense' does not"),
        (type("Squeeze", (Layer,), {}), "'Squeeze' is the name of another class that is registered"),
        (type("Moved", (Layer,), {"layout": "axis"}), "that of its field 'axis', and it has no such field"),
    ]:
        with refusal() as caught:
            pc.register(wrong)
        assert reason in caught.value.problems[0].message
    assert pc.kind("Squeeze") is Squeeze


def test_a_class_that_does_not_say_where_its_channels_are_is_refused_where_that_matters() -> None:
    @pc.register
    class Scale(Layer):
        """Scales each channel."""

        def tensors(self, x: Shape) -> Iterator[Tensor]:
            yield Tensor("scale", (x[-1],), "scale of each channel")

    text = "paramcalc: 1\nframework: {}\nlayers:\n  - Input: {{shape: {}}}\n  - {}\n"
    assert pc.count(pc.loads(text.format("keras", [9, 9, 4], "Scale"))).total == 4
    assert pc.count(pc.loads(text.format("torch", [4], "Scale"))).total == 4
    for layer in ("Scale", "TimeDistributed: {layer: Scale}"):
        with refusal() as caught:
            pc.count(pc.loads(text.format("torch", [4, 9, 9], layer)))
        assert "Scale does not say where its channels are" in caught.value.problems[0].message


# --- Declared by another package -------------------------------------------------------


def test_an_entry_point_is_loaded_when_its_name_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, Squeeze=f"{__name__}:Squeeze", Broken="no.such.module:Broken")
    assert pc.count(pc.loads(SPEC.format("keras", [8, 8, 64]))).total == 2048
    assert pc.kind("Squeeze") is Squeeze
    assert {"Squeeze", "Broken"} <= {*pc.kind_names()}
    assert pc.register(Squeeze) is Squeeze


def test_an_entry_point_that_does_not_serve_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value, reason in [
        ("Broken", "no.such.module:Broken", "ModuleNotFoundError: No module named 'no'"),
        ("Absent", f"{__name__}:Absent", "AttributeError"),
        ("Text", f"{__name__}:SPEC", "is no class of paramcalc.Layer"),
        ("Other", f"{__name__}:Squeeze", "its class is called 'Squeeze'"),
    ]:
        installed(monkeypatch, **{name: value})
        with refusal() as caught:
            pc.loads(f"paramcalc: 1\nlayers:\n  - Input: {{shape: [4]}}\n  - {name}\n", "spec.yaml")
        assert f"'{name}'" in caught.value.problems[0].message
        assert reason in caught.value.problems[0].message
        assert str(caught.value).startswith("spec.yaml:4:5: ")
        assert run("layers").exit_code == 2


def test_an_entry_point_that_takes_a_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, Dense=f"{__name__}:Squeeze")
    # what is built in needs no entry point
    assert pc.kind("Dense") is pc.Dense
    for asked in (pc.kind_names, lambda: pc.kind("Squeeze")):
        with refusal() as caught:
            asked()
        assert "a layer type 'Dense', and that name is that of a built-in one" in caught.value.problems[0].message
    pc.register(Squeeze)
    installed(monkeypatch, Squeeze=f"{__name__}:Elsewhere")
    assert pc.kind("Squeeze") is Squeeze
    first, second = (EntryPoint("Twice", value, registry.ENTRY_POINTS) for value in ("one:Twice", "two:Twice"))
    monkeypatch.setattr(registry, "_entry_points", lambda: (first, second))
    with refusal() as caught:
        pc.kind_names()
    assert "a layer type 'Twice', and that name is that of one of a package" in caught.value.problems[0].message


def test_entry_points_are_not_read_for_what_is_built_in(monkeypatch: pytest.MonkeyPatch) -> None:
    def read() -> tuple[EntryPoint, ...]:
        raise AssertionError("entry points were read")

    monkeypatch.setattr(registry, "_entry_points", read)
    spec = pc.loads("paramcalc: 1\nlayers:\n  - Input: {shape: [4]}\n  - Dense: {units: 3}\n")
    assert pc.count(spec).total == 15
    assert pc.loads(pc.dumps(spec)) == spec
    assert "Dense" in dir(pc)
    pc.register(Squeeze)
    assert pc.count(pc.loads(SPEC.format("keras", [8, 8, 64]))).total == 2048
