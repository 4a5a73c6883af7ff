"""What a verb is given, opened as a spec: the one place that knows what a network may be given as.

A network is a spec, or whatever a spec can be read of: the path of a file, a mapping as YAML gives it, one
layer on its own with the shape of its input, a live model of Keras or PyTorch. No framework is imported for it:
whoever has a model has imported its framework.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from os import PathLike, path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from paramcalc.core.errors import quoted, refuse
from paramcalc.core.registry import kind
from paramcalc.families import CONFIG, CONFIG_MARKS, is_config
from paramcalc.frameworks.live import framework_of
from paramcalc.layers.base.declaration import Layer
from paramcalc.spec import Node, Spec, read_spec

if TYPE_CHECKING:
    from paramcalc.frameworks.deriving import Derived


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


def open_network(given: Network, input_shape: InputShape | None = None) -> Spec:
    """Open what a verb is given, as a spec.

    Raises `wrong-type` for what is no network, and whatever is refused of its contents.
    """
    framework = framework_of(given)
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
