from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

import paramcalc as pc

from ..strategies import FLAG, SMALL, Case, sizes, some

MODES = ["int", "one_hot", "multi_hot", "count"]


def _shape(draw: DrawFn, mode: str) -> tuple[int, ...]:
    """Without an axis, Keras would count over the examples of a batch."""
    return draw(sizes(1 if mode in ("multi_hot", "count", "tf_idf") else 0, 4))


@st.composite
def _discretization(draw: DrawFn, framework: str) -> Case:
    fields: dict[str, Any] = some(draw, output_mode=st.sampled_from(MODES))
    if draw(FLAG):
        fields["bin_boundaries"] = [0.5 * place for place in range(draw(SMALL))]
    else:
        fields["num_bins"] = draw(st.integers(2, 6))
    return Case(pc.Discretization(**fields), (_shape(draw, fields.get("output_mode", "int")),), framework)


@st.composite
def _category_encoding(draw: DrawFn, framework: str) -> Case:
    fields = some(draw, output_mode=st.sampled_from(MODES[1:]))
    shape = _shape(draw, fields.get("output_mode", "multi_hot"))
    return Case(pc.CategoryEncoding(num_tokens=draw(SMALL), **fields), (shape,), framework, "int32")


@st.composite
def _hashing(draw: DrawFn, framework: str) -> Case:
    fields = some(draw, output_mode=st.sampled_from(MODES))
    shape = _shape(draw, fields.get("output_mode", "int"))
    dtype = draw(st.sampled_from(["int32", "string"]))
    return Case(pc.Hashing(num_bins=draw(SMALL), **fields), (shape,), framework, dtype)


@st.composite
def _crossing(draw: DrawFn, framework: str) -> Case:
    shape = draw(st.sampled_from([(), (1,)]))
    fields = some(draw, output_mode=st.sampled_from(MODES[:2]))
    dtypes = draw(st.sampled_from([("int32", "int32"), ("string", "int32")]))
    return Case(pc.HashedCrossing(num_bins=draw(SMALL), **fields), (shape, shape), framework, dtypes)


def _vocabulary(draw: DrawFn) -> dict[str, Any]:
    """Three categories or more, and maybe a bound that is reached or not."""
    count = draw(st.integers(3, 7))
    fields = {"vocabulary_size": count, **some(draw, output_mode=st.sampled_from([*MODES, "tf_idf"]))}
    if draw(FLAG):
        fields |= {"max_tokens": count + draw(st.integers(0, 3)), **some(draw, pad_to_max_tokens=FLAG)}
    return fields


@st.composite
def _lookup(draw: DrawFn, name: str, framework: str) -> Case:
    fields = _vocabulary(draw)
    dtype = "int64" if name == "IntegerLookup" else "string"
    return Case(getattr(pc, name)(**fields), (_shape(draw, fields.get("output_mode", "int")),), framework, dtype)


@st.composite
def _text(draw: DrawFn, framework: str) -> Case:
    fields = _vocabulary(draw)
    fields |= some(draw, split=st.sampled_from(["whitespace", "character", None]))
    fields |= some(draw, ngrams=st.sampled_from([1, 2, 5, [2], [1, 3]]))
    if fields.get("output_mode", "int") == "int":
        fields |= some(draw, output_sequence_length=SMALL, ragged=FLAG)
    whole = fields.get("split", "whitespace") is not None
    shape = draw(st.sampled_from([(), (1,)])) if whole else draw(sizes(1, 2))
    if not whole and fields.get("ngrams") == [2]:
        # of one word there is no pair
        shape = (*shape[:-1], shape[-1] + 1)
    return Case(pc.TextVectorization(**fields), (shape,), framework, "string")


CASES = {
    "Discretization": _discretization,
    "CategoryEncoding": _category_encoding,
    "Hashing": _hashing,
    "HashedCrossing": _crossing,
    "IntegerLookup": lambda framework: _lookup("IntegerLookup", framework),
    "StringLookup": lambda framework: _lookup("StringLookup", framework),
    "TextVectorization": _text,
}


def _adapted(layer: Any, inputs: list[Any]) -> Any:
    import numpy as np

    if layer.bin_boundaries is None:
        layer.adapt(np.linspace(0, 1, 100))
    return layer(*inputs)


def _with_numbers(layer: Any, inputs: list[Any]) -> Any:
    return _looked_up(layer, layer, [*range(1, 99)], inputs)


def _with_words(layer: Any, inputs: list[Any]) -> Any:
    return _looked_up(layer, layer, [f"word {place}" for place in range(98)], inputs)


def _with_texts(layer: Any, inputs: list[Any]) -> Any:
    return _looked_up(layer, layer._lookup_layer, [f"word {place}" for place in range(98)], inputs)


def _looked_up(layer: Any, table: Any, words: list[Any], inputs: list[Any]) -> Any:
    """The output with a vocabulary of the size that was stated; some places of it are for what is unknown, or empty."""
    import keras

    if not isinstance(inputs[0], keras.KerasTensor):
        known = words[: table._frozen_vocab_size - table._token_start_index()]
        table.set_vocabulary(known, [1.0] * len(known) if table.output_mode == "tf_idf" else None)
    return layer(*inputs)


def _pair(layer: Any, inputs: list[Any]) -> Any:
    return layer(tuple(inputs))


CALLS = {
    "keras.layers.Discretization": _adapted,
    "keras.layers.HashedCrossing": _pair,
    "keras.layers.IntegerLookup": _with_numbers,
    "keras.layers.StringLookup": _with_words,
    "keras.layers.TextVectorization": _with_texts,
}


def _counts_along_the_first_axis(case: Case) -> bool:
    """Of more than one axis, Keras says that the last is gone, where it is the first."""
    mode = case.layer.output_mode  # type: ignore[attr-defined]
    return mode in ("multi_hot", "count", "tf_idf") and len(case.shapes[0]) > 1


def _hashes_one_by_one(case: Case) -> bool:
    """Of several values, Hashing says that it makes one vector, where it makes one of each."""
    return isinstance(case.layer, pc.Hashing) and case.layer.output_mode == "one_hot"


def _keeps_the_axis_of_a_text(case: Case) -> bool:
    """TextVectorization drops an axis of one text, and says nothing of that; or of words that need no parting."""
    return isinstance(case.layer, pc.TextVectorization)


MISSTATED = (_counts_along_the_first_axis, _hashes_one_by_one, _keeps_the_axis_of_a_text)
