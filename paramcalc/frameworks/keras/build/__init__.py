"""A spec as the source of a Keras model."""
