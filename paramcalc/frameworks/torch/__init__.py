"""PyTorch: its modules read as specs, and specs built as its modules."""
