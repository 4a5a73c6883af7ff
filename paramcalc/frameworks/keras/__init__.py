"""Keras: its models read as specs, and specs built as its models."""

from __future__ import annotations

from typing import Any


def is_live_model(model: Any) -> bool:
    """Whether something is a model of Keras that is alive: with PyTorch behind Keras, it is a module as well."""
    return hasattr(model, "to_json") and hasattr(model, "count_params")
