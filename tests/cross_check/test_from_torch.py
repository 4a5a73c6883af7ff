"""Models of PyTorch, read as specs: each tensor by its name, shape, dtype and trainability, each tie, each total."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from torch import nn
from torch.nn.utils import parametrizations, prune

import paramcalc as pc
from paramcalc.frameworks.torch.read import untidied

from . import torch_model, torch_models
from .networks import networks

pytestmark = [
    pytest.mark.framework,
    pytest.mark.filterwarnings("ignore:enable_nested_tensor is True:UserWarning"),
    pytest.mark.filterwarnings("ignore:Lazy modules are a new feature:UserWarning"),
]


def tensors_of(module: nn.Module) -> dict[str, torch.Tensor]:
    """Every tensor under every name."""
    parameters = module.named_parameters(remove_duplicate=False)
    return {**dict(parameters), **dict(module.named_buffers(remove_duplicate=False))}


def facts(tensor: torch.Tensor) -> tuple[Any, ...]:
    parameter = isinstance(tensor, nn.Parameter)
    trainable = parameter and tensor.requires_grad
    return tuple(tensor.shape), "parameter" if parameter else "state", trainable, str(tensor.dtype).split(".")[-1]


def flat(name: str) -> str:
    """A name of either side, without what a spec must write otherwise: numbers follow a word, and no dots.

    What is added to its input stands in a group, the tensors of a module that holds others in a node, and a
    part of a list of modules is `layer_1_to_5`.
    """
    name = re.sub(r"_(\d+)_to_\d+\.(\d+)", lambda found: f"_{int(found[1]) + int(found[2])}", name)
    name = re.sub(r"\b(own|group)(_\d+)?\.", "", name)
    return re.sub(r"\b(layer|tensor)_(?=\d)", "", name).replace(".", "_").replace("__", "_").strip("_")


def check(module: nn.Module, inputs: Any = None) -> pc.Spec:
    """Read a module, and hold the spec to it; as it is given, and printed and read again."""
    spec = pc.from_torch(module, inputs)
    for each in (spec, pc.loads(pc.dumps(spec)), untidied(module, inputs)):
        check_count(pc.count(each, expand=True), module)
        check_count(pc.count(each), module, totals_only=True)
    return spec


def check_count(count: pc.Count, module: nn.Module, totals_only: bool = False) -> None:
    parameters, buffers = [*module.parameters()], [*module.buffers()]
    assert count.total == sum(each.numel() for each in parameters)
    assert count.trainable == sum(each.numel() for each in parameters if each.requires_grad)
    assert count.non_trainable == count.total - count.trainable
    assert count.buffers == sum(each.numel() for each in buffers)
    assert count.bytes == sum(each.nbytes for each in parameters)
    if totals_only:
        return
    own = Counter(
        (tensor.shape, tensor.role, tensor.trainable, tensor.dtype)
        for row in count.layers
        for tensor in row.tensors
        if tensor.tied_to is None
    )
    assert own == Counter(map(facts, (*parameters, *buffers)))


def check_names(spec: pc.Spec, module: nn.Module) -> None:
    """Each tensor has the name that the module has for it."""
    real = {flat(name): facts(tensor) for name, tensor in tensors_of(module).items()}
    rows = [row for row in pc.count(spec, expand=True).layers if row.tensors]
    # a module that is a kind has no name
    whole = f"{rows[0].name}." if len(rows) == 1 and "." not in rows[0].name else ""
    read = {
        flat(f"{row.name}.{tensor.name}".removeprefix(whole)): (
            tensor.shape,
            tensor.role,
            tensor.trainable,
            tensor.dtype,
        )
        for row in rows
        for tensor in row.tensors
        if tensor.tied_to is None
    }
    tied = sum(tensor.tied_to is not None for row in rows for tensor in row.tensors)
    assert read.items() <= real.items()
    if not tied:
        assert len(read) == len({id(tensor) for tensor in tensors_of(module).values()})


MODULES: dict[str, Callable[[], nn.Module]] = {
    "linear": lambda: nn.Linear(3, 4, bias=False),
    "convolution": lambda: nn.Conv2d(4, 6, 3, padding="same", groups=2),
    "transposed": lambda: nn.ConvTranspose2d(4, 6, 2, stride=2),
    "batch norm": lambda: nn.BatchNorm2d(5),
    "batch norm without affine": lambda: nn.BatchNorm2d(5, affine=False),
    "batch norm without statistics": lambda: nn.BatchNorm2d(5, track_running_stats=False),
    "layer norm of two axes": lambda: nn.LayerNorm((4, 8)),
    "group norm": lambda: nn.GroupNorm(2, 4),
    "prelu of channels": lambda: nn.PReLU(4),
    "embedding": lambda: nn.Embedding(10, 4),
    "lstm with everything": lambda: nn.LSTM(3, 5, num_layers=2, bidirectional=True, proj_size=2, batch_first=True),
    "lstm without bias": lambda: nn.LSTM(3, 5, bias=False),
    "gru": lambda: nn.GRU(3, 4, 2),
    "attention": lambda: nn.MultiheadAttention(8, 2),
    "attention of several widths": lambda: nn.MultiheadAttention(8, 2, kdim=3, vdim=5, add_bias_kv=True),
    "attention without bias": lambda: nn.MultiheadAttention(8, 2, bias=False, batch_first=True),
    "encoder layer": lambda: nn.TransformerEncoderLayer(8, 2, 16),
    "decoder layer": lambda: nn.TransformerDecoderLayer(8, 2, 16, bias=False),
    "encoder": lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 3, norm=nn.LayerNorm(8)),
    "decoder": lambda: nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 16), 2),
    "transformer": lambda: nn.Transformer(16, 2, 2, 3, 32),
    "weight norm": lambda: parametrizations.weight_norm(nn.Linear(3, 4)),
    "spectral norm": lambda: parametrizations.spectral_norm(nn.Conv2d(3, 4, 2)),
    "half": lambda: nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)).half(),
    "frozen": lambda: nn.Sequential(nn.Linear(3, 4).requires_grad_(False), nn.Linear(4, 5)),
    "nothing": lambda: nn.Identity(),
    "resnet": torch_models.ResNet,
    "u-net": torch_models.UNet,
    "gpt": torch_models.GPT,
    "vae": torch_models.VAE,
    "partly frozen": torch_models.PartlyFrozen,
    "shared": torch_models.Shared,
    "never called": torch_models.NeverCalled,
    "bare parameter": torch_models.BareParameter,
    "decided by the data": torch_models.Decided,
    "tied and transposed": torch_models.TiedConvolutions,
    "vision transformer": torch_models.VisionTransformer,
    "fused attention": lambda: torch_models.FusedAttention(at_once=False),
    "functions": torch_models.Functions,
    "last state": torch_models.LastState,
    "nested lists": torch_models.NestedLists,
    "more than linear": lambda: nn.Sequential(torch_models.MoreThanLinear(), nn.Linear(4, 2)),
    "weight norm of convolutions": lambda: nn.Sequential(
        parametrizations.weight_norm(nn.Conv1d(3, 4, 3)),
        parametrizations.weight_norm(nn.ConvTranspose1d(4, 4, 3), dim=1),
        parametrizations.weight_norm(nn.Conv1d(4, 4, 3), dim=None),
    ),
    "spectral norms": lambda: nn.Sequential(
        parametrizations.spectral_norm(nn.Linear(3, 4)),
        parametrizations.spectral_norm(nn.Linear(4, 4, bias=False)),
    ),
    "orthogonal": lambda: nn.Sequential(nn.Linear(3, 3), parametrizations.orthogonal(nn.Linear(3, 4))),
    "pruned": lambda: nn.Sequential(prune.identity(nn.Linear(3, 4), "weight"), nn.ReLU(), nn.Linear(4, 5)),
    "two dtypes": lambda: nn.Sequential(nn.Linear(3, 4).bfloat16(), nn.Linear(4, 2).double()),
    "encoder in a network": lambda: nn.Sequential(
        nn.Embedding(10, 8), nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 2), nn.Linear(8, 2)
    ),
}


@pytest.mark.parametrize("name", MODULES)
def test_module_agrees_tensor_by_tensor(name: str) -> None:
    module = MODULES[name]()
    spec = check(module)
    check_names(untidied(module), module)
    check_names(spec, module)


@pytest.mark.parametrize("name", MODULES)
def test_module_without_data_agrees_as_well(name: str) -> None:
    with torch.device("meta"):
        module = MODULES[name]()
    check(module)


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (torch_models.ResNet, (3, 224, 224)),
        (torch_models.UNet, (3, 32, 48)),
        (torch_models.VAE, (20,)),
        (torch_models.VisionTransformer, (3, 32, 32)),
        (lambda: torch_models.VisionTransformer(at_once=False), (3, 32, 32)),
        (torch_models.Functions, (3, 32, 32)),
    ],
)
def test_output_is_what_the_model_gives(make: Callable[[], nn.Module], shape: tuple[int, ...]) -> None:
    module = make().eval()
    example = torch.zeros(2, *shape)
    spec = check(module, example)
    assert pc.from_torch(module, shape) == spec
    output = module(example)
    first = output[0] if isinstance(output, tuple) else output
    rows = {row.name: row.output_shape for row in pc.count(spec, expand=True).layers}
    name = spec.outputs[0] if spec.outputs else [*rows][-1]
    found = rows.get(name) or next(shape for row, shape in reversed(rows.items()) if row.startswith(f"{name}."))
    assert found == tuple(first.shape[1:])
    assert spec.description == ""


def test_examples_give_their_dtype() -> None:
    spec = check(torch_models.GPT(), torch.zeros(2, 16, dtype=torch.int64))
    assert spec.layers[0].layer == pc.Input(shape=(16,), dtype="int64")


def test_nothing_of_the_module_is_changed() -> None:
    module = torch_models.GPT()
    module.h[0].train(False)
    called: list[Any] = []
    module.h[1].register_forward_hook(lambda *each: called.append(each))
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    attributes = [{**vars(each)} for each in module.modules()]
    random = torch.get_rng_state()
    pc.from_torch(module)
    assert not called
    assert torch.equal(torch.get_rng_state(), random)
    assert [{**vars(each)} for each in module.modules()] == attributes
    after = module.state_dict()
    assert after.keys() == before.keys()
    assert all(torch.equal(tensor, before[name]) for name, tensor in after.items())


def test_lazy_module_is_refused() -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.from_torch(nn.Sequential(nn.LazyLinear(4)))
    assert str(caught.value) == (
        "error[invalid-value]: '0.weight' has no size yet: a lazy module takes it from its first input\n"
        "    run the model once on an example, then read it"
    )


def test_what_is_no_module_is_refused() -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.from_torch({"weight": 3})
    assert str(caught.value) == "error[wrong-type]: takes a module of PyTorch, not a mapping"


def test_dtype_that_is_not_counted_is_refused() -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.from_torch(nn.Linear(2, 3, dtype=torch.complex64))
    assert str(caught.value) == (
        "error[invalid-value]: 'weight' has the dtype complex64, whose elements are not counted\n    convert it first"
    )


def test_repeats_are_written_as_such() -> None:
    spec = check(torch_models.GPT(depth=6), (16,))
    assert [node.times for node in spec.layers if node.name == "h"] == [6]


KINDS: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "encoder": (
        lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, norm_first=True), 3, norm=nn.LayerNorm(8)),
        "TransformerEncoder: {num_heads: 2, dim_feedforward: 16, norm_first: true, num_layers: 3, norm: LayerNorm}",
    ),
    "transformer": (
        lambda: nn.Transformer(16, 2, 2, 3, 32),
        "Transformer: {num_heads: 2, dim_feedforward: 32, num_encoder_layers: 2, num_decoder_layers: 3}",
    ),
    "weight norm": (
        lambda: parametrizations.weight_norm(nn.Linear(3, 4)),
        "WeightNorm: {layer: {Dense: {units: 4}}}",
    ),
    "weight norm along another axis": (
        lambda: parametrizations.weight_norm(nn.Linear(3, 3), dim=1),
        "WeightNorm: {layer: {Dense: {units: 3}}, axis: -2}",
    ),
    "spectral norm": (
        lambda: parametrizations.spectral_norm(nn.ConvTranspose2d(3, 4, 2)),
        "SpectralNorm: {layer: {Conv2DTranspose: {filters: 4, kernel_size: 2}}, axis: -2}",
    ),
    "padding of nothing": (lambda: nn.Conv2d(3, 4, 1, padding=0), "Conv2D: {filters: 4, kernel_size: 1}"),
}


@pytest.mark.parametrize("name", KINDS)
def test_module_is_of_the_kind_that_a_person_would_write(name: str) -> None:
    make, text = KINDS[name]
    assert f"  - {text}\n" in pc.dumps(check(make()))


@pytest.mark.filterwarnings("ignore:.*is deprecated:FutureWarning")
@pytest.mark.parametrize(("norm", "kind"), [("weight_norm", "WeightNorm"), ("spectral_norm", "SpectralNorm")])
def test_norms_that_pytorch_deprecates_are_the_same_kinds(norm: str, kind: str) -> None:
    module = getattr(nn.utils, norm)(nn.Linear(3, 4))
    assert f"  - {kind}: {{layer: {{Dense: {{units: 4}}}}}}\n" in pc.dumps(check(module))


def test_order_of_registration_is_said() -> None:
    assert check(torch_models.Decided()).description == (
        "Read from PyTorch. torch.fx cannot follow its calls, so the layers stand in the order in which they are"
        " registered, and a layer that does not fit the one before it begins with an Input of its own."
    )


def test_what_is_never_called_is_said() -> None:
    assert check(torch_models.NeverCalled()).description == (
        "Read from PyTorch. Never called: 'unused', 'group.0' and 'group.1'."
    )


def test_what_cannot_be_followed_within_is_said() -> None:
    module = nn.Sequential(nn.Linear(3, 4), torch_models.Decided(), nn.Linear(4, 2))
    assert check(module).description == (
        "Read from PyTorch. torch.fx cannot follow the calls in '1': what is in there stands in the order in which it"
        " is registered. Where a function that is no layer type stands between two layers, the second begins with an"
        " Input of its own."
    )


@pytest.mark.filterwarnings("ignore:.*torch.jit.script.*:DeprecationWarning")
def test_what_is_put_around_a_module_is_taken_off() -> None:
    module = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 5))
    for wrapped in (nn.DataParallel(module), torch.compile(module), nn.DataParallel(torch.compile(module))):
        assert pc.from_torch(wrapped) == pc.from_torch(module)
        assert pc.check(pc.from_torch(module), wrapped)


@pytest.mark.filterwarnings("ignore:.*torch.jit.script.*:DeprecationWarning")
def test_compiled_code_is_refused_and_can_be_checked() -> None:
    module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    compiled = torch.jit.script(module)
    assert pc.check(pc.from_torch(module), compiled)
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.from_torch(compiled)
    assert str(caught.value) == (
        "error[invalid-value]: a ScriptModule does not say what its layers are\n"
        "    read the module that it was made of; pc.check takes it as it is"
    )


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor:UserWarning")
@pytest.mark.filterwarnings("ignore:torch.ao.quantization is deprecated:DeprecationWarning")
def test_packed_weights_are_refused_and_not_counted_as_nothing() -> None:
    from torch.ao.quantization import quantize_dynamic

    module = quantize_dynamic(nn.Sequential(nn.Linear(3, 4)), {nn.Linear}, dtype=torch.qint8)
    assert [*module.parameters(), *module.buffers()] == []
    for function in (pc.from_torch, lambda each: pc.check(pc.Spec(layers=[pc.Input(shape=(3,))]), each)):
        with pytest.raises(pc.ParamcalcError) as caught:
            function(module)
        assert str(caught.value) == (
            "error[invalid-value]: '0._packed_params._packed_params' is kept by the module but is no parameter and no"
            " buffer, so it cannot be counted\n"
            "    read the model before it is quantised"
        )


def test_module_that_is_called_again_shares_its_group() -> None:
    layers = check(torch_models.Shared()).layers
    assert [(node.name, node.share) for node in layers[2:]] == [("body", None), (None, "layer"), (None, "body")]


def test_spec_of_a_gpt_is_as_a_person_would_write_it() -> None:
    written = pc.dumps(check(torch_models.GPT()))
    assert written.partition("framework: torch\n")[2] == GPT_WRITTEN
    assert GPT_WRITTEN in (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")


GPT_WRITTEN = """\
dims: {width: 24, vocabulary: 100}
layers:
  - Input: {shape: [null]}
    name: ids
  - Embedding: {input_dim: vocabulary, output_dim: width}
    name: wte
  - Input: {shape: [null]}
    name: wpe_input
  - Embedding: {input_dim: 16, output_dim: width}
    name: wpe
  - Add:
    inputs: [wte, wpe]
  - name: h
    times: 4
    layers:
      - residual: true
        layers:
          - LayerNorm:
            name: ln_1
          - name: attn
            layers:
              - Dense: {units: 3 * width}
                name: c_attn
              - Slice: {axis: 2, stop: width}
                name: slice
              - Slice: {axis: 2, start: width, stop: 2 * width}
                name: slice_1
                inputs: c_attn
              - Slice: {axis: 2, start: 2 * width}
                name: slice_2
                inputs: c_attn
              - Reshape: {target_shape: [-1, 3, 8]}
                inputs: slice
              - Permute: {dims: [2, 1, 3]}
                name: permute
              - Reshape: {target_shape: [-1, 3, 8]}
                inputs: slice_1
              - Permute: {dims: [2, 1, 3]}
                name: permute_1
              - Reshape: {target_shape: [-1, 3, 8]}
                inputs: slice_2
              - Permute: {dims: [2, 1, 3]}
                name: permute_2
              - Permute: {dims: [1, 3, 2]}
                name: permute_3
                inputs: permute_1
              - Einsum: {equation: 'bcxy,bcyz->bcxz'}
                inputs: [permute, permute_3]
              - Weights: {states: {mask: [1, 1, 16, 16]}}
                name: own
              - Activation: {activation: softmax}
                name: activation
              - Einsum: {equation: 'bcxy,bcyz->bcxz'}
                inputs: [activation, permute_2]
              - Permute: {dims: [2, 1, 3]}
              - Reshape: {target_shape: [-1, width]}
              - Dense: {units: width}
                name: c_proj
      - residual: true
        layers:
          - LayerNorm:
            name: ln_2
          - name: mlp
            layers:
              - Dense: {units: 4 * width}
                name: c_fc
              - Activation: {activation: gelu}
                name: gelu
              - Dense: {units: width}
                name: c_proj
  - LayerNorm:
    name: ln_f
  - Dense: {units: vocabulary, use_bias: false}
    name: lm_head
    tie: {kernel: wte.embeddings}
