"""Random specs, built in Python, that count without an error: small networks with every feature of the format."""

from __future__ import annotations

from collections.abc import Iterator
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
    "act": pc.Dim(text="gelu", meaning="activation"),
    "kinds": pc.Dim(texts=["full", "sliding", "full"]),
    "ratio": pc.Dim(number=2.6),
    "rank": Expression.parse("none"),
    "model.experts": 2,
}
#: Other values of dims, at which a spec is another one that counts.
OTHER_VALUES: dict[str, list[Any]] = {
    "depth": [1, 2, 4],
    "flag": [False],
    "kind": ["layer"],
    "act": ["yes", "relu"],
    "kinds": [["full", "full", "sliding"]],
    "ratio": [2.5, 3],
    "rank": [4],
    "sizes": [[5, 4, 2]],
    "model.experts": [3, "depth - 1"],
}

_STEPS = ["wide // 3", "round_up(width, 4)", "ceil(width / depth)", "min(wide, sizes[1])", "max(width, 4) - width % 4"]
_DOUBLES = ["scaled(width, 0.29)", "scaled_up(wide, 0.07)", "scaled_near(width, ratio)", "scaled(size(1), 1.1)"]
_LISTS = ["sum(sizes[0:2])", "max(sizes[1:])", "len(sizes[:1]) + 2", 'position("sliding", kinds) + len(kinds)']
_PLAIN = ["width", "sizes[0]", "sizes[1]", "size(1)", "size(-1) + 1"]
_OF_NODES = ['size(1, "data") + 1', 'size([1, -1], "fc")[0]']
_EXPRESSIONS = (_PLAIN, _STEPS, _LISTS, [f"1 + {each}" for each in _DOUBLES])
_sizes = st.one_of(st.integers(1, 9), *map(st.sampled_from, _EXPRESSIONS))
_truths = st.one_of(st.booleans(), st.sampled_from(["flag", "not flag", "width > 6", "size(1) < 20"]))
_of_dims = ["flag", "not flag", "width != 6", "depth >= 2", "ratio > 2", "width != depth", "sizes == [3, 4]"]
_of_texts = ['kind == "rms"', 'kind in ["layer", "batch"]', '"sliding" not in kinds[1:]', "kinds[0] != act"]
_choices = st.sampled_from([*_of_dims, *_of_texts, "rank != none", "4 in sizes"])
_words = st.sampled_from(["relu", "act", '"tanh" if flag else act', "custom:its_own"])
_merging = st.sampled_from([pc.Add(), pc.Maximum(), "Average"])
_dtypes = st.sampled_from(["float16", "float32", "int4"])


