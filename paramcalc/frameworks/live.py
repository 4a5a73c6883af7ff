"""What framework a live thing is of. No framework is imported for it: whoever has one has imported its framework."""

from __future__ import annotations

from typing import Any

from paramcalc.spec import Framework


def framework_of(given: Any) -> Framework | None:
    """Name the framework of a live model, or layer, by the modules of its classes; None for anything else.

    A model of Keras on PyTorch is a module of PyTorch as well, and Keras comes first.
    """
    packages = {cls.__module__.partition(".")[0] for cls in type(given).__mro__}
    if not packages.isdisjoint(("keras", "tf_keras")) and hasattr(given, "weights"):
        return "keras"
    return "torch" if "torch" in packages and hasattr(given, "named_parameters") else None
