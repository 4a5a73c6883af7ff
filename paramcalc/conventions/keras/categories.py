"""Keras: categories."""

from paramcalc.conventions.keras import same

_LOOKUP = "vocabulary_size max_tokens pad_to_max_tokens output_mode"

EQUIVALENTS = {
    "Discretization": same("Discretization", "bin_boundaries num_bins output_mode"),
    "CategoryEncoding": same("CategoryEncoding", "num_tokens output_mode"),
    "Hashing": same("Hashing", "num_bins output_mode"),
    "HashedCrossing": same("HashedCrossing", "num_bins output_mode"),
    "IntegerLookup": same("IntegerLookup", _LOOKUP),
    "StringLookup": same("StringLookup", _LOOKUP),
    "TextVectorization": same("TextVectorization", f"{_LOOKUP} output_sequence_length split ngrams ragged"),
}