def _optional(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


@st.composite
def layers(draw: st.DrawFn, width: int | None = None) -> pc.Layer:
    """A layer over the features of its input; the same number of features comes out, where a width is given."""
    kind = draw(st.sampled_from(["Dense", "BatchNorm", "LayerNorm", "RMSNorm", "Dropout", "Activation"]))
    if kind == "Dense":
        return pc.Dense(units=width or draw(_sizes), use_bias=draw(_truths), activation=draw(_words))
    if kind == "BatchNorm":
        return pc.BatchNorm(scale=draw(_truths), center=draw(_truths))
    return pc.kind(kind)(**{"Dropout": {"rate": 0.5}, "Activation": {"activation": draw(_words)}}.get(kind, {}))


def _place(draw: st.DrawFn, residual: bool, number: int | None = None) -> dict[str, Any]:
    """The keys of a node's place in the graph; in a group, its number may be its name."""
    name = None if number is None or draw(st.integers(0, 3)) else str(number)
    keys: dict[str, Any] = {"name": name, "trainable": draw(_optional(_truths)), "dtype": draw(_optional(_dtypes))}
    if draw(st.integers(0, 3)) == 0:
        keys["when"] = draw(st.one_of(_truths, _choices))
        if keys["when"] is not True and draw(st.booleans()):
            keys["otherwise"] = draw(st.sampled_from([pc.LayerNorm(), [pc.BatchNorm(), pc.RMSNorm()]]))
    if draw(st.integers(0, 5)) == 0:
        number = draw(st.integers(1, 4))
        keys |= {"parallel": draw(st.sampled_from([number, "model.experts"])), "merge": draw(_merging)}
    elif draw(st.integers(0, 3)) == 0:
        keys["times"] = draw(st.one_of(st.integers(0, 6), st.sampled_from(["depth", "depth - 1", "len(sizes)"])))
    if residual and draw(st.booleans()):
        keys["residual"] = True
    return keys


@st.composite
def nodes(
    draw: st.DrawFn, depth: int = 2, width: int | None = None, blocks: bool = True, number: int | None = None
) -> pc.Node:
    """A layer, a group or the call of a block, with the keys of its place."""
    what = draw(st.sampled_from(["layer", "layer", "group", "block"]))
    # within a residual every layer keeps the features
    kept = width or draw(st.sampled_from([None, 6]))
    if what == "group" and depth:
        inside = [draw(nodes(depth - 1, width, blocks, place)) for place in range(draw(st.integers(1, 3)))]
        if draw(st.integers(0, 3)) == 0:
            # what adds nothing to a path: the layer of this name has that of the group
            unnamed = pc.Node(draw(layers(width)), name=".")
            inside.append(pc.Node(layers=[pc.Node(draw(layers(width)), name="within"), unnamed], name="."))
        return draw(_groups(inside, depth, width, number))
    if what == "block" and blocks:
        arguments: dict[str, Any] = {"inner": draw(st.one_of(st.integers(1, 9), st.just("width")))}
        if draw(st.booleans()):
            arguments["bias"] = draw(_truths)
        keys = _place(draw, False, number)
        if (keys.get("times") or keys.get("parallel")) is not None and draw(st.booleans()):
            keys["index"], arguments["inner"] = "i", "i // 2 + 1"
        return pc.Node(block="mlp", arguments=arguments, **keys)
    return pc.Node(draw(layers(kept)), **_place(draw, width is not None, number))


@st.composite
def _groups(draw: st.DrawFn, inside: list[pc.Node], depth: int, width: int | None, number: int | None) -> pc.Node:
    """A group of these nodes, perhaps with values that are carried, tensors of its own, or copies to choose among."""
    keys = _place(draw, width is not None, number)
    if "times" in keys and draw(st.booleans()):
        # groups within one another need names of their own
        carried = f"c{depth}"
        keys |= {"carry": {carried: "width"}, "following": {carried: f"{carried} + 1"}}
        inside = [pc.Node(pc.Dense(units=carried)), *([pc.Node(pc.Dense(units=6))] if width else []), *inside]
    if "parallel" in keys and draw(st.booleans()):
        keys["active"] = 1
    if draw(st.integers(0, 3)) == 0:
        mask = {"shape": [2, "depth"], "role": "state", "dtype": "bool", "persistent": False}
        keys["tensors"] = {"scales": ["width"], "seen": {"shape": [2, "depth"], "role": "state"}, "mask": mask}
    return pc.Node(layers=inside, **keys)


@st.composite
def _ties(draw: st.DrawFn) -> Any:
    """Whose numbers the kernel of a layer from six features to as many as the width has."""
    tie = st.builds(lambda when: {"to": "fc.kernel", "when": when}, _choices)
    return draw(st.one_of(st.just("fc.kernel"), tie, st.lists(tie, min_size=1, max_size=2)))


@st.composite
def _far_references(draw: st.DrawFn) -> list[pc.Node]:
    """Copies that take what earlier copies of another node gave, and share the layer of the first of their own."""
    stage = [
        pc.Node(pc.Dense(units=draw(st.sampled_from(["width + i", "2 ** i * width", *_OF_NODES]))), name="conv"),
        *draw(st.sampled_from([[], [pc.Node(pc.RMSNorm(), when="i > 0")]])),
    ]
    back = draw(st.sampled_from(["down[depth - 1 - j].conv", "down[j].conv", "down[min(j, 1) * 0].conv"]))
    before = draw(st.sampled_from([7, f'size(-1, "{back}")', 'size(1, "down[depth - 1].conv") + j']))
    own = pc.Node(pc.Dense(units=6), name="own", when="j == 0")
    shared = pc.Node(share="up[0].own", when="j > 0")
    return [
        pc.Node(layers=stage, name="down", times="depth", index="i"),
        pc.Node(
            layers=[
                pc.Node(pc.Concatenate(), inputs=[back, "fc"]),
                pc.Node(pc.Dense(units=before)),
                pc.Node(pc.Dense(units=7)),
                own,
                shared,
            ],
            name="up",
            times="depth",
            index="j",
        ),
    ]


@st.composite
def _experts(draw: st.DrawFn) -> list[pc.Node]:
    """Copies side by side, which differ by their counter or not, and what takes the outputs of all of them."""
    unlike = draw(st.booleans())
    experts = pc.Node(
        layers=[pc.Dense(units="width + e" if unlike else draw(_sizes)), pc.Dense(units=6)],
        name="experts",
        inputs="fc",
        parallel=draw(st.sampled_from(["model.experts", "depth", 3])),
        index="e" if unlike else None,
        active=None if unlike else draw(_optional(st.just(1))),
    )
    return [experts, pc.Node(draw(st.sampled_from([pc.Concatenate(), pc.Add()])), inputs=["experts", "fc"])]


@st.composite
def _inventory(draw: st.DrawFn) -> list[pc.Node]:
    """Layers that state the size of their input."""
    found = []
    for _ in range(draw(st.integers(1, 3))):
        keys = {key: value for key, value in _place(draw, False).items() if key in ("when", "times", "trainable")}
        of = draw(st.sampled_from([["width"], [4, "wide"], ["depth", "scaled(width, ratio)"]]))
        found.append(pc.Node(draw(layers(5)), of=of, **keys))
    return found


def _tail(draw: st.DrawFn) -> Iterator[pc.Node]:
    """Nodes at the end of a network, which refer to its first ones."""
    if draw(st.booleans()):
        yield pc.Node(share="fc", inputs=("data",), name="again")
    if draw(st.booleans()):
        yield pc.Node(pc.Dense(units="width"), inputs=("fc",), tie={"kernel": draw(_ties())})
    if draw(st.integers(0, 2)) == 0:
        yield from draw(_far_references())
    if draw(st.integers(0, 2)) == 0:
        yield from draw(_experts())
    if draw(st.booleans()):
        yield pc.Node(pc.Concatenate(), inputs=("data", "fc"), name="both")
    if draw(st.integers(0, 3)) == 0:
        yield pc.Node(layers=draw(_inventory()), connections="none")


@st.composite
def specs(draw: st.DrawFn) -> pc.Spec:
    """A whole network: a sequence of nodes, some of them given names, with references, sharing and ties."""
    is_inventory = draw(st.integers(0, 9)) == 0
    if is_inventory:
        parts: list[Any] = draw(_inventory())
    else:
        start = [pc.Node(pc.Input(shape=("width",)), name="data"), pc.Node(pc.Dense(units=6), name="fc")]
        six = draw(st.lists(nodes(width=6), min_size=0, max_size=3))
        body = draw(st.lists(nodes(), min_size=1, max_size=4))
        parts = [*start, *six, *body, *_tail(draw)]
    mlp = pc.Block(
        layers=(pc.LayerNorm(), pc.Dense(units="inner", use_bias="bias"), pc.Dense(units="width")),
        arguments={"inner": None, "bias": True},
        requires=draw(st.sampled_from([(), ("inner > 0",)])),
    )
    return pc.Spec(
        layers=parts,
        name=draw(st.sampled_from(["", "net", "a: b", "yes", "größe"])),
        description=draw(st.sampled_from(["", "two\nlines", "010"])),
        framework=draw(st.sampled_from(["keras", "torch"])),
        dtype=draw(_optional(_dtypes)),
        connections="none" if is_inventory else "known",
        dims=DIMS,
        requires=draw(st.sampled_from([(), ("width > 0", "depth >= 1"), ('kind == "rms" or depth > 0',)])),
        blocks={"mlp": mlp},
        outputs=None if is_inventory else draw(_optional(st.just(("fc",)))),
    )
