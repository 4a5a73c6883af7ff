"""What must hold of any spec, of one that uses the whole language; the sweeps draw others (`test_random_specs`)."""

import json
from typing import Any

import jsonschema
import pytest

import paramcalc as pc
from paramcalc.exports.schema import spec_schema
from tests.language import load

pytestmark = pytest.mark.sweep
WHOLE = load(
    """
    name: whole
    framework: torch
    dtype: float16
    dims:
      width: {value: 6, meaning: features}
      depth: 3
      wide: 2 * width
      sizes: [3, 4, 5]
      kind: {text: rms, one_of: [rms, layer]}
      act: {text: gelu}
      kinds: {texts: [full, sliding, full]}
      ratio: {number: 2.6}
      rank: none
      model.experts: 3
    requires: [width > 2, wide % 2 == 0]
    blocks:
      mlp:
        arguments: {inner: null, bias: true}
        requires: [inner > 0]
        layers:
          - Dense: {units: inner, use_bias: bias, activation: act}
          - Dense: {units: width}
    layers:
      - Input: {shape: [width]}
        name: data
      - name: down
        times: depth
        index: i
        layers:
          - Dense: {units: 2 ** i * width}
            name: conv
          - RMSNorm:
            name: norm
            when: kind == "rms"
            else: {LayerNorm: {}}
      - name: up
        times: depth
        index: j
        layers:
          - Concatenate:
            inputs: ["down[depth - 1 - j].conv", data]
          - Dense: {units: width}
          - Dense: {units: width}
            name: own
            when: j == 0
          - share: up[0].own
            when: j > 0
      - name: stage
        times: depth
        carry: {c: width}
        next: {c: c + 2}
        tensors: {scales: [width], mask: {shape: [2, depth], role: state, dtype: bool, persistent: false}}
        layers:
          - Dense: {units: c}
            name: 0
          - name: .
            layers:
              - Dense: {units: "scaled(width, ratio)", use_bias: "'sliding' in kinds[1:]"}
                name: 1
              - BatchNorm:
                name: .
      - name: last
        layers:
          - Dense: {units: "sizes[1] + position('sliding', kinds)"}
            when: rank == none
          - Dense: {units: "scaled_up(width, 0.29) + scaled_near(wide, 0.7)"}
      - block: mlp
        with: {inner: "round_up(sum(sizes), 8)"}
      - name: experts
        parallel: model.experts
        active: 2
        layers:
          - Dense: {units: width}
      - Add:
        inputs: experts
      - Dense: {units: width, use_bias: false}
        inputs: data
        tie: {kernel: [{to: down.0.conv.kernel, when: depth > 2}, {to: up.0.own.kernel, when: depth > 1}]}
      - name: list
        connections: none
        layers:
          - LayerNorm:
            of: [4, wide]
    outputs: "down[depth - 1].conv"
    """
)
#: Other values of dims, at which it counts as well.
SETTINGS = [
    {},
    {"width": 9, "depth": 4},
    {"kind": "layer", "act": "relu", "rank": 3},
    {"kinds": ["full", "sliding"], "ratio": 1.5, "sizes": [1, 2, 3]},
    {"model.experts": 2, "depth": 2},
]


@pytest.mark.parametrize("convention", ["keras", "torch"])
@pytest.mark.parametrize("dims", SETTINGS)
def test_copies_count_the_same_folded_and_expanded(dims: dict[str, Any], convention: Any) -> None:
    folded = pc.count(WHOLE, convention, dims=dims)
    expanded = pc.count(WHOLE, convention, dims=dims, expand=True)
    for key in ("total", "trainable", "non_trainable", "buffers", "total_untied", "active", "bytes"):
        assert getattr(folded, key) == getattr(expanded, key)


@pytest.mark.parametrize("dims", SETTINGS)
def test_a_dim_that_is_set_counts_as_one_that_the_file_states(dims: dict[str, Any]) -> None:
    edited = WHOLE.plain()
    for name, value in dims.items():
        stated = edited["dims"][name]
        sorts = stated.keys() & {"value", "text", "texts", "number"} if isinstance(stated, dict) else ()
        edited["dims"][name] = {**stated, **dict.fromkeys(sorts, value)} if sorts else value
    was_set = pc.count(WHOLE, dims=dims).plain()
    assert was_set.pop("set", {}) == dims
    assert pc.count(pc.loads(json.dumps(edited))).plain() == was_set


def test_it_is_written_and_read_back() -> None:
    assert pc.loads(pc.dumps(WHOLE)) == WHOLE == pc.loads(json.dumps(WHOLE.plain()))
    jsonschema.Draft202012Validator(spec_schema()).validate(WHOLE.plain())


@pytest.mark.parametrize("convention", ["keras", "torch"])
@pytest.mark.parametrize("sizes", [{}, {"width": 11, "depth": 5}, {"sizes": [7, 1, 2], "model.experts": 9}])
def test_its_form_has_its_count(sizes: dict[str, Any], convention: Any) -> None:
    form = pc.formula(WHOLE, convention)
    known = {name: size for name, size in sizes.items() if name in form.symbols or name in form.lists}
    assert form(**known) == pc.count(WHOLE, convention, dims=known).total
