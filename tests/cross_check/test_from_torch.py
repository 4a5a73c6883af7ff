"""Models of PyTorch, read as specs: each tensor by its name, shape, dtype and trainability, each tie, each total."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from torch import nn
from torch.nn.utils import parametrizations, prune

import paramcalc as pc
from paramcalc.frameworks.torch.read import untidied

from . import torch_model, torch_models
from .module_checks import check, check_names, tensors_of
from .networks import networks

pytestmark = [
    pytest.mark.framework,
    pytest.mark.filterwarnings("ignore:enable_nested_tensor is True:UserWarning"),
    pytest.mark.filterwarnings("ignore:Lazy modules are a new feature:UserWarning"),
]


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
    # functions that change no shape are all that may be left out
    assert spec.description in ("", *re.findall("Read from PyTorch. Left out, as functions .*", spec.description))


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


@pytest.mark.filterwarnings("ignore:.*torch.jit.script.*:DeprecationWarning")
def test_what_is_put_around_a_module_is_taken_off() -> None:
    module = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 5))
    for wrapped in (nn.DataParallel(module), torch.compile(module), nn.DataParallel(torch.compile(module))):
        assert pc.from_torch(wrapped) == pc.from_torch(module)
        assert pc.check(pc.from_torch(module), wrapped)


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


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2), (5, 8)),
        (nn.LSTM(4, 8, batch_first=True), (5, 4)),
        (nn.Linear(3, 4), (3,)),
        (nn.Linear(3, 4), None),
        (nn.MultiheadAttention(8, 2), None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_root_that_is_a_layer_adds_nothing_to_the_paths_of_its_tensors(
    module: nn.Module, shape: tuple[int, ...] | None
) -> None:
    spec = pc.from_torch(module, shape)
    paths = {".".join([*row.path, tensor.name]) for row in pc.count(spec).layers for tensor in row.tensors}
    assert paths == {name for name, _ in module.named_parameters()}
    assert pc.loads(pc.dumps(spec)) == spec
    assert str(pc.formula(spec))
    built = pc.build(spec)
    assert pc.check(spec, built)
    assert sum(each.numel() for each in built.parameters()) == pc.count(spec).total


@pytest.mark.filterwarnings("ignore:ComplexHalf support is experimental")
@pytest.mark.parametrize("dtype", [torch.complex32, torch.complex64, torch.complex128])
def test_complex_numbers_are_counted_as_the_module_has_them(dtype: torch.dtype) -> None:
    module = nn.Sequential(nn.Linear(3, 4))
    module[0].weight = nn.Parameter(torch.zeros(4, 3, dtype=dtype))
    module[0].bias = nn.Parameter(torch.zeros(4, dtype=dtype))
    count = pc.count(module)
    assert count.total == sum(each.numel() for each in module.parameters()) == 16
    assert count.bytes == sum(each.numel() * each.element_size() for each in module.parameters())
    assert pc.check(pc.from_torch(module), module)


class Nested(nn.Module):
    def __init__(self, depth: int) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)
        self.inner = Nested(depth - 1) if depth else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.linear(x)
        return x if self.inner is None else self.inner(x)


def test_what_is_printed_is_read_back_or_not_printed() -> None:
    for depth in (5, 40):
        module = Nested(depth)
        spec = pc.from_torch(module, (4,))
        assert pc.count(spec).total == 20 * (depth + 1)
        if depth == 5:
            assert pc.loads(pc.dumps(spec)) == spec
            continue
        with pytest.raises(pc.ParamcalcError, match="more than 64 mappings and lists within one another") as caught:
            pc.dumps(spec)
        assert caught.value.code == "limit"
