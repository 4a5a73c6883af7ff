"""A spec that was read from a model, written as a person would."""

from __future__ import annotations

import pytest

import paramcalc as pc
from paramcalc.frameworks.tidying import tidy


def tidied(text: str) -> str:
    """The layers of a spec when it is tidied; it has the same tensors, copy by copy."""
    spec = pc.loads(f"paramcalc: 1\n{text}")
    found = tidy(spec)
    assert shapes(found) == shapes(spec)
    return pc.dumps(found).partition("layers:\n")[2]


def shapes(spec: pc.Spec) -> list[object]:
    rows = pc.count(spec, expand=True).layers
    return [(tensor.name, tensor.shape, tensor.tied_to is None) for row in rows for tensor in row.tensors]


BLOCK = """
      - Dense: {units: 8}
        name: first
      - Dense: {units: 8}
        name: second
      - Dense: {units: 8, use_bias: false}
        name: third
"""


#: Specs, and their layers when they are tidied.
TIDIED: dict[str, tuple[str, str]] = {
    "group of two alike becomes one that is repeated": (
        f"""layers:
- Input: {{shape: [8]}}
- name: body
  layers:
  - name: layer_0
    layers: {BLOCK}
  - name: layer_1
    layers: {BLOCK}
""",
        (
            "  - Input: {shape: [8]}\n"
            "  - name: body\n"
            "    times: 2\n"
            "    layers:\n"
            "      - Dense: {units: width}\n"
            "        name: first\n"
            "      - Dense: {units: width}\n"
            "        name: second\n"
            "      - Dense: {units: width, use_bias: false}\n"
            "        name: third\n"
        ),
    ),
    "group that is called again stays": (
        """layers:
- Input: {shape: [8]}
- name: body
  layers:
  - Dense: {units: 8}
    name: layer_0
  - Dense: {units: 8}
    name: layer_1
  - Dense: {units: 8}
    name: layer_2
- share: body
""",
        (
            "  - Input: {shape: [8]}\n"
            "  - name: body\n"
            "    layers:\n"
            "      - Dense: {units: width}\n"
            "        name: layer\n"
            "        times: 3\n"
            "  - share: body\n"
        ),
    ),
    "names that nodes have anyway are left out": (
        """layers:
- Input: {shape: [8]}
  name: input_1
- Dense: {units: 3}
  name: dense
- Dense: {units: 4}
  name: dense_1
- Dense: {units: 5}
  name: dense_7
- Dense: {units: 6}
  name: dense_3
- Flatten:
  name: flatten
- Concatenate:
  name: concatenate
  inputs: [dense_1, dense_7]
""",
        (
            "  - Input: {shape: [8]}\n"
            "    name: input_1\n"
            "  - Dense: {units: 3}\n"
            "  - Dense: {units: 4}\n"
            "    name: dense_1\n"
            "  - Dense: {units: 5}\n"
            "    name: dense_7\n"
            "  - Dense: {units: 6}\n"
            "    name: dense_3\n"
            "  - Flatten\n"
            "  - Concatenate:\n"
            "    inputs: [dense_1, dense_7]\n"
        ),
    ),
    "sum without a name of its own gives none to a residual": (
        """layers:
- Input: {shape: [8]}
  name: x
- LayerNorm:
  name: norm_1
- Dense: {units: 8}
  name: fc_1
- Add:
  name: add
  inputs: [fc_1, x]
- Dense: {units: 8}
  name: fc_2
- Add:
  name: add_1
  inputs: [fc_2, add]
""",
        (
            "  - Input: {shape: [8]}\n"
            "    name: x\n"
            "  - residual: true\n"
            "    layers:\n"
            "      - LayerNorm:\n"
            "        name: norm_1\n"
            "      - Dense: {units: width}\n"
            "        name: fc_1\n"
            "  - Dense: {units: width}\n"
            "    name: fc_2\n"
            "    residual: true\n"
        ),
    ),
    "sizes that follow from others are expressions of them": (
        """framework: torch
layers:
- Input: {shape: [null], dtype: int32}
- Embedding: {input_dim: 1000, output_dim: 64}
- name: body
  times: 6
  layers:
  - MultiHeadAttention: {num_heads: 4, key_dim: 16}
  - Weights: {tensors: {scale: [64], places: [128, 64]}}
- Dense: {units: 1000}
""",
        (
            "  - Input: {shape: [null], dtype: int32}\n"
            "  - Embedding: {input_dim: vocabulary, output_dim: width}\n"
            "  - name: body\n"
            "    times: 6\n"
            "    layers:\n"
            "      - MultiHeadAttention: {num_heads: heads, key_dim: width / heads}\n"
            "      - Weights: {tensors: {scale: [width], places: [128, width]}}\n"
            "  - Dense: {units: vocabulary}\n"
        ),
    ),
    "names that keras numbers are those of a copy": (
        "layers:\n- Input: {shape: [8]}\n"
        + "".join(
            f"- LayerNorm:\n  name: layer_normalization_{number}\n"
            f"- Dense: {{units: 8}}\n  name: dense_{2 * number}\n"
            f"- Dense: {{units: 8}}\n  name: dense_{2 * number + 1}\n"
            f"- Add:\n  name: add_{number}\n  inputs: [dense_{2 * number}, dense_{2 * number + 1}]\n"
            for number in (3, 4, 5)
        ),
        (
            "  - Input: {shape: [8]}\n"
            "  - times: 3\n"
            "    layers:\n"
            "      - LayerNorm\n"
            "      - Dense: {units: width}\n"
            "      - Dense: {units: width}\n"
            "        residual: true\n"
        ),
    ),
}


@pytest.mark.parametrize("name", TIDIED)
def test_spec_is_written_as_a_person_would(name: str) -> None:
    text, expected = TIDIED[name]
    assert tidied(text) == expected


def test_two_layers_alike_need_no_repeat() -> None:
    text = "layers: [Input: {shape: [8]}, Dense: {units: 8}, Dense: {units: 8}]"
    assert "times" not in tidied(text)


def test_pair_that_occurs_twice_needs_no_group() -> None:
    text = "layers: [Input: {shape: [8]}, Dense: {units: 8}, Flatten, Dense: {units: 8}, Flatten]"
    assert "times" not in tidied(text)
