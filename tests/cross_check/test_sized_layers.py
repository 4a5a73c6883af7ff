"""The form of each class with sizes, derived of its mere tensors, is that of what we declare of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

import paramcalc as pc
from paramcalc.frameworks.deriving.arguments import read_arguments
from paramcalc.frameworks.deriving.constructing import Constructor
from paramcalc.frameworks.deriving.running import Runner
from paramcalc.frameworks.deriving.search import Derivation
from tests.sized_layers import KERAS, PAGE, TORCH, Sized, declared, lines

pytestmark = pytest.mark.framework

#: How long a search may take: these tests may share a machine.
SECONDS = 600.0


def constructor(sized: Sized) -> Callable[..., Any]:
    """What makes a module or a model of a class, in its arguments."""
    names = ", ".join(sized.arguments)
    if sized.framework == "torch":
        from torch import nn

        return eval(f"lambda {names}: {sized.make}", {"nn": nn})  # type: ignore[no-any-return]
    import keras

    shapes = "".join(f"({''.join(f'{size}, ' for size in shape)}), " for shape in sized.shapes)
    made = eval(f"lambda {names}: ({sized.make}, ({shapes}))", {"layers": keras.layers})

    def build(**given: int) -> Any:
        layer, sizes = made(**given)
        inputs = [keras.Input(shape) for shape in sizes]
        return keras.Model(inputs, layer(inputs) if sized.is_listed else layer(*inputs))

    build.__signature__ = inspect.signature(made)  # type: ignore[attr-defined]
    return build


def form_of_tensors(sized: Sized, fixed: dict[str, str]) -> pc.Formula:
    """The form of what a class makes, of its mere tensors."""
    given = read_arguments(constructor(sized), (), sized.arguments, None)
    constructed = Constructor(given, Runner(SECONDS), sized.name, kinds=False)
    solution = Derivation(constructed, {**fixed}).solve()
    assert solution.fixed == fixed
    return pc.formula(solution.spec)


def check_same(measured: pc.Formula, ours: pc.Formula) -> None:
    assert not ours.fixed
    assert {str(each) for each in measured.expr.free_symbols} == {str(each) for each in ours.expr.free_symbols}
    same = {symbol: ours.symbols[name] for name, symbol in measured.symbols.items() if name in ours.symbols}
    assert (ours.expr - measured.expr.subs(same)).expand() == 0


@pytest.mark.parametrize("sized", [*TORCH, *KERAS], ids=lambda sized: sized.name)
def test_the_form_of_a_class_is_that_of_its_declaration(sized: Sized) -> None:
    ours = pc.formula(declared(sized))
    if not sized.counting:
        check_same(form_of_tensors(sized, {}), ours)
    if sized.framework == "torch":
        # as the layer type that it is, where that has the class's own names
        net = pc.derive(constructor(sized), budget=SECONDS, **sized.arguments)
        assert not net.fixed
        check_same(pc.formula(net), ours)


@pytest.mark.parametrize("sized", [each for each in TORCH if each.counting], ids=lambda sized: sized.name)
def test_a_layer_of_several_has_the_tensors_of_its_declaration_for_each_number(sized: Sized) -> None:
    for number in (1, 2, 4):
        case = sized._replace(arguments={**sized.arguments, sized.counting: number})
        measured = form_of_tensors(case, {sized.counting: "asked for"})
        check_same(measured, pc.formula(declared(case), dims={sized.counting: number}))


def test_the_page_has_these_forms() -> None:
    assert PAGE.read_text(encoding="utf-8") == "\n".join(lines()) + "\n", "python -m tests.sized_layers"
