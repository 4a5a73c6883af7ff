"""The model that `pc.build` makes, and the source that `paramcalc build` prints, against the count of the spec."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from math import prod
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

import paramcalc as pc
from paramcalc.conventions import convention
from paramcalc.core.algebra import Unknown
from paramcalc.frameworks.build import source
from tests.helpers import REFUSED

from . import reading
from .comparison import check_tensors, check_totals
from .networks import networks
from .reading import RealModel, RealTensor
from .strategies import FRAMEWORKS

pytestmark = pytest.mark.framework
ROOT = Path(__file__).resolve().parents[2]
SPECS = sorted((ROOT / "specs").glob("*.yaml"))
#: Dims with which a spec is small enough for Keras, which allocates all of it.
SMALLER: dict[str, dict[str, Any]] = {
    "llama2_7b": {"vocabulary": 300, "width": 64, "inner": 90, "depth": 3, "heads": 4, "key_value_heads": 2},
    "mixtral_8x7b": {
        "vocabulary": 70,
        "width": 32,
        "inner": 20,
        "depth": 2,
        "heads": 4,
        "key_value_heads": 2,
        "experts": 3,
    },
    "vit_b16": {"image": 32, "width": 24, "inner": 20, "depth": 2, "heads": 3},
    "mlp_mixer_b16": {"image": 32, "width": 24, "depth": 2, "token_inner": 7, "channel_inner": 9},
    "convnext_t": {"depths": [1, 2], "widths": [6, 8]},
    "t5_small": {"vocab_size": 70, "d_model": 24, "d_kv": 6, "d_ff": 20, "num_layers": 2, "num_heads": 3},
    "mamba_130m": {"vocabulary": 70, "width": 24, "depth": 2},
    "u_net": {"image": 16, "width": 4, "levels": 3},
    "whisper_tiny": {
        "width": 24,
        "depth": 2,
        "heads": 3,
        "inner": 20,
        "mels": 7,
        "frames": 20,
        "sources": 10,
        "targets": 9,
        "vocabulary": 70,
    },
    "dlrm": {"rows": [5, 7, 9], "bottom": [8], "top": [6]},
    "dcgan": {"noise": 9, "generator_width": 4, "discriminator_width": 6},
    "diffusion_block": {"image": 4, "width": 32, "time_width": 9, "text_width": 11, "words": 5},
}
BUILT = {framework: [path for path in SPECS if (path.stem, framework) not in REFUSED] for framework in FRAMEWORKS}
#: Other dims than a spec states.
OTHERS = {
    **SMALLER,
    "gpt2": {"vocabulary": 300, "context": 50, "width": 96, "depth": 2, "heads": 3},
    "lstm_classifier": {"vocabulary": 50, "width": 7},
    "resnet20": {"width": 5, "blocks_a_stage": 2, "classes": 3},
    "transformer": {"vocabulary": 70, "width": 24, "inner": 11, "depth": 2, "heads": 3},
    "t5_small": {**SMALLER["t5_small"], "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False},
}
BATCH, FREE = 2, 5


def check(spec: pc.Spec, framework: str, model: Any, dims: dict[str, Any] | None = None) -> None:
    """A model has the tensors, totals and output shapes of the count of its spec, and no others."""
    count = pc.count(spec, framework, dims=dims, expand=True)
    real = of_keras(model, count) if framework == "keras" else of_torch(model)
    check_tensors(spec, count, real, dims)
    check_totals(count, real)
    shapes = {row.name: (row.output_shape, *row.further_output_shapes) for row in count.layers}
    ends = spec.outputs or (count.layers[-1].name,)
    if all(end in shapes for end in ends):
        assert outputs(spec, framework, model, dims) == [_sizes(shapes[end][0], framework) for end in ends]


def paths_of(count: pc.Count) -> dict[str, str]:
    """The path of each layer by its name in Keras, which has something else than points between those of groups."""
    paths = {row.name for row in count.layers}
    separators = ("_", "-", "__", "--")
    return next(
        names for each in separators if len(names := {path.replace(".", each): path for path in paths}) == len(paths)
    )


def of_keras(model: Any, count: pc.Count) -> RealModel:
    trained = {id(variable) for variable in model.trainable_weights}
    paths = paths_of(count)

    def path(variable: Any) -> str:
        layer, slash, tensor = variable.path.partition("/")
        return f"{paths[layer]}{slash}{tensor}"

    return RealModel(
        tensors={path(v): RealTensor(tuple(v.shape), id(v) in trained, v.dtype) for v in model.weights},
        output_shapes={},
        total=model.count_params(),
        trainable=sum(prod(v.shape) for v in model.trainable_weights),
        non_trainable=sum(prod(v.shape) for v in model.non_trainable_weights),
        bytes=sum(v.value.numpy().nbytes for v in model.weights),
    )


def of_torch(model: Any) -> RealModel:
    parameters, buffers = dict(model.named_parameters()), dict(model.named_buffers())
    total = sum(each.numel() for each in parameters.values())
    trainable = sum(each.numel() for each in parameters.values() if each.requires_grad)
    return RealModel(
        tensors={
            name: RealTensor(tuple(tensor.shape), tensor.requires_grad, str(tensor.dtype).removeprefix("torch."))
            for name, tensor in (parameters | buffers).items()
        },
        output_shapes={},
        total=total,
        trainable=trainable,
        non_trainable=total - trainable,
        bytes=sum(each.nbytes for each in parameters.values()),
        buffers=sum(each.numel() for each in buffers.values()),
    )


def outputs(spec: pc.Spec, framework: str, model: Any, dims: dict[str, Any] | None) -> list[tuple[int | None, ...]]:
    """The shapes of what a model gives, without the batch: those that Keras says, and of a run of PyTorch."""
    if framework == "keras":
        return [tuple(each.shape[1:]) for each in model.outputs]
    import torch

    leaves = [leaf for leaf in reading.leaves(spec, "torch", dims) if isinstance(leaf.layer, pc.Input)]
    device = next((each.device for each in model.parameters()), torch.device("cpu"))
    examples = [
        torch.zeros(BATCH, *_sizes(leaf.output, "torch"), dtype=getattr(torch, leaf.layer.dtype), device=device)
        for leaf in leaves
    ]
    with torch.no_grad():
        result = model.eval()(*(examples or [torch.zeros(BATCH, device=device)]))
    return [tuple(each.shape[1:]) for each in (result if isinstance(result, tuple) else (result,))]


def _sizes(shape: Any, framework: str) -> tuple[int | None, ...]:
    return tuple((None if framework == "keras" else FREE) if isinstance(size, Unknown) else size for size in shape)


def built(spec: pc.Spec, framework: str, dims: dict[str, Any] | None = None) -> Any:
    """The model; of PyTorch without memory for its tensors."""
    if framework == "keras":
        return pc.build(spec, "keras", dims=dims)
    import torch

    with torch.device("meta"):
        return pc.build(spec, "torch", dims=dims)


def check_or_refused(spec: pc.Spec, framework: str) -> None:
    """The model is that of the count, or it is refused, and the refusal names the kind."""
    try:
        model = pc.build(spec, framework)
    except pc.ParamcalcError as error:
        refused = error.problems[0]
    else:
        return check(spec, framework, model)
    assert refused.code == "cannot-build"
    assert refused.message.split()[0] in {type(leaf.layer).__name__ for leaf in reading.leaves(spec, framework)}
    return None


# --- Every spec, and random ones --------------------------------------------------------------


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_spec_builds_the_model_that_is_counted(path: Path, framework: str) -> None:
    spec = pc.load(path)
    dims = SMALLER.get(path.stem) if framework == "keras" else None
    kind = REFUSED.get((path.stem, framework))
    if kind is not None:
        with pytest.raises(pc.ParamcalcError, match=f"cannot-build.*: {kind} ") as caught:
            built(spec, framework, dims)
        assert caught.value.code == "cannot-build"
        return
    check(spec, framework, built(spec, framework, dims), dims)


@settings(settings.get_profile("layers"))
@given(spec=networks())
def test_a_network_builds_the_model_of_keras_that_is_counted(spec: pc.Spec) -> None:
    check_or_refused(spec, "keras")


@settings(settings.get_profile("layers"))
@given(spec=networks(ties=True))
def test_a_network_builds_the_model_of_torch_that_is_counted(spec: pc.Spec) -> None:
    check_or_refused(spec, "torch")


# --- The source, where there is no paramcalc --------------------------------------------------

#: Runs each source, and prints the tensors of the model that it makes.
_RUNNER = """
import contextlib, json, runpy, sys
sys.modules["paramcalc"] = None
framework, *paths = sys.argv[1:]
found = {}
for path in paths:
    names = runpy.run_path(path)
    if framework == "torch":
        import torch
        with torch.device("meta"):
            model = names["build"]()
        tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
        found[path] = {name: list(tensor.shape) for name, tensor in tensors.items()}
    else:
        found[path] = {each.path: list(each.shape) for each in names["build"]().weights}
