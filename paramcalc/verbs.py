"""The verbs: each opens what it is given, and calls what works it out.

A verb takes a spec, or one layer on its own with the shape of its input. Whatever else a verb may be given is
opened here as well, and nowhere else: `results` take specs only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from paramcalc.core.registry import kind
from paramcalc.layers.base.declaration import Layer
from paramcalc.spec import FRAMEWORKS, Node, Spec, Value

if TYPE_CHECKING:
    from paramcalc.results.comparison import Comparison
    from paramcalc.results.count import Count
    from paramcalc.results.derivation import Derivation
    from paramcalc.results.formula import Formula


def count(
    spec: Spec | Layer,
    convention: str | None = None,
    *,
    dims: Mapping[str, Value] | None = None,
    input_shape: Sequence[Any] | None = None,
    expand: bool = False,
    depth: int | None = None,
) -> Count:
    """The exact count of a spec, or of one layer on its own.

    `convention` is `keras` or `torch`; the spec's own framework, if absent. `dims` replaces
    values of dims: whole numbers, or NumPy arrays of them, which make every total an array.
    `input_shape` is what a single layer is given, without the batch; for several inputs, a list
    of shapes. `expand` lists every copy of a repeated node; `depth` makes one row of each group
    that many levels down. Raises `ParamcalcError`.
    """
    from paramcalc.results import count as results

    if not isinstance(spec, Layer):
        return results.count(spec, convention, dims=dims, expand=expand, depth=depth)
    counted = results.count(layer_spec(spec, input_shape), convention, dims=dims, expand=expand, depth=depth)
    return replace(counted, layers=tuple(row for row in counted.layers if row.kind != "Input"))


def explain(
    spec: Spec | Layer,
    convention: str | None = None,
    *,
    node: str | None = None,
    dims: Mapping[str, Value] | None = None,
    input_shape: Sequence[Any] | None = None,
) -> Derivation:
    """Why a spec, or one layer on its own, has the parameters it has.

    `node` is the path of a layer or a group, the only one to be explained: as the rows of a
    count name it, with or without the counters of repeated nodes. Raises `ParamcalcError`, among
    others `unknown-node`.
    """
    from paramcalc.results import derivation as results

    if isinstance(spec, Layer):
        spec = layer_spec(spec, input_shape)
        node = node or spec.layers[-1].default_name
    return results.explain(spec, convention, node=node, dims=dims)


def compare(
    spec: Spec | Layer,
    conventions: Sequence[str] = FRAMEWORKS,
    *,
    node: str | None = None,
    dims: Mapping[str, Value] | None = None,
    input_shape: Sequence[Any] | None = None,
) -> Comparison:
    """Which tensors two conventions have of a spec, or of one layer on its own, and which count.

    The other arguments are those of `explain`. Raises `ParamcalcError`, among others
    `unknown-convention`.
    """
    from paramcalc.results import comparison as results

    if isinstance(spec, Layer):
        spec = layer_spec(spec, input_shape)
        node = node or spec.layers[-1].default_name
    return results.compare(spec, conventions, node=node, dims=dims)


def formula(
    spec: Spec | type[Layer],
    convention: str | None = None,
    *,
    keep: Iterable[str] | None = None,
    dims: Mapping[str, Value] | None = None,
) -> Formula:
    """The closed form of a spec in its dims, or the general one of a layer type.

    `keep` names the dims that stay symbols, all by default; the others, and those in `dims`, are
    substituted. A spec without dims gets a symbol for each width of its layers. Raises
    `ParamcalcError` for what `count` refuses, and for an unknown name.
    """
    from paramcalc.results import formula as results

    if isinstance(spec, type):
        return results.form_of_kind(spec, convention or "keras")
    return results.formula(spec, convention, keep=keep, dims=dims)


def layer_spec(layer: Layer, input_shape: Sequence[Any] | None) -> Spec:
    """The spec of one layer on its own, with an input of each shape given."""
    several = bool(input_shape) and all(isinstance(shape, (list, tuple)) for shape in input_shape or ())
    shapes: Iterable[Any] = () if input_shape is None else input_shape if several else (input_shape,)
    inputs = [Node(kind("Input")(shape=tuple(shape)), name=f"input_{place}") for place, shape in enumerate(shapes)]
    names = tuple(str(node.name) for node in inputs)
    return Spec((*inputs, Node(layer, inputs=names or None)))
