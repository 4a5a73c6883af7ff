"""Every model of keras.applications, and variants, read from its JSON in a process without any framework."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any

import keras
import pytest

pytestmark = pytest.mark.framework

READER = Path(__file__).with_name("read_without_keras.py")
#: Keras 3.15 has forty.
NAMES = [name for name, value in vars(keras.applications).items() if inspect.isfunction(value)]
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "VGG16-10": ("VGG16", {"classes": 10, "input_shape": (64, 48, 3)}),
    "ResNet50-top": ("ResNet50", {"include_top": False}),
    "ResNet50V2-pooled": ("ResNet50V2", {"include_top": False, "pooling": "avg", "input_shape": (96, 96, 3)}),
    "MobileNet-0.25": ("MobileNet", {"alpha": 0.25, "input_shape": (128, 128, 3), "depth_multiplier": 2}),
    "MobileNetV2-1.4": ("MobileNetV2", {"alpha": 1.4}),
    "MobileNetV3Small-minimal": ("MobileNetV3Small", {"minimalistic": True, "classes": 7}),
    "MobileNetV3Large-0.75": ("MobileNetV3Large", {"alpha": 0.75, "include_top": False, "pooling": "max"}),
    "EfficientNetB0-open": ("EfficientNetB0", {"include_top": False, "input_shape": (None, None, 3)}),
    "EfficientNetV2B0-raw": ("EfficientNetV2B0", {"include_preprocessing": False, "classes": 3}),
    "ConvNeXtTiny-5": ("ConvNeXtTiny", {"classes": 5, "input_shape": (64, 64, 3)}),
    "DenseNet121-gray": ("DenseNet121", {"input_shape": (64, 64, 1), "classes": 2}),
    "Xception-pooled": ("Xception", {"include_top": False, "pooling": "max"}),
    "InceptionV3-2": ("InceptionV3", {"classes": 2, "classifier_activation": None}),
    "NASNetMobile-4": ("NASNetMobile", {"classes": 4}),
}
assert len(NAMES) == 40
MODELS = {name: (name, {}) for name in NAMES} | VARIANTS


def elements(weights: list[Any]) -> int:
    return sum(prod(weight.shape) for weight in weights)


def leaf_layers(model: Any) -> Iterator[Any]:
    for layer in model.layers:
        yield from leaf_layers(layer) if isinstance(layer, keras.Model) else [layer]


def tensor_name(weight: Any, layer: Any) -> str:
    """A weight's name in its layer; that of ConvNeXt's LayerScale, its `gamma`, is a counter over the process."""
    return re.sub(r"^variable(_\d+)?$", "gamma", weight.path.partition(f"{layer.name}/")[2])


def reported(model: Any) -> dict[str, Any]:
    """What Keras says of a model."""
    trained = {id(weight) for weight in model.trainable_weights}
    layers = {
        layer.name.replace(".", "_"): sorted(
            [tensor_name(weight, layer), list(weight.shape), id(weight) in trained] for weight in layer.weights
        )
        for layer in leaf_layers(model)
        if layer.weights
    }
    totals = [model.count_params(), elements(model.trainable_weights), elements(model.non_trainable_weights)]
    shapes = sorted([list(weight.shape), id(weight) in trained] for weight in model.weights)
    return {"totals": totals, "plain totals": totals, "layers": layers, "shapes": shapes}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> tuple[Any, Any]:
    """What Keras reports of each model that a selected test asks for, and what is read of its JSON."""
    folder = tmp_path_factory.mktemp("applications")
    expected = {}
    parameters = [item.callspec.params for item in request.session.items if item.path == request.path]
    for name in dict.fromkeys(value for each in parameters for value in each.values()):
        function, arguments = MODELS[name]
        model = getattr(keras.applications, function)(weights=None, **arguments)
        if name == "InceptionV3-2":  # a frozen layer is not trained, and counts
            for layer in model.layers[:100]:
                layer.trainable = False
        (folder / f"{name}.json").write_text(model.to_json(), encoding="utf-8")
        expected[name] = reported(model)
        del model
        keras.backend.clear_session()
    done = subprocess.run([sys.executable, READER, folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return expected, json.loads(done.stdout)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_read_from_its_json(name: str, both: tuple[Any, Any]) -> None:
    expected, found = both
    assert {key: found[name][key] for key in expected[name]} == expected[name]


@pytest.mark.parametrize(
    ("name", "deeper"),
    [("ResNet50", "ResNet152"), ("DenseNet121", "DenseNet201"), ("ConvNeXtTiny", "ConvNeXtXLarge")],
)
def test_a_deeper_model_is_written_no_longer(name: str, deeper: str, both: tuple[Any, Any]) -> None:
    _, found = both
    assert found[name]["lines"] == found[deeper]["lines"]
