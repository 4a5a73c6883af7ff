"""PyTorch: embedding."""

from paramcalc.conventions import Equivalent

EQUIVALENTS = {
    "Embedding": (
        Equivalent(
            "torch.nn.Embedding",
            {"num_embeddings": "input_dim", "embedding_dim": "output_dim"},
            {"embeddings": "weight"},
            when="lora_rank == None and quantization == None",
        ),
    ),
}
