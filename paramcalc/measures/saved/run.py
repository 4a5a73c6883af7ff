"""The run of a network's layers, as far as it matters to what is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, Literal, TypeAlias

from paramcalc.conventions import convention
from paramcalc.conventions.table import evaluated, field_environment, named_by
from paramcalc.conventions.torch_saved import ACTIVATIONS, FUNCTIONS, LAYERS, OPERATIONS, PURPOSES, Operation, Row
from paramcalc.core import algebra
from paramcalc.core.algebra import Number, Shape
from paramcalc.core.errors import refuse
from paramcalc.core.expression import Environment, Expression
from paramcalc.layers.base.declaration import Layer
from paramcalc.measures.measure import Context, Term
from paramcalc.measures.saved.values import Storage, Value, width

#: How attention is computed: by the kernel that keeps no weights, step by step, or with the weights as a result.
Attention: TypeAlias = Literal["flash", "math", "weights"]
#: Whether a tensor of a layer is there, and trained, by its name.
Trained: TypeAlias = Callable[[str], bool]
Values: TypeAlias = Sequence[Value]
Shapes: TypeAlias = Sequence[Shape]
#: What a layer type does, where that is more than operations one after another.
Program: TypeAlias = Callable[["Run", Layer, Values, Trained, Shapes], list[Value]]

_NAMES = ("x", "y", "z")
#: What each is to the layer, as terms are called.
_ROLES = {"y": "second_input", "z": "third_input", "output": "output"}


class Run:
    """The run of layers one after another: what is kept, and how many bytes that is for each."""

    def __init__(self, context: Context, attention: Attention, programs: Mapping[str, Program]) -> None:
        self.context = context
        self.convention = convention("torch")
        self.batch = context.batch
        self.attention = attention
        self.programs = programs
        #: the share of the weights that an attention drops
        self.rate: float = 0
        #: of the tensors of the layer that runs, and of inputs that state none
        self.dtype = context.dtype
        #: what was decided by sizes, in order; a run over symbols is told it
        self.choices: list[bool] = []
        self.told: Iterator[bool] | None = None
        #: what is kept since it was last emptied
        self.kept: list[Term] = []
        #: the shapes of the inputs of the layer that runs, as the spec has them: without the batch
        self.stated: Sequence[Shape] = ()
        #: how many storages there have been
        self.storages = 0
        #: the storages that are kept
        self.marked: list[Storage] = []

    # --- what is kept

    def keep(self, value: Value, name: str = "input") -> None:
        """Keep what a tensor shows, unless its storage is kept already; `name` says what it is to the layer."""
        storage = value.storage
        if not storage.kept:
            storage.kept = True
            self.marked.append(storage)
            self.kept.append(term(name, storage.sizes))

    def make(self, name: str, elements: Number, dtype: str) -> None:
        """Keep what is made for the backward pass alone."""
        if type(elements) is int and elements == 0:
            return
        self.kept.append(term(name, (elements, width(dtype))))

    def decide(self, ask: Callable[[], bool]) -> bool:
        """Decide something by sizes; where it was decided before, as it was then."""
        choice = ask() if self.told is None else next(self.told)
        self.choices.append(choice)
        return choice

    # --- values

    def new(self, shape: Shape, dtype: str, needs_gradient: bool, order: Sequence[int] = ()) -> Value:
        """Make a tensor in a storage of its own."""
        self.storages += 1
        storage = Storage((*shape, width(dtype)), self.storages)
        return Value(storage, shape, dtype, needs_gradient, tuple(order) or tuple(range(len(shape))))

    def copy(self, value: Value) -> Value:
        """Copy what a tensor shows, in order."""
        return self.new(value.shape, value.dtype, value.needs_gradient)

    def like(self, value: Value, shape: Shape, needs_gradient: bool, dtype: str = "") -> Value:
        """Make a tensor whose elements lie as those of another with the same axes; without gaps."""
        order = value.order if len(shape) == len(value.shape) else ()
        return self.new(shape, dtype or value.dtype, needs_gradient, order)

    def placed(self, x: Value, shape: Shape, needs_gradient: bool, ranks: tuple[int, ...]) -> Value:
        """Make a tensor with the channels last, if those of another lie so, and it has one of these numbers of axes."""
        last = x.has_channels_last and len(x.shape) in ranks and len(shape) == len(x.shape)
        return self.new(shape, x.dtype, needs_gradient, x.order if last else ())

    def parameter(self, shape: Shape, dtype: str, trained: bool) -> Value:
        """Make a tensor that is there in any case."""
        made = self.new(shape, dtype, trained)
        made.storage.kept = True
        return made

    def in_order(self, value: Value) -> Value:
        """Put a tensor in order, if it is not."""
        return value if value.is_in_order else self.copy(value)

    def reshaped(self, value: Value, shape: Shape) -> Value:
        """Show a tensor with other axes, or copy it where no view does that."""
        found = value.reshaped(shape)
        return found if found is not None else self.new(shape, value.dtype, value.needs_gradient)

    def cast(self, value: Value, dtype: str) -> Value:
        """Bring a tensor to a dtype."""
        if value.dtype == dtype:
            return value
        return self.new(value.shape, dtype, value.needs_gradient, value.order)

    # --- layers

    def layer(self, layer: Layer, inputs: Sequence[Value], trained: Trained, shapes: Sequence[Shape]) -> list[Value]:
        """Run a layer on its inputs. `shapes` are those of its outputs, with the batch."""
        row = self.row(layer, inputs)
        if row.refused:
            raise refuse("not-measurable", f"{type(layer).__name__}: {row.refused}")
        around, self.stated = self.stated, [value.shape[1:] for value in inputs]
        values = [value.permuted(_order(layer, row, len(value.shape))) for value in inputs]
        orders = [_order(layer, row, len(shape)) for shape in shapes]
        shapes = [tuple(shape[axis] for axis in order) for shape, order in zip(shapes, orders, strict=True)]
        for step in row.steps.split():
            if step in self.programs:
                values = self.programs[step](self, layer, values, trained, shapes)
            else:
                shape = values[0].shape if OPERATIONS[step].placing == "same" else shapes[0]
                values = [self.apply(OPERATIONS[step], layer, values, trained, shape)]
        self.stated = around
        return [value.permuted(_inverse(_order(layer, row, len(value.shape)))) for value in values]

    def along_axis(self, layer: Any) -> Number:
        """Return the elements along the axes that the layer that runs names; 1 where it names none."""
        axis = getattr(layer, "axis", None)
        axes = () if axis is None else axis if isinstance(axis, tuple) else (axis,)
        shape = (self.batch, *self.stated[0]) if axes else ()
        return algebra.product(shape[each] for each in axes)

    def row(self, layer: Layer, inputs: Sequence[Value]) -> Row:
        """Return the row of a layer type that holds for a layer."""
        rows = _rows(type(layer).__name__)
        if len(rows) == 1:
            return rows[0]
        environment = field_environment(layer, [value.shape[1:] for value in inputs])
        return next(row for row in rows if row.when == "true" or algebra.truth(evaluated(row.when, environment)))

    def apply(
        self,
        operation: Operation,
        layer: Layer | None,
        inputs: Sequence[Value],
        trained: Trained,
        shape: Shape,
        role: str = "input",
    ) -> Value:
        """Run an operation on its inputs, whose output has a shape; `role` says what the first is to the layer."""
        values = dict(zip(_NAMES, inputs, strict=False))
        conditions = {name: value.needs_gradient for name, value in values.items()}
        needs = not operation.ends and (any(value.needs_gradient for value in inputs) or trained(""))
        x = values["x"]
        if operation.orders and not self._is_laid_out(operation, x):
            x = values["x"] = self.in_order(x)
        output = self._output(operation, inputs, x, shape, needs)
        if needs:
            values["output"] = output
            for name, when in operation.keeps.items():
                if name in values and _holds(when, conditions, trained):
                    self.keep(values[name], _ROLES.get(name, role))
            self._make(operation, layer, inputs, output)
        return output

    def operate(self, operation: Operation, inputs: Values, shape: Shape, role: str = "input") -> Value:
        """Run an operation that is no layer of its own, and owns nothing."""
        return self.apply(operation, None, inputs, lambda name: False, shape, role)

    def _is_laid_out(self, operation: Operation, x: Value) -> bool:
        """Whether an input lies as an operation wants it: in order, or with the channels last."""
        ranks = operation.placing if isinstance(operation.placing, tuple) else ()
        channels_last = len(x.shape) in ranks and x.has_channels_last and not x.cuts and not x.scattered
        return channels_last or x.is_in_order

    def _output(self, operation: Operation, inputs: Sequence[Value], x: Value, shape: Shape, needs: bool) -> Value:
        """Make the output of an operation."""
        if operation.own_dtype:
            return self.new(shape, self.dtype, needs)
        if operation.placing == "same":
            # the tensor itself, which an attention tells from another that shows the same
            return x if needs == x.needs_gradient else replace(x, needs_gradient=needs)
        if operation.placing == "as input":
            as_large = (each for each in inputs if algebra.same_shapes(each.shape, shape))
            return self.like(next(as_large, x), shape, needs, widest(inputs))
        return self.placed(x, shape, needs, () if operation.placing == "in order" else operation.placing)

    def _make(self, operation: Operation, layer: Layer | None, inputs: Sequence[Value], output: Value) -> None:
        if not operation.makes and not operation.makes_bytes:
            return
        environment = Environment({}) if layer is None else field_environment(layer, self.stated)
        sizes = {
            "batch": self.batch,
            "elements": algebra.product(inputs[0].shape),
            "outputs": algebra.product(output.shape),
            "along_axis": self.along_axis(layer),
        }
        environment = Environment({**environment.values, **sizes}, environment.input)
        for name, text in operation.makes.items():
            self.make(name, evaluated(text, environment), output.dtype)
        for name, text in operation.makes_bytes.items():
            self.kept.append(term(name, (evaluated(text, environment),)))


def widest(inputs: Sequence[Value]) -> str:
    """Return the dtype of what is made of several tensors."""
    found = {value.dtype for value in inputs}
    if {"float16", "bfloat16"} <= found:
        return "float32"
    floats = [each for each in found if "float" in each]
    return max(floats or found, key=lambda name: width(name))


def term(name: str, sizes: tuple[Number, ...]) -> Term:
    """Return what is kept under a name, as a term: a product of sizes."""
    return Term(name, sizes, PURPOSES[name])


def _order(layer: Any, row: Row, rank: int) -> list[int]:
    """Return the axes of a tensor of a layer in the order in which PyTorch's layer has them.

    The channels stand behind the batch, and what is normalised at the end.
    """
    axes = list(range(rank))
    if row.last:
        named = layer.axis if isinstance(layer.axis, tuple) else (layer.axis,)
        last = sorted(axis % rank for axis in named)
        return [axis for axis in axes if axis not in last] + last
    if type(layer).layout in ("data_format", "axis") and rank > 2:
        axes.remove(layer.channel_axis % rank)
        axes.insert(1, layer.channel_axis % rank)
    return axes


def _inverse(order: Sequence[int]) -> list[int]:
    return [order.index(axis) for axis in range(len(order))]


def activation(name: str) -> Operation:
    """Return the operation of an activation. Raises `not-measurable` for one that is not in the table."""
    if name not in ACTIVATIONS:
        raise refuse("not-measurable", f"what the function '{name}' keeps is not in the table of PyTorch's")
    return ACTIVATIONS[name]


def function(name: str) -> Operation:
    """Return the operation of a function of two inputs. Raises `not-measurable` for one that is not in the table."""
    if name not in FUNCTIONS:
        raise refuse("not-measurable", f"what the function '{name}' keeps is not in the table of PyTorch's")
    return FUNCTIONS[name]


@cache
def _table() -> Mapping[str, tuple[Row, ...]]:
    return {
        name: rows if isinstance(rows, tuple) else (rows,) for key, rows in LAYERS.items() for name, _ in named_by(key)
    }


def _rows(name: str) -> tuple[Row, ...]:
    """Return the rows of a layer type; of one of the user's own, one that refuses it."""
    return _table().get(name) or (Row(refused="it is in no table of what PyTorch keeps"),)


def _holds(when: str, conditions: Mapping[str, bool], trained: Trained) -> bool:
    if when == "true":
        return True
    if when in conditions:
        return conditions[when]
    expression = Expression.parse(when)
    values = {name: conditions[name] if name in conditions else trained(name) for name in expression.names}
    return algebra.truth(expression.evaluate(Environment(values)))