print(json.dumps(found))
"""


def keras_path(row: pc.LayerCount, tensor: pc.TensorCount) -> str:
    """The path of a tensor in a Keras model; our own attention is made of layers, its projections."""
    name = tensor.name
    if row.kind == "MultiHeadAttention" and "/" not in name:
        projection, _, kind = name.rpartition("_")
        name = f"{'attention_output' if projection == 'output' else projection}/{kind}"
    return f"{row.name.replace('.', '_')}/{name}"


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_source_of_every_spec_runs_without_paramcalc(framework: str, tmp_path: Path) -> None:
    """With its own dims, those of Keras small enough, and with others."""
    settings_of = {path: [SMALLER.get(path.stem) if framework == "keras" else None] for path in BUILT[framework]}
    runs = [(path, dims) for path, own in settings_of.items() for dims in (*own, OTHERS.get(path.stem, {}))]
    expected = {}
    for number, (path, dims) in enumerate(runs):
        target = tmp_path / f"{path.stem}_{number}.py"
        target.write_text(source(pc.load(path), framework, dims=dims))
        expected[str(target)] = {
            keras_path(row, tensor) if framework == "keras" else f"{row.name}.{tensor.name}": [*tensor.shape]
            for row in pc.count(pc.load(path), framework, dims=dims, expand=True).layers
            for tensor in row.tensors
            if tensor.tied_to is None
        }
    for backend in ("tensorflow", "torch") if framework == "keras" else ("",):
        command = [sys.executable, "-I", "-c", _RUNNER, framework, *expected]
        environment = {**os.environ, "KERAS_BACKEND": backend}
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout.splitlines()[-1]) == expected, backend


STATES = """
paramcalc: 1
name: seq2seq
dims: {words: 50, width: 8}
layers:
  - Input: {shape: [null], dtype: int32}
    name: source
  - Embedding: {input_dim: words, output_dim: width}
  - LSTM: {units: width, return_state: true}
    name: encoder
  - Input: {shape: [null], dtype: int32}
    name: target
  - Embedding: {input_dim: words, output_dim: width}
    name: embed
  - LSTM: {units: width, return_sequences: true, return_state: true}
    name: decoder
    inputs: [embed, encoder.1, encoder.2]
  - Dense: {units: words}
    name: head
