"""A spec as the source of a PyTorch module."""
