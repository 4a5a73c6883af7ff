"""Keras: embedding_tables."""

from paramcalc.conventions.keras import quantised

EQUIVALENTS = {
    "EmbeddingBag": (),
    "ReversibleEmbedding": quantised(
        "ReversibleEmbedding",
        {
            "input_dim": "input_dim",
            "output_dim": "output_dim",
            "tie_weights": "tie_weights",
            "lora_rank": "lora_rank",
        },
        when="tie_weights or lora_rank == None",
    ),
}
