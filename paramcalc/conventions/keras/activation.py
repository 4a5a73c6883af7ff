"""Keras: activation."""

from paramcalc.conventions.keras import same

EQUIVALENTS = {
    "PReLU": same("PReLU", "shared_axes", when="slopes == 'element' or shared_axes != None"),
    # keras.activations.glu is a function, and no layer
    "GLU": (),
}