"""


def test_spec_of_a_resnet_is_as_a_person_would_write_it() -> None:
    written = pc.dumps(check(torch_models.ResNet((2, 2, 1, 1))))
    assert written.partition("framework: torch\n")[2] == RESNET_WRITTEN


RESNET_WRITTEN = """\
dims: {width: 64}
layers:
  - Input: {shape: [3, null, null]}
    name: x
  - Conv2D: {filters: width, kernel_size: 7, strides: 2, padding: 3, use_bias: false}
    name: conv1
  - BatchNorm:
    name: bn1
  - Activation: {activation: relu}
  - MaxPool2D: {pool_size: 3, strides: 2, padding: 1}
    name: maxpool
  - name: layer1
    times: 2
    layers:
      - residual: true
        layers:
          - Conv2D: {filters: width, kernel_size: 3, padding: 1, use_bias: false}
            name: conv1
          - BatchNorm:
            name: bn1
          - Activation: {activation: relu}
            name: relu
          - Conv2D: {filters: width, kernel_size: 3, padding: 1, use_bias: false}
            name: conv2
          - BatchNorm:
            name: bn2
      - Activation: {activation: relu}
        name: relu_1
  - name: layer2
    layers:
      - name: layer_0
        layers:
          - name: downsample
            layers:
              - Conv2D: {filters: 2 * width, kernel_size: 1, strides: 2, use_bias: false}
                name: layer_0
              - BatchNorm:
                name: layer_1
          - Conv2D: {filters: 2 * width, kernel_size: 3, strides: 2, padding: 1, use_bias: false}
            name: conv1
            inputs: input
          - BatchNorm:
            name: bn1
          - Activation: {activation: relu}
            name: relu
          - Conv2D: {filters: 2 * width, kernel_size: 3, padding: 1, use_bias: false}
            name: conv2
          - BatchNorm:
            name: bn2
          - Add:
            inputs: [bn2, downsample]
          - Activation: {activation: relu}
            name: relu_1
      - name: layer_1
        layers:
          - residual: true
            layers:
              - Conv2D: {filters: 2 * width, kernel_size: 3, padding: 1, use_bias: false}
                name: conv1
              - BatchNorm:
                name: bn1
              - Activation: {activation: relu}
                name: relu
              - Conv2D: {filters: 2 * width, kernel_size: 3, padding: 1, use_bias: false}
                name: conv2
              - BatchNorm:
                name: bn2
          - Activation: {activation: relu}
            name: relu_1
  - name: layer3
    layers:
      - name: layer_0
        layers:
          - name: downsample
            layers:
              - Conv2D: {filters: 4 * width, kernel_size: 1, strides: 2, use_bias: false}
                name: layer_0
              - BatchNorm:
                name: layer_1
          - Conv2D: {filters: 4 * width, kernel_size: 3, strides: 2, padding: 1, use_bias: false}
            name: conv1
            inputs: input
          - BatchNorm:
            name: bn1
          - Activation: {activation: relu}
            name: relu
          - Conv2D: {filters: 4 * width, kernel_size: 3, padding: 1, use_bias: false}
            name: conv2
          - BatchNorm:
            name: bn2
          - Add:
            inputs: [bn2, downsample]
          - Activation: {activation: relu}
            name: relu_1
  - name: layer4
    layers:
      - name: layer_0
        layers:
          - name: downsample
            layers:
              - Conv2D: {filters: 8 * width, kernel_size: 1, strides: 2, use_bias: false}
                name: layer_0
              - BatchNorm:
                name: layer_1
          - Conv2D: {filters: 8 * width, kernel_size: 3, strides: 2, padding: 1, use_bias: false}
            name: conv1
            inputs: input
          - BatchNorm:
            name: bn1
          - Activation: {activation: relu}
            name: relu
          - Conv2D: {filters: 8 * width, kernel_size: 3, padding: 1, use_bias: false}
            name: conv2
          - BatchNorm:
            name: bn2
          - Add:
            inputs: [bn2, downsample]
          - Activation: {activation: relu}
            name: relu_1
  - GlobalAveragePool2D: {keepdims: true}
    name: avgpool
  - Flatten
  - Dense: {units: 1000}
    name: fc
