"""How modules of PyTorch are written as specs, what is said of them, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations

import paramcalc as pc

from . import torch_models
from .module_checks import check

pytestmark = [
    pytest.mark.framework,
    pytest.mark.filterwarnings("ignore:enable_nested_tensor is True:UserWarning"),
    pytest.mark.filterwarnings("ignore:Lazy modules are a new feature:UserWarning"),
]
WRITTEN = Path(__file__).with_name("written")

# --- How they are written ---------------------------------------------------------------


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


def test_module_that_is_called_again_shares_its_group() -> None:
    layers = check(torch_models.Shared()).layers
    assert [(node.name, node.share) for node in layers[2:]] == [("body", None), (None, "layer"), (None, "body")]


@pytest.mark.parametrize(
    ("name", "make"), [("gpt", torch_models.GPT), ("resnet", lambda: torch_models.ResNet((2, 2, 1, 1)))]
)
def test_spec_is_as_a_person_would_write_it(name: str, make: Callable[[], nn.Module]) -> None:
    expected = (WRITTEN / f"{name}.yaml").read_text(encoding="utf-8")
    assert pc.dumps(check(make())).partition("framework: torch\n")[2] == expected


def test_spec_of_a_gpt_is_the_one_that_the_documentation_shows() -> None:
    expected = (WRITTEN / "gpt.yaml").read_text(encoding="utf-8")
    assert expected in (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")


class Block(nn.Module):
    """A layer, and an activation that others have as well."""

    def __init__(self, activation: nn.Module) -> None:
        super().__init__()
        self.fc, self.act = nn.Linear(4, 4), activation

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.act(self.fc(x))


def test_blocks_that_share_an_activation_are_one_that_is_repeated() -> None:
    activation = nn.ReLU()
    spec = check(nn.Sequential(*(Block(activation) for _ in range(4))), (4,))
    (repeated,) = (node for node in spec.layers if node.layers is not None)
    assert repeated.times == 4
    assert [node.name for node in repeated.layers or ()] == ["fc", "act"]


# --- What is followed, and what is said -------------------------------------------------


class Direct(nn.Module):
    """Modules whose forward run is called by itself, one of them with another in it."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(4, 8), nn.Sequential(nn.Linear(8, 2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.b.forward(self.a.forward(x))


class Ladder(nn.Module):
    """Two lists of modules in turn; of the second, what is in its modules."""

    def __init__(self) -> None:
        super().__init__()
        self.up = nn.ModuleList(nn.Linear(4, 4) for _ in range(4))
        self.down = nn.ModuleList(nn.Sequential(nn.Linear(4, 4)) for _ in range(3))
        self.last = nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.up[0](x)
        for number in range(3):
            y = self.up[number + 1](x) + self.down[number][0](y)
        return self.last(y)


