"""What other programs make of our XML, and compute with it."""

from __future__ import annotations

import math
import sys
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch


def read_by_libsbml(text: str) -> Any:
    """What libSBML makes of content MathML."""
    import libsbml as engine

    tree = engine.readMathMLFromString(text)
    assert tree is not None, f"libSBML cannot read {text}"
    return tree


def in_libsbml(tree: Any, sizes: dict[str, int]) -> int | str:
    """The value that libSBML computes at these sizes."""
    import libsbml as engine

    given = tree.deepCopy()
    for name, size in sizes.items():
        number = engine.ASTNode(engine.AST_REAL)
        number.setValue(float(size))
        given.replaceArgument(name, number)
    if given.getType() == engine.AST_FUNCTION_PIECEWISE:
        # of several conditions its evaluator asks for two
        given.getChild(1).reduceToBinary()
    value = engine.SBMLTransforms.evaluateASTNode(given)
    if math.isnan(value):
        return "no value"
    assert value.is_integer(), (engine.formulaToL3String(given), value)
    return int(value)


def read_by_openmath(text: str) -> Any:
    """The object that the package openmath makes of its XML."""
    # it imports from setuptools what newer ones no longer have, and does not use it in reading
    with patch.dict(sys.modules, {"pkg_resources": SimpleNamespace(resource_filename=None)}):
        from openmath import decoder
    return decoder.decode_bytes(text.encode()).omel