"""


# --- pc.check ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODULES)
def test_module_is_checked_against_its_own_spec(name: str) -> None:
    module = MODULES[name]()
    assert pc.check(pc.from_torch(module), module)


def test_what_differs_from_a_module_has_the_name_that_the_module_has() -> None:
    spec = pc.from_torch(torch_models.GPT())
    module = torch_models.GPT()
    module.h[2].mlp["c_fc"] = nn.Linear(24, 40)
    module.h[2].mlp["c_proj"] = nn.Linear(40, 24, bias=False)
    module.ln_f.weight.requires_grad_(False)
    mask = module.h[3].attn.mask
    del module.h[3].attn.mask
    module.h[3].attn.mask = nn.Parameter(mask)
    module.register_buffer("steps", torch.tensor(0))
    assert str(pc.check(spec, module)) == CHECKED


CHECKED = """\
                tensor                       spec                     model
other training  h.3.attn.mask                (1, 1, 16, 16) a buffer  (1, 1, 16, 16) trained
other training  ln_f.weight                  (24) trained             (24) not trained
other shape     h.2.mlp.c_fc.weight          (96, 24)                 (40, 24)
other shape     h.2.mlp.c_fc.bias            (96)                     (40)
other shape     h.2.mlp.c_proj.weight        (24, 96)                 (24, 40)
missing         steps                        –                        ()
extra           h.2.group_1.mlp.c_proj.bias  (24)                     –

