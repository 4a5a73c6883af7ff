"""Keras: its models read as specs, and specs built as its models."""
