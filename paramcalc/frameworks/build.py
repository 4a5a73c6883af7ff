"""A spec as the source of a real model, and as that model itself."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from paramcalc.conventions import convention
from paramcalc.core.algebra import Undecided
from paramcalc.core.errors import ParamcalcError, refuse
from paramcalc.core.lines import one_line
from paramcalc.core.registry import built_in_names
from paramcalc.frameworks.building.identifiers import camel, unique
from paramcalc.frameworks.building.naming import Names
from paramcalc.frameworks.building.parts import classes
from paramcalc.frameworks.building.writing import written
from paramcalc.frameworks.keras.build import layers as keras
from paramcalc.frameworks.keras.build.writer import KerasWriter
from paramcalc.frameworks.torch.build import operations as torch
from paramcalc.frameworks.torch.build.writer import TorchWriter
from paramcalc.graph import Graph, check_connections, evaluate, undecided_problem
from paramcalc.results.count import count
from paramcalc.spec import Framework, Spec, Value
from paramcalc.spec.loading import located

__all__ = ["build", "refused_kinds", "source"]


def source(spec: Spec, framework: Framework | None = None, *, dims: Mapping[str, Value] | None = None) -> str:
    """Write the Python source that makes the real model of a spec, and needs the framework alone.

    `framework` is `keras` or `torch`; the spec's own, if absent. `dims` replaces values of dims.
    Raises `ParamcalcError`, among others `cannot-build`.
    """
    target = convention(framework or spec.framework)
    try:
        total = count(spec, target.name, dims=dims).total
        if type(total) is not int:
            raise refuse("not-one-value", "a model is built with one value for each dim")
        graph = evaluate(spec, target.name, dims, fold=False)
        check_connections(spec, "a model")

        def names(taken: set[str]) -> Names:
            return Names(spec, graph, target.name, dims or {}, taken)

        return "\n".join((_keras if target.name == "keras" else _torch)(spec, graph, names, total)) + "\n"
    except ParamcalcError as error:
        raise located(error, spec.source) from None
    except Undecided as undecided:
        raise located(undecided_problem(undecided), spec.source) from None


def build(spec: Spec, framework: Framework | None = None, *, dims: Mapping[str, Value] | None = None) -> Any:
    """Make the real model of a spec: run what `source` prints.

    A `keras.Model`, or a `torch.nn.Module`, whose parameters have their initial values. Under
    `torch.device("meta")` nothing is allocated. Raises `ParamcalcError`, among others `cannot-build`,
    and `missing-package` where the framework is not installed.
    """
    text = source(spec, framework, dims=dims)
    names: dict[str, Any] = {"__name__": "paramcalc_model"}
    try:
        exec(compile(text, "<model>", "exec", dont_inherit=True), names)
    except ModuleNotFoundError as error:
        raise refuse(
            "missing-package", f"the model needs the package {error.name}", f"python -m pip install {error.name}"
        ) from None
    return names["build"]()


def refused_kinds(framework: str) -> list[str]:
    """List the layer types that cannot be built in a framework: it has no class for them that can be written."""
    own = keras.OWN_KINDS if framework == "keras" else torch.OWN_KINDS
    classes_of = convention(framework).equivalents
    return [kind for kind in built_in_names() if kind not in own and all(row.unwritten for row in classes_of(kind))]


def _keras(spec: Spec, graph: Graph, names: Callable[[set[str]], Names], total: int) -> list[str]:
    """Write a function that makes the model, behind those that it calls."""
    writer = KerasWriter(graph, names)
    statements = writer.statements()
    writer.settle()
    parts = _parts("keras", writer.parts)
    imports = [*(["from typing import Any", ""] if parts else []), "import keras"]
    body = []
    for template in writer.templates.values():
        given = ", ".join([template.signature, *(name for name, _ in template.parameters)])
        body += ["", "", f"def {template.name}({given}):", *template.lines(0, 4)]
    body += ["", "", "def build():", '    """The model, with new weights."""']
    body += [line for statement in statements for line in written(statement, 4)]
    lines = [*_head(spec, total, "Keras"), *imports, *_constants(writer.names, body), *parts, *body]
    return [*lines, "", "", 'if __name__ == "__main__":', "    build().summary()"]


def _torch(spec: Spec, graph: Graph, names: Callable[[set[str]], Names], total: int) -> list[str]:
    """Write a class of the whole, behind those of its groups, and a function that makes it."""
    writer = TorchWriter(graph, names)
    root = writer.root(camel(spec.name))
    root.uses.append(root.texts())
    writer.settle()
    root.name = unique(root.name, writer.taken_names)
    root.settle(set())
    parts = _parts("torch", writer.parts)
    body = []
    for template in (*writer.templates.values(), root):
        body += ["", "", f"class {template.name}(nn.Module):"]
        body += ['    """The whole model."""', ""] if template is root else []
        if template.sections[0]:
            given = ", ".join(["self", *(name for name, _ in template.parameters)])
            # the sizes that its forward run mentions too
            kept = [f"        self._{name} = {name}" for name in template.mentioned(1)]
            body += [f"    def __init__({given}):", "        super().__init__()", *kept, *template.lines(0, 8), ""]
        body += [f"    def forward(self, {template.signature}):", *template.lines(1, 8, "self._")]
    body += ["", "", "def build():", '    """The model, with new weights."""', f"    return {root.name}()"]
    used = _names_in([*parts, *body])
    imported = ", ".join(name for name in ("Tensor", "nn") if name in used)
    imports = ["import torch"] * ("torch" in used) + [f"from torch import {imported}"]
    imports += ["from torch.nn import functional"] * ("functional" in used)
    lines = [*_head(spec, total, "PyTorch"), *imports, *_constants(writer.names, body), *parts, *body]
    return [*lines, "", "", 'if __name__ == "__main__":', "    print(build())"]


def _names_in(lines: list[str]) -> set[str]:
    """Return the names that a source mentions."""
    return {node.id for node in ast.walk(ast.parse("\n".join(lines))) if isinstance(node, ast.Name)}


def _constants(names: Names, body: list[str]) -> list[str]:
    """Write the dims that the source mentions, each with its value."""
    found = names.definitions(_names_in(body))
    return ["", *found] if found else []


def _head(spec: Spec, total: int, framework: str) -> list[str]:
    """Write the comment at the head: what it is, and how large."""
    return [f"# {one_line(spec.name, 60) or 'A network'}: {total:,} parameters in {framework}.", ""]


def _parts(framework: str, names: set[str]) -> list[str]:
    """Return the text of the classes that the framework lacks."""
    found = classes(framework)
    return [line for name in sorted(names) for line in ("", "", *found[name].splitlines())]
