"""Numbers, arrays and symbols go through the same declarations: they must come to the same sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import paramcalc as pc
from paramcalc.conventions import convention
from paramcalc.core import algebra

from . import classes, strategies
from .strategies import FRAMEWORKS, Case

KINDS = [kind for kind in pc.kind_names() if kind in strategies.KINDS or classes.known(kind)]
#: What every width and length is multiplied by, one after another.
SCALES = (1, 2, 5)
#: The flags that decide the axes of an output, or how many there are; a symbol has no truth for them.
CONCRETE = (
    "bidirectional",
    "ceil_mode",
    "expand_dims",
    "go_backwards",
    "keepdims",
    "pad_to_max_tokens",
    "ragged",
    "return_indices",
    "return_sequences",
    "return_state",
    "reverse",
)

#: The kinds of which some layers need a size as a number: for a factor that floating point rounds, or to see
#: which of two axes is the larger.
WITH_NUMBERS = ("EinsumDense", "FractionalMaxPool2D", "FractionalMaxPool3D", "Upsample")

#: The elements of each tensor, whether it is there, and the output's shape.
Result = tuple[list[tuple[str, Any, Any]], tuple[Any, ...]]


def rewritten(case: Case, width: Callable[[int], Any], flag: Callable[[str, bool], Any]) -> Result:
    """The case with other sizes in place of its widths and lengths, and other truths for its flags."""
    layer = _rewritten(case.layer, width, flag).with_defaults(convention(case.framework).layout)
    (output, *_), tensors = layer.infer(*(_each(shape, width) for shape in case.shapes))
    return [(each.name, algebra.product(each.shape), each.condition) for each in tensors], output


def _rewritten(layer: pc.Layer, width: Callable[[int], Any], flag: Callable[[str, bool], Any]) -> pc.Layer:
    """The layer, and the layers in it, of which flags stay: two of them may have one of the same name."""
    kind = type(layer)
    spelled = {name: outside for outside, name in kind.spelled_fields().items()}
    stated = {spelled[name]: getattr(layer, name) for name in layer.model_fields_set}
    for name, value in stated.items():
        if name in kind.width_fields() and value is not None:
            stated[name] = _each(value, width)
        elif name in kind.flags() and name not in CONCRETE:
            stated[name] = flag(name, value)
        elif name in kind.nested_fields() and value is not None:
            inner = [_rewritten(each, width, as_stated) for each in (value if isinstance(value, tuple) else (value,))]
            stated[name] = inner if isinstance(value, tuple) else inner[0]
    return kind(**stated)


def _each(value: Any, width: Callable[[int], Any]) -> Any:
    """Sizes above 1, rewritten; a 1 is repeated against other sizes, and must stay one."""
    if isinstance(value, tuple):
        return tuple(_each(item, width) for item in value)
    return width(value) if type(value) is int and value > 1 else value


def as_stated(name: str, value: bool) -> bool:
    return value


def layouts(kind: str) -> st.SearchStrategy[Case]:
    drawn = [strategies.cases(kind, framework) for framework in FRAMEWORKS if kind in strategies.KINDS]
    if classes.known(kind):
        own = [framework for framework in FRAMEWORKS if convention(framework).equivalents(kind)]
        drawn += [classes.cases(kind, framework) for framework in own]
    return st.one_of(drawn)


@pytest.mark.parametrize("kind", KINDS)
@settings(settings.get_profile("layers"))
@given(data=st.data())
def test_arrays_are_numbers_side_by_side(kind: str, data: st.DataObject) -> None:
    case = data.draw(layouts(kind))
    scales = np.array(SCALES, dtype=object)
    one_by_one = [attempt(case, lambda size, scale=scale: scale * size) for scale in SCALES]
    together = attempt(case, lambda size: size * scales)
    if together is None:
        # what cannot be for one of the sizes is refused for all
        assert None in one_by_one
        return
    assert [at(together, place) for place in range(len(SCALES))] == one_by_one


def attempt(case: Case, width: Callable[[int], Any]) -> Result | None:
    """The result, or None where other sizes do not fit, or decide otherwise which is the larger."""
    try:
        return rewritten(case, width, as_stated)
    except (pc.ParamcalcError, algebra.Undecided):
        return None


def at(result: Result, place: int) -> Result:
    """One of the sizes of an array."""

    def chosen(value: Any) -> Any:
        return value[place] if algebra.is_array(value) else value

    tensors, output = result
    return [(name, chosen(elements), there) for name, elements, there in tensors], tuple(map(chosen, output))


@pytest.mark.parametrize("kind", KINDS)
@settings(settings.get_profile("layers"))
@given(data=st.data())
def test_symbols_stand_for_numbers(kind: str, data: st.DataObject) -> None:
    case = data.draw(layouts(kind))
    symbols = Symbols()
    try:
        tensors, output = rewritten(case, symbols.width, symbols.flag)
    except algebra.Undecided:
        # a closed form has this size as a number
        assume(kind not in WITH_NUMBERS)
        raise
    expected = rewritten(case, lambda size: size, as_stated)
    found = [(name, symbols.value(elements), symbols.value(there)) for name, elements, there in tensors]
    assert (found, tuple(map(symbols.value, output))) == expected


class Symbols:
    """Symbols, and what each stands for."""

    def __init__(self) -> None:
        self.values: dict[sympy.Symbol, int] = {}
        self.names: Iterator[sympy.Symbol] = sympy.numbered_symbols("n", sympy.Symbol, integer=True, positive=True)

    def width(self, size: int) -> Any:
        """A new symbol for a size."""
        symbol = next(self.names)
        self.values[symbol] = size
        return symbol

    def flag(self, name: str, value: bool) -> Any:
        """A symbol that is 1 where the flag holds."""
        symbol = sympy.Symbol(name, integer=True, nonnegative=True)
        self.values[symbol] = int(value)
        return symbol

    def value(self, form: Any) -> Any:
        """What a form comes to."""
        return int(form.subs(self.values)) if algebra.is_symbol(form) else form
