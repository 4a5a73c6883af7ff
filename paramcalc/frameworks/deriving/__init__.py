"""The spec of whatever network a constructor makes, in the constructor's own arguments.

    arguments     the whole numbers among the arguments
    expressions   expressions in them
    tracing       numbers that remember how they were worked out: candidates and conditions
    literals      the doubles in its code
    running       the constructor, run within a budget
    constructing  what it makes at points
    parts         what a model owns, as a tree of parts
    reasons       why something was given up
    points        the values of the arguments at which it is run
    observing     where a number is observed
    identifying   which expression a number is
    columns       the values of expressions at many places
    table         the expressions by their values
    combining     short combinations of them
    laws          the laws of copies
    nodes         a node of the spec that is made
    segments      the parts of a part, in single ones and copies
    merging       one tree of several
    quotients     quotients that leave no remainder
    writing       the tree as a spec
    covering      whether points tell what expressions round and choose
    proof_points  where the spec is proved
    proving       the spec against what the constructor makes
    blaming       which argument has to be fixed
    search        the search
    derived       what was found
    evidence      how each tensor is known
    nesting       copies within copies
    connecting    its connections, where they can be followed

Everything that is stated was found by running the constructor on plain numbers, and compared with what it makes at
further ones.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from paramcalc.core.errors import ParamcalcError, quoted, refuse
from paramcalc.frameworks.deriving.arguments import Arguments, read_arguments
from paramcalc.frameworks.deriving.connecting import Given, NotConnected, connect, read_inputs
from paramcalc.frameworks.deriving.constructing import Constructor
from paramcalc.frameworks.deriving.derived import Derived, Evidence
from paramcalc.frameworks.deriving.evidence import evidence_carried, evidence_of, sampled_dims
from paramcalc.frameworks.deriving.running import SECONDS, Runner, rare_collections, states_kept
from paramcalc.frameworks.deriving.search import Derivation, Solution
from paramcalc.spec import FRAMEWORKS, unknown_convention

__all__ = ["Derived", "Evidence", "derive"]


def derive(
    constructor: Callable[..., Any],
    /,
    *arguments: Any,
    inputs: Any = None,
    framework: str | None = None,
    dims: Collection[str] | None = None,
    fixed: Collection[str] = (),
    budget: float | None = None,
    strict: bool = False,
    **named: Any,
) -> Derived:
    """Derive the spec of the network that a constructor makes, in its own arguments.

    `constructor` is a class or a function that makes a module of PyTorch or a model of Keras; it is run, many times,
    with other whole numbers. The whole numbers among the arguments, in lists, mappings, dataclasses and
    configurations as well, become dims; `dims` names those that shall, and `fixed` those that shall not. `budget` is
    the number of seconds that it may take, 60 if absent. With `strict`, dims are fixed of which an expression is known
    by its values alone.

    `inputs` are the shapes of what a module of PyTorch is given, without the batch: one, or a list of them. A size is
    a number, `None` for a length that varies, or an expression of the dims; `"context:int64"` is a shape with a dtype.
    With them the spec has the connections, where these can be followed; a model of Keras states its own.
    `framework` is `torch` or `keras`, and says of which the constructor makes a model.

    Raises `ParamcalcError` with `not-derivable` where nothing can be stated.
    """
    options = {"inputs": inputs, "framework": framework, "dims": dims, "fixed": fixed, "budget": budget}
    _check_options(constructor, [name for name, value in {**options, "strict": strict}.items() if value])
    shapes = read_inputs(inputs) if inputs is not None else None
    given = read_arguments(constructor, arguments, named, dims)
    for shape in shapes or ():
        shape.at(given.values)
    names = (fixed,) if isinstance(fixed, str) else fixed
    for name in names:
        if name not in given.places:
            raise refuse("unknown-dim", f"'{name}' is no dim", f"the dims are {', '.join(given.places)}")
    if framework is not None and framework not in FRAMEWORKS:
        raise unknown_convention(framework)
    seconds = SECONDS if budget is None else _seconds(budget)
    title = getattr(constructor, "__name__", "") or getattr(getattr(constructor, "func", None), "__name__", "model")
    asked = dict.fromkeys(names, "asked for")
    with states_kept(), rare_collections():
        # what is made is dropped before garbage is looked for as often as before: Python would look through all of it
        return _derived(given, Runner(seconds, framework=framework or ""), title, asked, shapes, strict)


def _derived(
    given: Arguments,
    runner: Runner,
    title: str,
    asked: Mapping[str, str],
    inputs: Sequence[Given] | None,
    strict: bool,
) -> Derived:
    """Derive a spec, with its connections if there are inputs; what was `asked` for is fixed."""
    derivation, solution = _best(given, runner, title, asked)
    fixed = asked
    while strict and (sampled := sampled_dims(derivation, solution)):
        fixed = {**solution.fixed, **dict.fromkeys(sampled, "its expressions are known by their values alone")}
        derivation, solution = _best(given, runner, title, fixed)
    before, (solution, unconnected) = solution, _connected(derivation, solution, inputs, strict)
    if all(name in solution.idle for name in solution.spec.dims):
        lost = {name: reason for name, reason in solution.fixed.items() if name not in asked}
        if lost:
            raise derivation.without_a_form(lost)
        raise refuse("not-derivable", f"no tensor of {title} changes with an argument that is a whole number")
    evidence = evidence_of(derivation, before)
    if solution is not before:
        evidence = evidence_carried(solution, before, evidence)
    return Derived(
        replace(solution.spec, description=_described(title, solution, evidence, unconnected)),
        solution.fixed,
        tuple(map(str, solution.requires)),
        tuple(solution.idle),
        evidence,
        tuple(solution.points),
        unconnected,
    )


def _described(title: str, solution: Solution, evidence: Mapping[str, Evidence], unconnected: str) -> str:
    """Say what a spec was derived from, and how well it is known."""
    sampled = sum(each == "sampled" for each in evidence.values())
    description = (
        f"Derived from {title}, compared with what it makes at {len(solution.points)} points."
        f" Tensors whose sizes the constructor itself worked out: {len(evidence) - sampled};"
        f" known by their values alone: {sampled}."
    )
    if solution.remark:
        description += f" {solution.remark}"
    if unconnected:
        description += f" Its connections are not known: {unconnected}."
    return description


def _connected(
    derivation: Derivation, solution: Solution, inputs: Sequence[Given] | None, strict: bool
) -> tuple[Solution, str]:
    """Return what was derived with its connections; where they are not known, without, and the reason."""
    if inputs is None and derivation.runner.framework != "keras":
        return solution, ""
    try:
        found = connect(derivation, solution, inputs or ())
    except NotConnected as reason:
        return solution, str(reason).rstrip(".")
    if strict and (sampled := sampled_dims(derivation, found)):
        return solution, f"expressions of {', '.join(sampled)} in them are known by their values alone"
    return found, ""


def _seconds(budget: Any) -> float:
    """Check a number of seconds."""
    if isinstance(budget, bool) or not isinstance(budget, (int, float)):
        raise refuse("wrong-type", f"budget takes a number of seconds, not {quoted(type(budget).__name__)}")
    if not budget > 0:
        raise refuse("invalid-value", f"budget takes a number of seconds above 0, not {budget}")
    return float(budget)


def _check_options(constructor: Callable[..., Any], options: Collection[str]) -> None:
    """Refuse options that are given and are parameters of the constructor as well."""
    called = constructor
    while isinstance(called, partial):
        called = called.func
    is_made = hasattr(called, "named_parameters") and not isinstance(called, type)
    if is_made or not callable(called):
        raise refuse(
            "wrong-type",
            f"takes a class or a function, not {quoted(type(called).__name__)}",
            "give what makes the module, and its arguments" if is_made else "",
        )
    try:
        parameters = inspect.signature(constructor).parameters
    except (TypeError, ValueError):
        return
    bound = getattr(constructor, "keywords", {})
    for option in options:
        if option in parameters and option not in bound:
            raise refuse(
                "not-derivable",
                f"'{option}' is an option of derive, and a parameter of the constructor",
                f"bind it first: functools.partial(constructor, {option}=…)",
            )


def _best(given: Arguments, runner: Runner, title: str, asked: Mapping[str, str]) -> tuple[Derivation, Solution]:
    """Derive with layer types; where dims are lost with them, as mere tensors, if these lose fewer."""
    found: tuple[Derivation, Solution] | None = None
    problem: ParamcalcError | None = None
    for kinds in (True, False):
        try:
            derivation = Derivation(Constructor(given, runner, title, kinds), dict(asked))
            solution = derivation.solve()
        except ParamcalcError as error:
            problem = problem or error
            continue
        if found is None or len(solution.fixed) < len(found[1].fixed):
            found = derivation, solution
        if len(solution.fixed) == len(asked):
            break
    if found is None:
        assert problem is not None
        raise problem
    return found
