"""PyTorch: similarity."""

from paramcalc.conventions import Equivalent

EQUIVALENTS = {
    "Dot": (),
    "CosineSimilarity": (Equivalent("torch.nn.CosineSimilarity", {"dim": "axis"}),),
    "PairwiseDistance": (Equivalent("torch.nn.PairwiseDistance", {"keepdim": "keepdims"}),),
}
