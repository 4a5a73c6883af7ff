"""The verbs: each opens what it is given, and calls what works it out.

A verb is given a spec, or whatever a spec can be read of: the path of a file, a mapping as YAML gives it, one
layer on its own with the shape of its input, a live model of Keras or PyTorch. It is opened here, in one place:
`results` take specs only. No framework is imported for it: whoever has a model has imported its framework.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from os import PathLike, path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, overload

from paramcalc.core.errors import ParamcalcError, quoted, refuse
from paramcalc.core.expression import folded_name
from paramcalc.core.registry import kind
from paramcalc.families import CONFIG, CONFIG_MARKS, is_config
from paramcalc.layers.base.declaration import Layer
from paramcalc.layers.base.fields import read_dtype
from paramcalc.spec import FRAMEWORKS, Framework, GivenValue, Node, Spec, Value, of_key, read_given, read_spec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from paramcalc.frameworks.check import Check
    from paramcalc.frameworks.deriving import Derived
    from paramcalc.results.comparison import Comparison
    from paramcalc.results.count import Array, Count
    from paramcalc.results.derivation import Derivation
    from paramcalc.results.difference import Difference
    from paramcalc.results.formula import Formula


class KerasModel(Protocol):
    """A live model of Keras."""

    def to_json(self) -> Any:
        """Describe itself."""


class TorchModule(Protocol):
    """A live module of PyTorch."""

    def named_parameters(self) -> Iterable[tuple[str, Any]]:
        """Give its parameters by their paths."""


#: What a network may be given as.
Network: TypeAlias = "Spec | Derived | Layer | Mapping[str, Any] | str | PathLike[str] | KerasModel | TorchModule"
#: The shape of a layer's input without the batch, None for a length that varies; or the shapes of several inputs.
InputShape: TypeAlias = Sequence[int | None] | Sequence[Sequence[int | None]]


@overload
def count(  # type: ignore[overload-overlap]
    spec: Network,
    convention: Framework | None = None,
    *,
    dims: Mapping[str, GivenValue] | None = None,
    input_shape: InputShape | None = None,
    dtype: str | None = None,
    expand: bool = False,
    depth: int | None = None,
) -> Count: ...


@overload
def count(
    spec: Network,
    convention: Framework | None = None,
    *,
    dims: Mapping[str, GivenValue | NDArray[Any]],
    input_shape: InputShape | None = None,
    dtype: str | None = None,
    expand: bool = False,
    depth: int | None = None,
) -> Count[Array]: ...


def count(
    spec: Network,
    convention: Framework | None = None,
    *,
    dims: Mapping[str, Any] | None = None,
    input_shape: InputShape | None = None,
    dtype: str | None = None,
    expand: bool = False,
    depth: int | None = None,
) -> Count[Any]:
    """Count a network exactly.

    `spec` is a `Spec`, the path of a file that holds a spec or a Keras model, a mapping as YAML gives it, a live
    model of Keras or PyTorch, or a layer on its own. `convention` is `keras` or `torch`; the spec's own framework,
    if absent. `dims` gives dims other values: whole numbers, truths, lists, expressions, or NumPy arrays of whole
    numbers, which make every total an array. `input_shape` is the shape that a layer on its own, or a PyTorch
    module, is given, without the batch; for several inputs, a list of shapes. `dtype` is that of every tensor for
    which the spec states none, in place of the spec's own. `expand` lists every copy of a
    repeated node; `depth` makes one row of each group that many levels down. Raises `ParamcalcError`.
    """
    from paramcalc.results import count as results

    if depth is not None and (type(depth) is not int or depth < 1):
        raise refuse("invalid-value", f"'depth' is a whole number of at least 1, not {quoted(depth)}")
    opened = _of_dtype(open_network(spec, input_shape), dtype)
    counted = results.count(opened, convention, dims=_given(spec, opened, dims), expand=expand, depth=depth)
    if not isinstance(spec, Layer):
        return counted
    return replace(counted, layers=tuple(row for row in counted.layers if row.kind != "Input"))


def explain(
    spec: Network,
    convention: Framework | None = None,
    *,
    node: str | None = None,
    dims: Mapping[str, GivenValue] | None = None,
    input_shape: InputShape | None = None,
    dtype: str | None = None,
) -> Derivation:
    """Explain why a network has the parameters that it has.

    `node` is the path of a layer or a group, the only one to be explained: as the rows of a count name it, with
    or without the counters of repeated nodes. The other arguments are those of `count`. Raises `ParamcalcError`,
    among others `unknown-node`.
    """
    from paramcalc.results import derivation as results

    opened = _of_dtype(open_network(spec, input_shape), dtype)
    return results.explain(opened, convention, node=_node_of(spec, opened, node), dims=_given(spec, opened, dims))


def compare(
    spec: Network,
    conventions: Sequence[Framework] = FRAMEWORKS,
    *,
    node: str | None = None,
    dims: Mapping[str, GivenValue] | None = None,
    input_shape: InputShape | None = None,
) -> Comparison:
    """Compare which tensors two conventions have of a network, and which count.

    The other arguments are those of `explain`. Raises `ParamcalcError`, among others `unknown-convention`.
    """
    from paramcalc.results import comparison as results

    if isinstance(conventions, str):
        raise refuse("wrong-type", "a comparison takes two conventions, not one text", "as in ['keras', 'torch']")
    opened = open_network(spec, input_shape)
    return results.compare(opened, conventions, node=_node_of(spec, opened, node), dims=_given(spec, opened, dims))


def formula(
    spec: Network | type[Layer],
    convention: Framework | None = None,
    *,
    keep: Iterable[str] | None = None,
    dims: Mapping[str, GivenValue] | None = None,
) -> Formula:
    """Give the closed form of a network in its dims, or the general one of a layer type.

    `keep` names the dims that stay symbols, all by default; the others, and those in `dims`, are
    substituted. A spec without dims gets a symbol for each width of its layers. Raises
    `ParamcalcError` for what `count` refuses, and for an unknown name.
    """
    from paramcalc.results import formula as results

    if isinstance(spec, type) and issubclass(spec, Layer):
        return results.form_of_kind(spec, convention or "keras")
    if isinstance(spec, Layer):
        name = type(spec).__name__
        raise refuse("wrong-type", "one layer on its own has no dims", f"pc.formula(pc.{name}) is the form of its type")
    names = None if keep is None else _read_names(keep)
    opened = open_network(spec)
    return results.formula(opened, convention, keep=names, dims=_given(spec, opened, dims))


def diff(before: Network, after: Network, convention: Framework | None = None) -> Difference:
    """Say what differs between two networks: their nodes, tensors, shapes, dtypes, training, ties, and totals.

    Both are what `count` takes, but for a layer. `convention` is that of both; the first one's framework, if absent.
    A node is known by its path. The result is false where nothing differs. Raises `ParamcalcError`.
    """
    from paramcalc.results import difference as results

    return results.diff(open_network(before), open_network(after), convention)


def check(spec: Network, against: Network, *, dims: Mapping[str, GivenValue] | None = None) -> Check:
    """Check whether a spec has exactly the tensors of something else: a model, or another spec.

    Both are what `count` takes, but for a layer. Tensors are compared as the framework of `against` has them,
    under the names that it has for them. They are matched by name and shape; the rest by shape, in their order,
    since a spec names its layers as it likes; and what is left by name. `dims` gives dims of the spec other values.
    Raises `ParamcalcError`.
    """
    from paramcalc.frameworks import check as frameworks

    other = read_spec(dict(against)) if isinstance(against, Mapping) else against
    opened = open_network(spec)
    return frameworks.check(opened, other, dims=_given(spec, opened, dims))


def source(
    spec: Network,
    framework: Framework | None = None,
    *,
    dims: Mapping[str, GivenValue] | None = None,
    dtype: str | None = None,
) -> str:
    """Write Python source that makes the real model of a spec, and needs the framework alone.

    `framework` is `keras` or `torch`; the spec's own, if absent. `dims` gives dims other values, and
    `dtype` another dtype, as for `count`. Raises `ParamcalcError`, among others `cannot-build`.
    """
    from paramcalc.frameworks import build as frameworks

    opened = _of_dtype(open_network(spec), dtype)
    return frameworks.source(opened, framework, dims=_given(spec, opened, dims))


def build(
    spec: Network,
    framework: Framework | None = None,
    *,
    dims: Mapping[str, GivenValue] | None = None,
    dtype: str | None = None,
) -> Any:
    """Build the real model of a spec: a `keras.Model`, or a `torch.nn.Module`, whose weights have their first values.

    The arguments are those of `source`, whose text is run. Under `torch.device("meta")` nothing is allocated.
    Raises `ParamcalcError`, among others `cannot-build`, and `missing-package` where the framework is not
    installed.
    """
    from paramcalc.frameworks import build as frameworks

    opened = _of_dtype(open_network(spec), dtype)
    return frameworks.build(opened, framework, dims=_given(spec, opened, dims))


# --- Opening ---------------------------------------------------------------------------


def open_network(given: Network, input_shape: InputShape | None = None) -> Spec:
    """Open what a verb is given, as a spec.

    Raises `wrong-type` for what is no network, and whatever is refused of its contents.
    """
    framework = _framework_of(given)
    if framework == "torch":
        from paramcalc.frameworks.torch.read import from_torch

        return from_torch(given, input_shape)
    if isinstance(given, Layer):
        return layer_spec(given, input_shape)
    if input_shape is not None:
        raise refuse(
            "wrong-type",
            "'input_shape' goes with a layer on its own, or with a module of PyTorch",
            "a spec says the shape of its input itself",
        )
    if framework == "keras":
        from paramcalc.frameworks.keras.read import from_keras

        return from_keras(given)
    if isinstance(given, Spec):
        return given
    if isinstance(derived := getattr(given, "spec", None), Spec):
        return derived
    if isinstance(given, Mapping):
        return _read_mapping(given)
    if isinstance(given, (str, PathLike)):
        return _read_path(given)
    message = f"takes a spec, a layer, a model, or the path of one, not {_named(given)}"
    raise refuse("wrong-type", message, _way_out(given))


def _read_path(given: str | PathLike[str]) -> Spec:
    """Read what a path leads to: a spec, a model, a configuration of Hugging Face, or the folder of one."""
    if "\n" in str(given) and not path.exists(given):
        raise refuse("unreadable-file", "takes the path of a file, not its text", "pc.loads reads a text")
    if path.isdir(given) and path.exists(path.join(given, CONFIG)):
        from paramcalc.families.configs import from_huggingface

        return from_huggingface(given)
    from paramcalc.frameworks.files import text_of
    from paramcalc.frameworks.reading import read

    text = text_of(given)
    if text is not None and any(mark in text for mark in CONFIG_MARKS):
        from paramcalc.families.configs import config_in, from_huggingface

        config = config_in(text)
        if config is not None:
            return from_huggingface(config)
    return read(given, text)


def _given(network: Network, opened: Spec, dims: Any) -> dict[str, Value]:
    """Read the values that dims are given. Raises `fixed-dim` for an argument that was fixed when it was derived."""
    fixed: Mapping[str, str] = {} if network is opened else getattr(network, "fixed", {})
    for name in dims if isinstance(dims, Mapping) and isinstance(fixed, Mapping) else ():
        if name in fixed:
            raise refuse("fixed-dim", f"'{name}' is fixed: {fixed[name]}", "derive it again with another value")
    return read_given(opened, dims)


def _of_dtype(spec: Spec, dtype: str | None) -> Spec:
    """Return a spec with another dtype for every tensor for which none is stated. Raises `invalid-value`."""
    if dtype is None:
        return spec
    try:
        return replace(spec, dtype=read_dtype(dtype))
    except ParamcalcError as error:
        raise of_key("dtype", error) from None


def _framework_of(given: Any) -> Framework | None:
    """Name the framework of a live model, by the modules of its classes; None for anything else.

    A model of Keras on PyTorch is a module of PyTorch as well, and Keras comes first.
    """
    packages = {cls.__module__.partition(".")[0] for cls in type(given).__mro__}
    if not packages.isdisjoint(("keras", "tf_keras")) and hasattr(given, "to_json"):
        return "keras"
    return "torch" if "torch" in packages and hasattr(given, "named_parameters") else None


def _read_mapping(given: Mapping[str, Any]) -> Spec:
    """Read a mapping: of a spec, the description of a Keras model, or a configuration of Hugging Face."""
    if "class_name" in given and "paramcalc" not in given:
        from paramcalc.frameworks.keras.read import from_keras

        return from_keras(given)
    if is_config(given):
        from paramcalc.families.configs import from_huggingface

        return from_huggingface(given)
    try:
        return read_spec(dict(given))
    except RecursionError:
        raise refuse("limit", "too many mappings and lists within one another") from None


def _named(given: Any) -> str:
    """Name what was given, as a message does."""
    if isinstance(given, type):
        return f"the type {given.__name__}"
    shown = given is None or isinstance(given, (int, float, list, tuple))
    return quoted(given) if shown else f"an object of the type {type(given).__name__}"


def _way_out(given: Any) -> str:
    """Say what to write for something that is no network."""
    if isinstance(given, type) and issubclass(given, Layer):
        return f"make a layer of it: pc.{given.example_call()}"
    if isinstance(given, (list, tuple)):
        return "a list of layers is a spec: pc.Spec(layers=[…])"
    if isinstance(given, Node):
        return "a node stands in a spec: pc.Spec(layers=[…])"
    if isinstance(given, bytes):
        return "pc.loads reads a text"
    return ""


def layer_spec(layer: Layer, input_shape: InputShape | None) -> Spec:
    """Make a spec of one layer on its own, with an input of each shape given."""
    shapes: Sequence[Any] = ()
    if input_shape is not None:
        if not isinstance(input_shape, (list, tuple)):
            way_out = f"as in input_shape=({input_shape},)" if isinstance(input_shape, int) else ""
            raise refuse("wrong-type", f"'input_shape' is a list of sizes, not {quoted(input_shape)}", way_out)
        several = bool(input_shape) and all(isinstance(shape, (list, tuple)) for shape in input_shape)
        shapes = input_shape if several else (input_shape,)
    inputs = [Node(kind("Input")(shape=tuple(shape)), name=f"input_{place}") for place, shape in enumerate(shapes)]
    names = tuple(str(node.name) for node in inputs)
    return Spec((*inputs, Node(layer, inputs=names or None)))


def _node_of(given: Network, opened: Spec, node: str | None) -> str | None:
    """Choose the node to explain: the layer, where one was given on its own."""
    if node is not None and not isinstance(node, str):
        raise refuse("wrong-type", f"'node' is the path of a node, not {quoted(node)}")
    return opened.layers[-1].default_name if node is None and isinstance(given, Layer) else node


def _read_names(names: Any) -> list[str]:
    """Read the names of dims; one alone may stand without a list."""
    if isinstance(names, str):
        return [folded_name(names)]
    if not isinstance(names, Iterable):
        raise refuse("wrong-type", f"'keep' is a list of dims, not {quoted(names)}", 'as in keep=["width"]')
    return [folded_name(str(name)) for name in names]
