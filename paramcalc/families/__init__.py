"""The architectures of Hugging Face: one document a model type, and the reader of a `config.json`.

    stored     the documents, in `data/`
    configs    a configuration as a spec, whose dims are its fields
    generator  how the documents are made, by running the real constructors

Only the generator needs PyTorch and transformers, and nothing imports it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: The file of a configuration in the folder of a model.
CONFIG = "config.json"
#: One of these stands in the text of every configuration: of a model, and of an adapter.
CONFIG_MARKS = (b'"model_type"', b'"peft_type"')


def is_config(data: Any) -> bool:
    """Whether something is a configuration of Hugging Face."""
    return isinstance(data, Mapping) and "paramcalc" not in data and ("model_type" in data or "peft_type" in data)
