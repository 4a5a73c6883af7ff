"""Keras: weight_normalization."""

from paramcalc.conventions import Equivalent

EQUIVALENTS = {
    "WeightNorm": (),
    "SpectralNorm": (
        Equivalent(
            "keras.layers.SpectralNormalization",
            {"layer": "layer"},
            {"vector_u": "vector_u: n -> () n"},
            when="axis == -1 and not right_vector and (wrapped_name == 'kernel' or wrapped_name == 'embeddings')",
            parts={"layer": "{class}"},
        ),
    ),
}
