"""The declarations of layer types: each is complete, has an example that counts, and says where its channels are."""

import importlib
import inspect
from itertools import pairwise

import pytest

import paramcalc as pc
from paramcalc import layers
from paramcalc.conventions import convention, named_by, torch_saved
from paramcalc.core.registry import FAMILIES, built_in_names
from paramcalc.layers import Layer, Shape
from paramcalc.spec import FRAMEWORKS

LAYER_TYPES = [pc.kind(name) for name in built_in_names()]


def test_the_table_of_families_is_what_the_modules_declare() -> None:
    for family, names in FAMILIES.items():
        module = importlib.import_module(f"paramcalc.layers.{family}")
        declared = [
            name
            for name, value in vars(module).items()
            if inspect.isclass(value) and issubclass(value, Layer) and value.__module__ == module.__name__
        ]
        assert tuple(name for name in declared if not name.startswith("_")) == names


def test_a_layer_type_says_all_that_its_page_needs() -> None:
    for cls in LAYER_TYPES:
        check_page(cls)


def check_page(cls: type[Layer]) -> None:
    assert cls.summary().endswith(".")
    assert cls.source
    for name, info in cls.model_fields.items():
        assert info.description, name
    form_symbols = [letter for name in cls.model_fields if (letter := cls.lettered_fields().get(name))]
    axes = [name for each in cls.inputs for name in each.names]
    assert len(form_symbols) == len(set(form_symbols)), "two fields have one symbol"
    assert not set(form_symbols) & set(axes), "a field and an axis have one symbol"
    for each in cls.inputs:
        assert set(each.meanings) == set(each.names), "each axis has a meaning"
    texts = [cls.summary(), cls.source, *(str(info.description) for info in cls.model_fields.values())]
    assert not any("{" in text for text in texts), "a word of the number of axes is not filled in"


@pytest.mark.parametrize("cls", LAYER_TYPES, ids=lambda cls: cls.__name__)
def test_a_layer_type_has_an_example_that_counts(cls: type[Layer]) -> None:
    example = cls.example
    assert example is not None, "state a small layer of it: example = Example({...}, [(20, 64)])"
    layer = cls(**example.fields)
    required = {outside for outside, name in cls.spelled_fields().items() if cls.model_fields[name].is_required()}
    assert required <= {*example.fields}
    fewest = cls.variadic or sum(not axes.optional for axes in cls.inputs)
    assert len(example.inputs) >= fewest
    for framework in FRAMEWORKS:
        count = pc.count(layer, framework, input_shape=list(example.inputs) or None)
        assert count.total == sum(row.total for row in count.layers)
        assert not cls.inputs or count.layers[-1].kind == cls.__name__


# --- What it costs ---------------------------------------------------------------------


@pytest.mark.parametrize("cls", LAYER_TYPES, ids=lambda cls: cls.__name__)
def test_a_layer_type_says_what_it_costs(cls: type[Layer]) -> None:
    """None of it is inherited from what holds for a type that says nothing."""
    assert cls.products is not Layer.products, "what it multiplies: products, or products = no_products"
    assert cls.cached is not Layer.cached, "what it keeps to generate: cached, or cached = nothing_cached"
    assert cls.reach is not Layer.reach, "what an output sees: reach, with `unsaid` where it cannot be said"
    kept = {name for key in torch_saved.LAYERS for name, _ in named_by(key)}
    assert cls.__name__ in kept, "what PyTorch keeps for the backward pass: a row in conventions/torch_saved.py"


@pytest.mark.parametrize("cls", LAYER_TYPES, ids=lambda cls: cls.__name__)
def test_what_cannot_be_said_of_a_field_has_a_reason(cls: type[Layer]) -> None:
    assert cls.example is not None
    reach = cls(**cls.example.fields).all_reach(*cls.example.inputs)
    assert reach is not None
    assert [*map(len, reach)] == [*map(len, cls.example.inputs)], "for each input, for each of its axes"
    assert all(sight.span or sight.note for sights in reach for sight in sights)


