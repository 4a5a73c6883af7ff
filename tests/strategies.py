"""Random specs, built in Python, that count without an error: small networks with every feature of the format."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

import paramcalc as pc
from paramcalc.core.expression import Expression

DIMS: dict[str, Any] = {
    "width": pc.Dim(6, meaning="features"),
    "depth": 3,
    "wide": Expression.parse("2 * width"),
    "flag": True,
    "sizes": (3, 4),
    "kind": pc.Dim(text="rms", one_of=["rms", "layer"]),
    "rank": Expression.parse("none"),
    "model.experts": 2,
}

_STEPS = ["wide // 3", "round_up(width, 4)", "ceil(width / depth)", "min(wide, sizes[1])", "max(width, 4) - width % 4"]
_PLAIN = ["width", "sizes[0]", "sizes[1]", "size(1)", "size(-1) + 1"]
_sizes = st.one_of(st.integers(1, 9), st.sampled_from(_PLAIN), st.sampled_from(_STEPS))
_truths = st.one_of(st.booleans(), st.sampled_from(["flag", "not flag", "width > 6", "size(1) < 20"]))
_choices = st.sampled_from(['kind == "rms"', 'kind in ["layer", "batch"]', "rank != none", "4 in sizes", "not flag"])
_merging = st.sampled_from([pc.Add(), pc.Maximum(), "Average"])
_dtypes = st.sampled_from(["float16", "float32", "int4"])


def _optional(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


@st.composite
def layers(draw: st.DrawFn, width: int | None = None) -> pc.Layer:
    """A layer over the features of its input; the same number of features comes out, where a width is given."""
    kind = draw(st.sampled_from(["Dense", "BatchNorm", "LayerNorm", "RMSNorm", "Dropout", "Activation"]))
    if kind == "Dense":
        return pc.Dense(units=width or draw(_sizes), use_bias=draw(_truths))
    if kind == "BatchNorm":
        return pc.BatchNorm(scale=draw(_truths), center=draw(_truths))
    return pc.kind(kind)(**{"Dropout": {"rate": 0.5}, "Activation": {"activation": "relu"}}.get(kind, {}))


def _place(draw: st.DrawFn, residual: bool) -> dict[str, Any]:
    """The keys of a node's place in the graph."""
    keys: dict[str, Any] = {"trainable": draw(_optional(_truths)), "dtype": draw(_optional(_dtypes))}
    if draw(st.integers(0, 3)) == 0:
        keys["when"] = draw(st.one_of(_truths, _choices))
        if keys["when"] is not True and draw(st.booleans()):
            keys["otherwise"] = draw(st.sampled_from([pc.LayerNorm(), [pc.BatchNorm(), pc.RMSNorm()]]))
    if draw(st.integers(0, 5)) == 0:
        number = draw(st.integers(1, 4))
        keys |= {"parallel": draw(st.sampled_from([number, "model.experts"])), "merge": draw(_merging)}
    elif draw(st.integers(0, 3)) == 0:
        keys["times"] = draw(st.one_of(st.integers(0, 6), st.sampled_from(["depth", "depth - 2", "len(sizes)"])))
    if residual and draw(st.booleans()):
        keys["residual"] = True
    return keys


@st.composite
def nodes(draw: st.DrawFn, depth: int = 2, width: int | None = None, blocks: bool = True) -> pc.Node:
    """A layer, a group or the call of a block, with the keys of its place."""
    what = draw(st.sampled_from(["layer", "layer", "group", "block"]))
    # within a residual every layer keeps the features
    kept = width or draw(st.sampled_from([None, 6]))
    if what == "group" and depth:
        inside = tuple(draw(st.lists(nodes(depth - 1, width, blocks), min_size=1, max_size=3)))
        keys = _place(draw, width is not None)
        if "times" in keys and draw(st.booleans()):
            # groups within one another need names of their own
            carried = f"c{depth}"
            keys |= {"carry": {carried: "width"}, "following": {carried: f"{carried} + 1"}}
            inside = (pc.Node(pc.Dense(units=carried)), *inside, *([pc.Node(pc.Dense(units=6))] if width else []))
        if "parallel" in keys and draw(st.booleans()):
            keys["active"] = 1
        if draw(st.integers(0, 3)) == 0:
            keys["tensors"] = {"scales": ["width"], "seen": {"shape": [2, "depth"], "role": "state"}}
        return pc.Node(layers=inside, **keys)
    if what == "block" and blocks:
        arguments: dict[str, Any] = {"inner": draw(st.one_of(st.integers(1, 9), st.just("width")))}
        if draw(st.booleans()):
            arguments["bias"] = draw(_truths)
        keys = _place(draw, False)
        if keys.get("times") is not None and draw(st.booleans()):
            keys["index"], arguments["inner"] = "i", "i // 2 + 1"
        return pc.Node(block="mlp", arguments=arguments, **keys)
    return pc.Node(draw(layers(kept)), **_place(draw, width is not None))


@st.composite
def specs(draw: st.DrawFn) -> pc.Spec:
    """A whole network: a sequence of nodes, some of them given names, with references, sharing and ties."""
    body = draw(st.lists(nodes(), min_size=1, max_size=4))
    six = draw(st.lists(nodes(width=6), min_size=0, max_size=3))
    start = [pc.Node(pc.Input(shape=("width",)), name="data"), pc.Node(pc.Dense(units=6), name="fc")]
    end = []
    if draw(st.booleans()):
        end.append(pc.Node(share="fc", inputs=("data",), name="again"))
    if draw(st.booleans()):
        end.append(pc.Node(pc.Dense(units="width"), inputs=("fc",), tie={"kernel": "fc.kernel"}))
    if draw(st.booleans()):
        end.append(pc.Node(pc.Concatenate(), inputs=("data", "fc"), name="both"))
    mlp = pc.Block(
        layers=(pc.LayerNorm(), pc.Dense(units="inner", use_bias="bias"), pc.Dense(units="width")),
        arguments={"inner": None, "bias": True},
    )
    return pc.Spec(
        layers=(*start, *six, *body, *end),
        name=draw(st.sampled_from(["", "net", "a: b", "yes", "größe"])),
        description=draw(st.sampled_from(["", "two\nlines", "010"])),
        framework=draw(st.sampled_from(["keras", "torch"])),
        dims=DIMS,
        requires=draw(st.sampled_from([(), ("width > 0", "depth >= 1"), ('kind == "rms" or not flag',)])),
        blocks={"mlp": mlp},
        outputs=draw(_optional(st.just(("fc",)))),
    )
