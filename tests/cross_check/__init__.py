"""Every layer kind and random whole networks, held against the real Keras and the real PyTorch."""
