"""Classes that a framework lacks, and that the source of a model brings with it where it needs them.

Their text is copied into the source; the modules here are never imported by paramcalc.
"""

from __future__ import annotations

import ast
from functools import cache
from importlib.resources import files


@cache
def classes(framework: str) -> dict[str, str]:
    """Return the text of each class that a framework lacks, by its name."""
    text = (files("paramcalc.frameworks") / framework / "build" / "parts.py").read_text(encoding="utf-8")
    found = [node for node in ast.parse(text).body if isinstance(node, ast.ClassDef)]
    return {node.name: ast.get_source_segment(text, node) or "" for node in found}
