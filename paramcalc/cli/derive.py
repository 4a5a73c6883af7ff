"""`paramcalc derive`."""

from __future__ import annotations

import ast
import sys
import traceback
from collections.abc import Sequence
from functools import partial
from typing import Any

import click

from paramcalc.cli.printing import print_error, show, write
from paramcalc.core.errors import ParamcalcError

_WORDS = {"true": True, "false": False, "null": None, "none": None}


@click.command()
@click.argument("constructor", metavar="MODULE:NAME")
@click.argument("values", metavar="[NAME=VALUE]…", nargs=-1)
@click.option("--output", "-o", metavar="SPEC", help="Write the spec to this file; one of that name is replaced.")
@click.option("--check", "against", metavar="SPEC", help="Tell whether the code still gives this spec.")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="SHAPE",
    help="What a PyTorch module is given, without the batch, for the connections: 3,32,32 or context:int64."
    " May be repeated.",
)
@click.option("--fixed", multiple=True, metavar="NAME", help="An argument that stays a number. May be repeated.")
@click.option("--strict", is_flag=True, help="Fix arguments of which an expression is known by its values alone.")
@click.option("--budget", type=float, metavar="SECONDS", help="How long it may take; 60 seconds, if absent.")
@click.option("--traceback", "traces", is_flag=True, help="Show all of an exception of that code.")
def derive(
    constructor: str,
    values: Sequence[str],
    output: str | None,
    against: str | None,
    inputs: Sequence[str],
    fixed: Sequence[str],
    strict: bool,
    budget: float | None,
    traces: bool,
) -> None:
    """Print the spec of the network that a constructor makes, in its own arguments.

    This runs the code of MODULE, many times, with other whole numbers in place of those that are given. NAME is a
    class or a function that makes a module of PyTorch or a model of Keras. With --input, the spec has the connections
    of a module, where its calls can be followed. With --check, a table shows what differs from a spec, and the exit
    code is 1.

    \b
    Example:
      paramcalc derive my_package.models:GPT width=768 depth=12 heads=12 -o gpt.yaml
    """
    from paramcalc.frameworks.deriving import derive as derived
    from paramcalc.frameworks.deriving.loading import constructor_of
    from paramcalc.spec.writing import dumps

    try:
        # bound first, so that an argument may be called as an option of derive is
        bound = partial(constructor_of(constructor), **_named(values))
        found = derived(bound, inputs=inputs or None, fixed=fixed, strict=strict, budget=budget)
    except ParamcalcError as error:
        if traces and error.__cause__ is not None:
            traceback.print_exception(error.__cause__)
        raise
    if against is not None:
        _check(found.spec, against)
        return
    if found.unconnected:
        print_error(f"note: the connections are not known, so that the spec is an inventory: {found.unconnected}")
    text = dumps(found.spec)
    if output is None:
        show(text.rstrip())
    else:
        write(text.encode(), output, constructor, found.spec)
        show(str(found))


def _named(values: Sequence[str]) -> dict[str, Any]:
    """Read the arguments. Raises `UsageError` for what is none."""
    found = {}
    for each in values:
        name, equals, text = each.partition("=")
        if not equals or not name.isidentifier():
            raise click.UsageError(f"'{each}' is no argument such as width=768")
        found[name] = _value(text)
    return found


def _value(text: str) -> Any:
    """Read a value: a number, a truth, a list, or the text as it is."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _check(spec: Any, against: str) -> None:
    """Compare a derived spec with one in a file, and say what differs."""
    from paramcalc.verbs import diff
    from paramcalc.verbs.opening import open_network

    other = open_network(against)
    result = diff(other, spec)
    changed = _changed(other, spec)
    if result or changed:
        show("\n".join([*([result.to("text", names=(against, spec.name))] if result else []), *changed]))
        sys.exit(1)
    show(f"{spec.name} still gives {against}")


def _changed(before: Any, after: Any) -> list[str]:
    """Say how the dims and the conditions of two specs differ; their layers are compared at their own dims."""
    found = []
    if [*before.dims] != [*after.dims]:
        found.append(f"dims: {', '.join(before.dims)} before, {', '.join(after.dims)} now")
    if [*map(str, before.requires)] != [*map(str, after.requires)]:
        found.append(
            f"requires: {', '.join(map(str, before.requires))} before, {', '.join(map(str, after.requires))} now"
        )
    if not found and before.plain()["layers"] != after.plain()["layers"]:
        found.append("the layers have other expressions")
    return found
