"""A verb is given a live model of Keras or PyTorch as it is."""

import os
import subprocess
import sys

import keras
import pytest
import torch

import paramcalc as pc
from tests.helpers import ROOT

pytestmark = pytest.mark.framework


def keras_model() -> keras.Model:
    return keras.Sequential(
        [keras.Input((8,)), keras.layers.Dense(16), keras.layers.BatchNormalization(), keras.layers.Dense(4)]
    )


def test_a_live_model_of_keras_is_opened() -> None:
    model = keras_model()
    counted = pc.count(model)
    assert counted.convention == "keras"
    assert counted.total == pc.explain(model).count.total == pc.formula(model)() == model.count_params()
    assert pc.check(model, model)
    assert pc.build(model).count_params() == model.count_params()


def test_a_live_module_of_pytorch_is_opened() -> None:
    module = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.BatchNorm1d(16), torch.nn.Linear(16, 4))
    total = sum(parameter.numel() for parameter in module.parameters())
    counted = pc.count(module)
    assert counted.convention == "torch"
    assert counted.total == pc.explain(module).count.total == pc.formula(module)() == total
    assert pc.check(module, module)


def test_a_module_of_pytorch_is_given_the_shape_of_its_input() -> None:
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.Flatten(), torch.nn.LazyLinear(4))
    module(torch.zeros(1, 3, 10, 12))
    counted = pc.count(module, input_shape=(3, 10, 12))
    assert counted.total == sum(parameter.numel() for parameter in module.parameters())
    assert [row.output_shape for row in counted.layers][1:] == [(8, 8, 10), (640,), (4,)]


def test_a_keras_model_on_pytorch_is_a_keras_model() -> None:
    program = (
        "import paramcalc as pc\n"
        "from tests.cross_check.test_opening import keras, keras_model\n"
        "assert keras.backend.backend() == 'torch'\n"
        "model = keras_model()\n"
        "counted = pc.count(model)\n"
        "assert counted.convention == 'keras'\n"
        "assert counted.total == model.count_params()\n"
    )
    environment = {**os.environ, "KERAS_BACKEND": "torch"}
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, check=True)