# --- Where the channels are ------------------------------------------------------------


@pytest.mark.parametrize("cls", LAYER_TYPES, ids=lambda cls: cls.__name__)
def test_a_layer_type_says_where_its_channels_are(cls: type[Layer]) -> None:
    assert not cls.needs_layout() or cls.layout, (
        "it computes with inputs of several axes: layout = 'data_format' or 'axis', by the field that says where the"
        " channels are; 'channels_last', where they are so in every framework; 'as_given', where no axis is special"
    )
    assert (cls.layout == "data_format") == ("data_format" in cls.model_fields)
    assert cls.layout != "axis" or "axis" in cls.model_fields
    if cls.needs_layout() and any("channels" in text for axes in cls.inputs for text in axes.meanings.values()):
        assert cls.layout in ("data_format", "axis"), "what it calls channels is where the framework has them"


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_tables_put_the_channels_where_the_framework_has_them(framework: str) -> None:
    own = convention(framework)
    for cls in LAYER_TYPES:
        needed = cls.fields_of_layout(own.channel_axis)
        stated = own.layout(cls.__name__)
        assert {name: stated.get(name) for name in needed} == needed, f"LAYOUT of {cls.__name__}"
        assert "data_format" not in stated or cls.layout == "data_format", cls.__name__


@pytest.mark.parametrize("cls", [each for each in LAYER_TYPES if each.layout in ("data_format", "axis")])
def test_the_same_layer_in_the_other_layout_owns_the_same_and_has_its_output_moved(cls: type[Layer]) -> None:
    assert cls.example is not None
    last = cls(**{**cls.example.fields, **({"axis": -1} if cls.layout == "axis" else {})})
    first = last.with_defaults(lambda name: {}, 1)
    shapes = cls.example.inputs
    outputs, tensors = last.infer(*shapes)
    moved = [moved_to(shape, first.channel_axis) for shape in shapes]
    found, same = first.infer(*moved)
    assert same == tensors
    assert list(found) == [moved_to(shape, first.channel_axis) for shape in outputs]


def moved_to(shape: Shape, axis: int) -> Shape:
    """The channels at this axis, the batch counted as 0, and no longer at the end."""
    rest = [*shape[:-1]]
    rest.insert(axis - 1 if axis > 0 else len(shape) + axis, shape[-1])
    return tuple(rest)


# --- Of a number of axes ---------------------------------------------------------------


@pytest.mark.parametrize("stem", sorted({name.replace("1D", "{}") for name in built_in_names() if "1D" in name}))
def test_layer_types_of_different_numbers_of_axes_have_the_same_fields(stem: str) -> None:
    names = [stem.format(f"{rank}D") for rank in (1, 2, 3)]
    of_ranks = [pc.kind(name) for name in names if name in built_in_names()]
    for one, other in pairwise(of_ranks):
        # Keras interpolates over images alone
        fields = [[name for name in cls.model_fields if name != "interpolation"] for cls in (one, other)]
        assert fields[0] == fields[1]
        assert one.lettered_fields() == other.lettered_fields()


def test_a_default_is_read_for_the_number_of_axes() -> None:
    assert [pc.kind(f"MaxPool{rank}D")().pool_size for rank in (1, 2, 3)] == [(2,), (2, 2), (2, 2, 2)]
    assert pc.Cropping2D().cropping == ((0, 0), (0, 0))


# --- What one declares with ------------------------------------------------------------


def test_the_names_to_declare_with_are_all_there() -> None:
    assert dir(layers) == sorted({*layers.__all__})
    for name in layers.__all__:
        assert getattr(layers, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Sise'"):
        layers.Sise  # noqa: B018


def test_no_kind_takes_a_function_that_changes_its_shape() -> None:
    for cls in LAYER_TYPES:
        with pytest.raises(pc.ParamcalcError) as caught:
            cls(activation="glu", no_such_field=1)
        stated = [each.message for each in caught.value.problems if each.code == "invalid-value"]
        assert any("'glu'" in message for message in stated) == ("activation" in cls.model_fields), cls.__name__