spec:  56 tensors with 32,752 elements
model: 56 tensors with 29,985 elements"""


def test_spec_of_another_size_is_told_apart_from_a_module() -> None:
    spec = pc.Spec(layers=[pc.Input(shape=(3,)), pc.Dense(units=5, use_bias=False)], framework="torch")
    assert str(pc.check(spec, nn.Linear(3, 4))) == (
        "             tensor  spec    model\n"
        "other shape  weight  (5, 3)  (4, 3)\n"
        "missing      bias    –       (4)\n"
        "\n"
        "spec:  1 tensor with 15 elements\n"
        "model: 2 tensors with 16 elements"
    )


def test_a_module_that_is_itself_a_layer_has_its_own_names() -> None:
    module = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 3)
    spec = pc.from_torch(module)
    module.layers[1].linear1 = nn.Linear(8, 20)
    found = pc.check(spec, module)
    names = [*dict(module.named_parameters())]
    assert {each.name for each in found.ours} == {each.name for each in found.theirs} == {*names}
    differing = ["layers.1.linear1.weight", "layers.1.linear1.bias"]
    assert [(each.sort, each.theirs and each.theirs.name) for each in found.differences] == [
        ("other shape", name) for name in differing
    ]


# --- Random networks --------------------------------------------------------------------


class _Root(nn.Module):
    """What the builder of random networks made, to be read as it is registered."""

    def __init__(self, children: nn.Module) -> None:
        super().__init__()
        for name, child in children.named_children():
            self.add_module(name, child)


@settings(settings.get_profile("networks"))
@given(spec=networks(ties=True))
def test_random_network_is_read_back(spec: pc.Spec) -> None:
    root = _Root(torch_model.modules(spec))
    if not tensors_of(root):
        return
    check(root)
