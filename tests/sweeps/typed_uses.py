"""What a type checker must say of uses of the package; `test_typing` compares it line by line.

A line that it must refuse ends in `# error:` and the code; one whose type it must find, in `# revealed:` and that type.
Nothing here is run.
"""

from typing import TypeAlias, assert_type, reveal_type

import numpy as np
from numpy.typing import NDArray

import paramcalc as pc

spec = pc.load("specs/gpt2.yaml")
sizes = np.array([64, 128])
#: 64 bits where it is proved that none wraps, else Python's numbers
Array: TypeAlias = NDArray[np.int64] | NDArray[np.object_]

# --- Counts

reveal_type(pc.count(spec).total)  # revealed: int
reveal_type(pc.count(spec, dims={"width": 1024, "depth": "heads"}).bytes)  # revealed: int
reveal_type(pc.count(spec).layers[0].trainable)  # revealed: int
reveal_type(pc.count(spec).layers[0].tensors[0].elements)  # revealed: int
many = pc.count(spec, dims={"width": sizes, "depth": 3})
assert_type(many.total, Array)
assert_type(many.layers[0].total, Array)
reveal_type(pc.count(spec).convention)  # revealed: Literal['keras'] | Literal['torch']


def parameters(count: pc.Count, row: pc.LayerCount) -> int:
    return count.total + row.total


pc.count(spec, "torch")
pc.count(spec, convention="keras")
pc.count(spec, "jax")  # error: call-overload
pc.count(spec, convention="jax")  # error: call-overload
pc.count(spec, dims={"width": 1.5})  # error: dict-item
pc.count(spec, dims=["width"])  # error: call-overload
pc.count(spec, width=3)  # error: call-overload

# --- What a verb takes

reveal_type(pc.count("specs/gpt2.yaml").total)  # revealed: int
pc.count({"paramcalc": 1, "layers": [{"Input": {"shape": [3]}}]})
pc.count(pc.Dense(units=512), input_shape=(4096,))
pc.count(pc.Dense(units=512), input_shape=[None, 4096])
pc.count(pc.MultiHeadAttention(num_heads=8, key_dim=64), input_shape=[(20, 512), (30, 256)])
pc.count(pc.Dense(units=512), input_shape=4096)  # error: call-overload
pc.count([pc.Dense(units=512)])  # error: call-overload
pc.count(pc.Dense)  # error: call-overload
pc.count(4)  # error: call-overload

# --- Closed forms

form = pc.formula(spec)
reveal_type(form(width=1024))  # revealed: int
reveal_type(form())  # revealed: int
assert_type(form(width=sizes, depth=3), Array)
reveal_type(form.values)  # revealed: dict[str, int]
reveal_type(form.by("group")[0].value)  # revealed: int | None
pc.formula(pc.Dense)
form.to("latex")
form.to("pdf")  # error: arg-type
form.by("node")  # error: arg-type
form(width="1024")  # error: call-overload

# --- Derivations and comparisons

reveal_type(pc.explain(spec).to("html"))  # revealed: str
reveal_type(pc.explain(spec).layers[0].one)  # revealed: int
pc.explain(spec).to("markdown", sheet="blank")
pc.explain(spec).to("pdf")  # error: arg-type
pc.explain(spec).to("text", sheet="worksheet")  # error: arg-type
pc.compare(spec, ["torch", "keras"]).to("text")
pc.compare(spec, ["torch", "jax"])  # error: list-item

# --- Layers

pc.Dense(units=4)
pc.Dense(units="a")
pc.Dense(units="4 * width", use_bias="biased", activation="gelu")
pc.Dense(units=[1])  # error: arg-type
pc.Dense(units=4.0)  # error: arg-type
pc.Dense(units=4, use_bias=3)  # error: arg-type
pc.Dense(4)  # error: call-arg
pc.Dense(units=4, unit=3)  # error: call-arg
pc.Dence(units=4)  # error: attr-defined
pc.Conv2D(filters=8, kernel_size=3, strides=[2, "stride"], padding="same")
pc.Conv2D(filters=8, kernel_size=(3, 3), padding=[1, 1], data_format="channels_first")
pc.Conv2D(filters=8, kernel_size=[[3]])  # error: list-item
pc.Conv2D(filters=8, kernel_size=3, data_format="channels")  # error: arg-type
pc.Input(shape=["width", 3, None])
pc.Input(shape=3)  # error: arg-type
pc.LayerNorm(axis=[1, -1])
pc.Dropout(rate=0.5)
pc.Dropout(rate="half")  # error: arg-type
pc.Weights(tensors={"token": [1, "width"]}, output="token")
pc.EinsumDense(equation="abc,cd->abd", output_shape=[None, 64])
pc.Bidirectional(layer=pc.LSTM(units=8))
pc.Bidirectional(layer={"LSTM": {"units": 8}})
pc.Bidirectional(layer=8)  # error: arg-type

# --- Specs

built = pc.Spec([pc.Input(shape=(3,)), pc.Node(pc.Dense(units=4), name="fc", times=2)], dims={"width": [1, 2]})
reveal_type(built.layers)  # revealed: tuple[paramcalc.spec.node.Node, ...]
reveal_type(built.framework)  # revealed: Literal['keras'] | Literal['torch']
pc.Spec(layers=(pc.Dense(units=4),), framework="torch", outputs=["fc"])
pc.Spec(layers=[pc.Dense])  # error: list-item
pc.Spec(layers=pc.Dense(units=4))  # error: arg-type
pc.Spec(layers=[], framework="jax")  # error: arg-type
pc.Node(layers=[pc.LayerNorm(), pc.Node(pc.Dense(units=4))], inputs="x", when="i > 0", trainable=False)
pc.Node(block="mlp", arguments={"inner": "4 * width", "bias": True}, times="depth", index="i")
pc.Node(pc.Dense(units=4), nam="fc")  # error: call-arg
pc.Node(pc.Dense(units=4), times=[2])  # error: arg-type
pc.Block([pc.LayerNorm(), pc.Dense(units="inner")], {"inner": None})
pc.Block(pc.LayerNorm())  # error: arg-type

# --- Models

pc.build(spec, "torch")
pc.build(spec, framework="jax")  # error: arg-type
reveal_type(bool(pc.check(spec, "model.keras")))  # revealed: bool
reveal_type(pc.from_keras("{}"))  # revealed: paramcalc.spec.document.Spec
