"""Keras: the public classes of keras.layers that are no layer kind, each with the reason."""

_BASE = "the base that layers are made from; it has no size of its own"
_FOREIGN = "it wraps code of another library: write the tensors of that code as Weights"

REASONS = {
    "Layer": _BASE,
    "Wrapper": _BASE,
    "InputSpec": "it describes what a layer takes, and is no layer",
    "Lambda": "it holds code, which no file is asked to run: write its tensors, if it has any, as Weights",
    "FlaxLayer": _FOREIGN,
    "JaxLayer": _FOREIGN,
    "TFSMLayer": _FOREIGN,
    "TorchModuleWrapper": _FOREIGN,
    "Pipeline": "it holds layers in sequence: write them as a group",
}
