"""Building a model from a spec: what the writers of Keras and of PyTorch have in common."""