class CosineHead(nn.Module):
    """A module that is never called, since its weight is read."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 10, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.linear(functional.normalize(x), functional.normalize(self.fc.weight))


class ScaledConvolution(nn.Module):
    """A convolution by a weight of its own."""

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(filters, channels, 3, 3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.conv2d(x, self.weight * 0.1, padding=1)


class WithEmptyBuffer(nn.Module):
    """A layer beside a buffer without an element."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(2, 3)
        self.register_buffer("seen", torch.zeros(0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x)


class TiedHead(nn.Module):
    """A recurrence between an embedding and its transpose."""

    def __init__(self) -> None:
        super().__init__()
        self.e = nn.Embedding(50, 8)
        self.r = nn.GRU(8, 8, batch_first=True)

    def forward(self, ids: torch.Tensor) -> Any:
        return self.r(self.e(ids))[0] @ self.e.weight.t()


class Flat(nn.Module):
    """A module that goes over the sizes of what it has."""

    def __init__(self) -> None:
        super().__init__()
        self.c, self.f = nn.Conv2d(1, 6, 3), nn.Linear(6 * 13 * 13, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = functional.max_pool2d(functional.relu(self.c(x)), 2)
        size = 1
        for each in x.size()[1:]:
            size *= each
        return self.f(x.view(-1, size))


PARTED = "Where a function that is no layer type stands between two layers, the second begins with an Input of its own."
NORMALIZED = "Left out, as functions that are no layer type: 'normalize'."
LEFT_OUT = "What comes after the last layer is no layer type, and is left out."
#: Modules, the shape of their input, their parameters, and what is said of them.
SAID: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...] | None, int, list[str]]] = {
    "forward called by itself": (Direct, (4,), 5 * 8 + 9 * 2, []),
    "two lists in turn": (Ladder, (4,), 7 * 20 + 10, []),
    "a weight that is read": (
        CosineHead,
        (4,),
        40,
        ["The weights of 'fc' are used without a call.", NORMALIZED, LEFT_OUT],
    ),
    "a weight that is read, within": (
        lambda: nn.Sequential(nn.Linear(8, 4), CosineHead()),
        (8,),
        36 + 40,
        ["The weights of '1.fc' are used without a call.", NORMALIZED, LEFT_OUT],
    ),
    "a weight of its own": (
        lambda: nn.Sequential(ScaledConvolution(3, 8), nn.Conv2d(8, 4, 1)),
        (3, 8, 8),
        216 + 36,
        [PARTED],
    ),
    "a weight of its own, deeper": (
        lambda: nn.Sequential(nn.Sequential(ScaledConvolution(3, 8)), nn.Conv2d(8, 4, 1)),
        (3, 8, 8),
        216 + 36,
        [PARTED],
    ),
    "a function behind the last layer": (TiedHead, (3,), 50 * 8 + 2 * 24 * 8 + 48, [LEFT_OUT]),
    "a buffer of no elements": (WithEmptyBuffer, (2,), 9, []),
    "a head that is taken off": (
        lambda: nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 0)),
        (4,),
        20,
        [LEFT_OUT],
    ),
    "sizes that are multiplied": (Flat, (1, 28, 28), 60 + 1015 * 5, []),
    "order of registration": (
        torch_models.Decided,
        None,
        sum(each.numel() for each in torch_models.Decided().parameters()),
        [
            (
                "torch.fx cannot follow its calls, so the layers stand in the order in which they are registered, and a"
                " layer that does not fit the one before it begins with an Input of its own."
            )
        ],
    ),
    "never called": (
        torch_models.NeverCalled,
        None,
        sum(each.numel() for each in torch_models.NeverCalled().parameters()),
        ["Never called: 'unused', 'group.0' and 'group.1'."],
    ),
    "what cannot be followed, within": (
        lambda: nn.Sequential(nn.Linear(3, 4), torch_models.Decided(), nn.Linear(4, 2)),
        None,
        16 + sum(each.numel() for each in torch_models.Decided().parameters()) + 10,
        [
            "torch.fx cannot follow the calls in '1': what is in there stands in the order in which it is registered.",
            PARTED,
        ],
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_what_a_spec_does_not_say_is_said(name: str) -> None:
    make, shape, total, said = SAID[name]
    spec = check(make(), shape)
    assert pc.count(spec).total == total
    assert spec.description == " ".join(["Read from PyTorch.", *said] if said else [])


def test_sizes_that_are_multiplied_leave_the_graph_whole() -> None:
    kinds = [type(row.leaf.layer).__name__ for row in pc.count(pc.from_torch(Flat(), (1, 28, 28))).layers if row.leaf]
    assert kinds == ["Input", "Conv2D", "Activation", "MaxPool2D", "Flatten", "Dense"]


# --- What is refused --------------------------------------------------------------------

IMAGE = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 30 * 30, 5))
#: Modules, what they are given, and what is said.
REFUSED: dict[str, tuple[Callable[[], Any], Any, str]] = {
    "lazy": (
        lambda: nn.Sequential(nn.LazyLinear(4)),
        None,
        (
            "error[invalid-value]: '0.weight' has no size yet: a lazy module takes it from its first input\n"
            "    run the model once on an example, then read it"
        ),
    ),
    "no module": (lambda: {"weight": 3}, None, "error[wrong-type]: takes a module of PyTorch, not a mapping"),
    "a dtype that is not counted": (
        lambda: nn.Linear(2, 3, device="meta", dtype=torch.float8_e8m0fnu),
        None,
        (
            "error[invalid-value]: 'weight' has the dtype float8_e8m0fnu, whose elements are not counted\n"
            "    convert it first"
        ),
    ),
    "an input smaller than the window": (
        lambda: nn.Sequential(nn.Conv1d(1, 2, 9), nn.ReLU()),
        (1, 4),
        (
            "error[empty-output]: Conv1D of (None, 1, 4) would have the output (None, 2, -4) (at 'layer_0')\n"
            "    too little is left of the input: pad it, as with padding: same, or reduce it less before"
        ),
    ),
    "another number of features": (
        lambda: nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1050, 10)
        ),
        (1, 28, 28),
        "error[shape-mismatch]: 1568 features reach the layer '4', which takes 1050",
    ),
    "another number of features, in half": (
        lambda: nn.Sequential(nn.Linear(4, 3), nn.Linear(5, 2)).half(),
        (7, 4),
        "error[shape-mismatch]: 3 features reach the layer '1', which takes 5",
    ),
    "a layer that takes others": (
        lambda: nn.Linear(4, 2),
        (7,),
        "error[shape-mismatch]: 7 features reach the module, which takes 4",
    ),
    "a shape with the batch": (
        lambda: IMAGE,
        (1, 3, 32, 32),
        (
            "error[shape-mismatch]: the shape (None, 1, 3, 32, 32) reaches the layer '0', which takes"
            " (None, 3, None, None)\n    a shape is stated without the batch: (3, 32, 32)"
        ),
    ),
    "the channels last": (
        lambda: IMAGE,
        (32, 32, 3),
        (
            "error[shape-mismatch]: the shape (None, 32, 32, 3) reaches the layer '0', which takes"
            " (None, 3, None, None)\n    PyTorch has the channels first: (3, 32, 32)"
        ),
    ),
    "two shapes for one input": (
        lambda: nn.Linear(4, 2),
        [(4,), (9,)],
        "error[invalid-value]: more inputs are given than the module takes",
    ),
    "two shapes for one input of several layers": (
        lambda: nn.Sequential(nn.Linear(4, 2), nn.ReLU()),
        [(4,), (9,)],
        "error[invalid-value]: more inputs are given than the module takes",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str) -> None:
    make, shapes, message = REFUSED[name]
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.from_torch(make(), shapes)
    assert str(caught.value) == message