outputs: [head, decoder.1]
"""


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_states_go_from_one_layer_to_another(framework: str) -> None:
    spec = pc.loads(STATES)
    model = pc.build(spec, framework)
    count = pc.count(spec, framework)
    check_tensors(spec, count, of_keras(model, count) if framework == "keras" else of_torch(model))
    if framework == "keras":
        assert [tuple(each.shape) for each in model.outputs] == [(None, None, 50), (None, 8)]
    else:
        import torch

        words, state = model(torch.zeros(2, 5, dtype=torch.int32), torch.zeros(2, 3, dtype=torch.int32))
        assert (words.shape, state.shape) == ((2, 3, 50), (2, 8))


# --- What is assumed of the frameworks --------------------------------------------------------


def test_the_names_of_a_module_are_those_that_torch_takes() -> None:
    from torch import nn

    from paramcalc.frameworks.torch.build.module_names import MODULE_NAMES

    assert {name for name in dir(nn.Module()) if not name.startswith("_")} - {"register_module"} <= MODULE_NAMES


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_arguments_that_are_left_out_have_the_default_of_their_field(framework: str) -> None:
    """For every class of Keras and each field with a default; for every class of PyTorch and those of our list."""
    defaults = convention(framework).table.defaults
    differing: dict[str, set[str]] = {}
    written: dict[str, set[str]] = {}
    for kind in pc.kind_names():
        for row in convention(framework).equivalents(kind):
            if row.alias:
                continue
            real = _defaults(reading.real_class(row))
            written.setdefault(row.name, set()).update(row.written.split())
            for argument, text in row.arguments.items():
                field = pc.kind(kind).model_fields.get(text)
                if framework == "torch":
                    known, default = argument in defaults, defaults.get(argument)
                else:
                    known = argument in real and field is not None and not field.is_required()
                    default = field.default if field is not None else None
                if known and not _same(default, real[argument]):
                    differing.setdefault(row.name, set()).add(argument)
    assert differing == {name: arguments for name, arguments in written.items() if arguments}


def test_an_argument_that_follows_from_no_field_is_left_out_where_it_is_the_default() -> None:
    import keras

    assert convention("keras").table.defaults == {"rms_scaling": keras.layers.LayerNormalization().rms_scaling}


def _defaults(cls: Any) -> dict[str, Any]:
    """The default of each argument of a constructor; of PyTorch's recurrent classes, which are made of any, as made."""
    signature = inspect.signature(cls.__init__).parameters
    if "kwargs" in signature and hasattr(cls, "all_weights"):
        return vars(cls(1, 1))
    return {name: each.default for name, each in signature.items()}


def _same(default: Any, real: Any) -> bool:
    # None is Keras's own for what its configuration says, and for no activation
    same = _one(default) == _one(real) or (real is None and default in ("channels_last", "linear"))
    # a flag that is not stated
    return same or (default is None and real is False)


def _one(value: Any) -> Any:
    """One number for all axes, where they are the same."""
    while isinstance(value, (tuple, list)) and len({*value}) == 1:
        value = value[0]
    return value
