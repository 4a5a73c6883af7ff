"""PyTorch: embedding_tables."""

from paramcalc.conventions import Equivalent

EQUIVALENTS = {
    "EmbeddingBag": (
        Equivalent(
            "torch.nn.EmbeddingBag",
            {"num_embeddings": "input_dim", "embedding_dim": "output_dim", "mode": "mode"},
            {"embeddings": "weight"},
        ),
    ),
    "ReversibleEmbedding": (),
}