#: Modules that PyTorch runs, and whose shapes are none of those that are refused.
TAKEN: dict[str, tuple[nn.Module, Any]] = {
    "further axes": (nn.Linear(4, 2), (7, 5, 4)),
    "further axes of several layers": (nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2)).double(), (7, 5, 4)),
    "memory and target": (nn.TransformerDecoderLayer(8, 2, 16), [(5, 8), (3, 8)]),
    "two inputs": (nn.Bilinear(3, 4, 2), [(3,), (4,)]),
    "ids": (nn.Sequential(nn.Embedding(9, 4), nn.Linear(4, 2)), torch.zeros(2, 5, dtype=torch.int64)),
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_fits_is_taken(name: str) -> None:
    check(*TAKEN[name])


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


# --- what is stacked -------------------------------------------------------------------


class Stacking(nn.Module):
    """Layers side by side, what they give stacked along an axis, and what is done with that."""

    def __init__(self, axis: int, behind: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(6, 5) for _ in range(4)])
        self.axis, self.behind = axis, behind

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.behind(torch.stack([layer(x) for layer in self.layers], dim=self.axis))


STACKED: dict[str, tuple[int, Callable[[torch.Tensor], torch.Tensor]]] = {
    "the first axis": (1, lambda x: x),
    "an axis between": (2, lambda x: x),
    "the last axis": (-1, lambda x: x),
    "the last but one": (-2, lambda x: x),
    "summed along it": (-1, lambda x: x.sum(-1)),
    "before the batch, and averaged": (0, lambda x: x.mean(0)),
    "before the batch, and added": (0, lambda x: x.sum(dim=0)),
    "before the batch, and the largest taken": (0, lambda x: torch.amax(x, dim=0)),
    "before the batch, and one taken": (0, lambda x: x[1]),
}


@pytest.mark.parametrize("case", STACKED)
def test_what_is_stacked_gives_the_same_numbers_once_it_is_built_again(case: str) -> None:
    module = Stacking(*STACKED[case])
    spec = pc.from_torch(module, (7, 6))
    assert "Input of its own" not in (spec.description or "")
    built = pc.build(spec)
    # whole numbers, and four of them, so that nothing is rounded
    for ours, theirs in zip(built.parameters(), module.parameters(), strict=True):
        theirs.data.copy_(torch.randint(-9, 9, theirs.shape))
        ours.data.copy_(theirs)
    x = torch.randint(-9, 9, (2, 7, 6)).float()
    torch.testing.assert_close(built(x), module(x), rtol=0, atol=0)


def test_what_is_stacked_of_one_layer_is_what_that_gives() -> None:
    module = Stacking(0, lambda x: x.mean(0))
    module.layers = module.layers[:1]
    spec = pc.from_torch(nn.Sequential(module, nn.Linear(5, 2)), (7, 6))
    assert [row.output_shape for row in pc.count(spec, expand=True).layers] == [(7, 6), (7, 5), (7, 2)]


class InPlace(nn.Module):
    """Two calls that are alike, of which one result is changed in its place."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(6, 5), nn.Linear(6, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        one, other = torch.relu(x), torch.relu(x)
        one = one.unsqueeze_(1)
        return self.first(one).sum(1) + self.second(other)


def test_what_is_changed_in_its_place_changes_nothing_that_is_like_it() -> None:
    spec = pc.from_torch(InPlace(), (7, 6))
    assert "Input of its own" not in (spec.description or "")
    shapes = {row.name: row.output_shape for row in pc.count(spec, expand=True).layers}
    assert (shapes["first"], shapes["second"], shapes["add"]) == ((1, 7, 5), (7, 5), (7, 5))
