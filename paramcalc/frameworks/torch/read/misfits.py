"""The refusal of a shape that reaches a layer which takes another."""

from __future__ import annotations

from collections.abc import Sequence

from paramcalc.core.algebra import Shape
from paramcalc.core.errors import ParamcalcError, refuse
from paramcalc.frameworks.torch.read.modules import Known
from paramcalc.layers.base.axes import shape_text


def misfit(layer: Known, path: str, shapes: Sequence[Shape]) -> ParamcalcError:
    """Return the refusal of the shapes that reach the layer of a path; the path of the whole is empty."""
    name = f"the layer '{path}'" if path else "the module"
    pairs = [*zip(shapes, layer.inputs, strict=False)]
    given, taken = next((pair for pair in pairs if not _agree(*pair)), pairs[0])
    if len(taken) == 1 and given:
        message = f"{given[-1]} {_noun(given[-1])} reach {name}, which takes {taken[-1]}"
    else:
        message = f"the shape {shape_text(given)} reaches {name}, which takes {shape_text(taken)}"
    return refuse("shape-mismatch", message, _hint(layer, given, taken))


def _noun(number: object) -> str:
    return "feature" if number == 1 else "features"


def _agree(given: Shape, taken: Shape) -> bool:
    """Whether a shape may be one that is taken, as far as both are numbers; further axes may stand in front."""
    last = given[len(given) - len(taken) :] if len(taken) == 1 else given
    numbers = zip(last, taken, strict=False)
    return len(last) == len(taken) and all(
        type(one) is not int or type(other) is not int or one == other for one, other in numbers
    )


def _hint(layer: Known, given: Shape, taken: Shape) -> str:
    """Say what a shape was perhaps meant to be."""
    if len(given) == len(taken) + 1 and _agree(given[1:], taken):
        return f"a shape is stated without the batch: {_text(given[1:])}"
    turned = (*given[-1:], *given[:-1])
    if len(taken) > 1 and len(given) == len(taken) and _agree(turned, taken):
        return f"PyTorch has the channels first: {_text(turned)}"
    return ""


def _text(shape: Shape) -> str:
    return "(" + ", ".join(str(size) if type(size) is int else "None" for size in shape) + ")"
