"""Keras: wrappers."""

from paramcalc.conventions import Equivalent

_BIDIRECTIONAL = {"layer": "layer", "merge_mode": "merge_mode", "backward_layer": "backward_layer"}

EQUIVALENTS = {
    "Bidirectional": (
        Equivalent(
            "keras.layers.Bidirectional",
            _BIDIRECTIONAL,
            when="backward_layer == None",
            parts={"forward": "forward_{class}", "backward": "backward_{class}"},
        ),
        # a layer that is given keeps its name
        Equivalent(
            "keras.layers.Bidirectional",
            _BIDIRECTIONAL,
            parts={"forward": "forward_{class}", "backward": "{class}"},
        ),
    ),
    "TimeDistributed": (Equivalent("keras.layers.TimeDistributed", {"layer": "layer"}, parts={"layer": "{class}"}),),
}
