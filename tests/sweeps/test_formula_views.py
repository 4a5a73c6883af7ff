"""What `paramcalc formula` shows at 80 columns: the form, its parts, its leading term, how it moves.

The numbers stand in other tests, worked out by hand; here is what a reader sees.
"""

import pytest

import paramcalc as pc
from tests.helpers import ROOT, run

pytestmark = pytest.mark.sweep

SHOWN = {
    "gpt2 --keep width --keep depth": r"""
gpt2 · torch

  parameters = depth·(12·width² + 13·width) + 51,283·width
             = 12 · (12 · 768² + 13 · 768) + 51,283 · 768
             = 124,439,808

  where
    width = 768
    depth =  12

  with vocabulary = 50,257; context = 1,024; heads = 12

  assumes: 12 divides width; depth ≥ 1
""",
    "gpt2 --expand": r"""
gpt2 · torch

  parameters = 12·depth·width² + vocabulary·width + context·width
               + 13·depth·width + 2·width
             = 12 · 12 · 768² + 50,257 · 768 + 1,024 · 768 + 13 · 12 · 768
               + 2 · 768
             = 124,439,808

  where
    vocabulary = 50,257
    context    =  1,024
    width      =    768
    depth      =     12
    heads      =     12

  assumes: heads divides width; depth ≥ 1
""",
    "gpt2 --by group": r"""
gpt2 · torch

  group        parameters    share  form
  body         85,054,464   68.3 %  depth·(12·width² + 13·width)
  word         38,597,376   31.0 %  vocabulary·width
  position        786,432    0.6 %  context·width
  layer_norm        1,536    0.0 %  2·width
  ────────────────────────────────
  total       124,439,808  100.0 %

  assumes: heads divides width; depth ≥ 1
""",
    "gpt2 --by layer": r"""
gpt2 · torch

  layer                                 parameters    share
  word                                  38,597,376   31.0 %
    vocabulary·width
  body.attention.multi_head_attention   28,348,416   22.8 %
    depth·(4·width² + 4·width)
  body.mlp.dense                        28,348,416   22.8 %
    depth·(4·width² + 4·width)
  body.mlp.dense_1                      28,320,768   22.8 %
    depth·(4·width² + width)
  position                                 786,432    0.6 %
    context·width
  body.attention.layer_norm                 18,432    0.0 %
    2·depth·width
  body.mlp.layer_norm                       18,432    0.0 %
    2·depth·width
  layer_norm                                 1,536    0.0 %
    2·width
  ─────────────────────────────────────────────────────────
  total                                124,439,808  100.0 %

  assumes: heads divides width; depth ≥ 1
""",
    "gpt2 --asymptotic": r"""
gpt2 · torch

  parameters ≈ 12·depth·width²
             = 12 · 12 · 768²
             = 84,934,656

  68.3 % of the 124,439,808 at these sizes

  assumes: heads divides width; depth ≥ 1
""",
    "gpt2 --elasticities": r"""
gpt2 · torch

  124,439,808 parameters

  dim           size  elasticity  next size        adds
  width          768        1.68        780  +3,292,212
  depth           12        0.68         13  +7,087,872
  vocabulary  50,257        0.31     50,258        +768
  context      1,024        0.01      1,025        +768
  heads           12        0.00         16           0

  1 % more width, the others as they are: about 1.68 % more parameters.

  assumes: heads divides width; depth ≥ 1
""",
    "gpt2 --by group --to latex": r"""
\begin{tabular}{llrr}
group & form & parameters & share \\
\hline
body & $\mathrm{depth} \cdot \left(12 \cdot \mathrm{width}^{2} + 13 \cdot \mathrm{width}\right)$ & 85,054,464 & 68.3 \% \\
word & $\mathrm{vocabulary} \cdot \mathrm{width}$ & 38,597,376 & 31.0 \% \\
position & $\mathrm{context} \cdot \mathrm{width}$ & 786,432 & 0.6 \% \\
layer\_norm & $2 \cdot \mathrm{width}$ & 1,536 & 0.0 \% \\
\end{tabular}
""",  # noqa: E501
    "gpt2 --elasticities --to latex": r"""
\begin{tabular}{lrrrr}
dim & size & elasticity & next size & adds \\
\hline
$\mathrm{width}$ & 768 & 1.68 & 780 & +3,292,212 \\
$\mathrm{depth}$ & 12 & 0.68 & 13 & +7,087,872 \\
$\mathrm{vocabulary}$ & 50,257 & 0.31 & 50,258 & +768 \\
$\mathrm{context}$ & 1,024 & 0.01 & 1,025 & +768 \\
$\mathrm{heads}$ & 12 & 0.00 & 16 & 0 \\
\end{tabular}
""",
    "gpt2 --asymptotic --to latex": r"""
12 \cdot \mathrm{depth} \cdot \mathrm{width}^{2}
""",
    "resnet20": r"""
resnet20 · torch

  parameters = blocks_a_stage·(378·width² + 28·width) - 80·width² + 41·width
               + 4·classes·width + classes
             = 3 · (378 · 16² + 28 · 16) - 80 · 16² + 41 · 16 + 4 · 10 · 16 + 10
             = 272,474

  where
    width          = 16
    blocks_a_stage =  3
    classes        = 10

  assumes: blocks_a_stage ≥ 1
""",
    "transformer": r"""
transformer · torch

  parameters = depth·(4·inner·width + 12·width² + 24·width + 2·inner)
               + vocabulary·width
             = 6 · (4 · 2,048 · 512 + 12 · 512² + 24 · 512 + 2 · 2,048)
               + 37,000 · 512
             = 63,082,496

  where
    vocabulary = 37,000
    width      =    512
    inner      =  2,048
    depth      =      6
    heads      =      8

  assumes: heads divides width; depth ≥ 1
""",
    "resnet20 --by group": r"""
resnet20 · torch

  group       parameters    share  form
  stage.2        205,696   75.5 %  blocks_a_stage·(288·width² + 16·width)
                                   - 64·width² + 8·width
  stage.1         51,648   19.0 %  blocks_a_stage·(72·width² + 8·width)
                                   - 16·width² + 4·width
  stage.0         14,016    5.1 %  blocks_a_stage·(18·width² + 4·width)
  classifier         650    0.2 %  4·classes·width + classes
  stem               464    0.2 %  29·width
  ───────────────────────────────
  total          272,474  100.0 %

  assumes: blocks_a_stage ≥ 1
""",
}


@pytest.mark.parametrize("command", SHOWN)
def test_what_is_shown(command: str) -> None:
    name, *options = command.split()
    result = run("formula", str(ROOT / "specs" / f"{name}.yaml"), *options)
    assert result.exit_code == 0
    assert "\n" + result.stdout == SHOWN[command]
    assert "latex" in command or all(len(line) <= 80 for line in result.stdout.splitlines())


def test_numbers_in_a_list_have_no_commas_of_their_own() -> None:
    spec = "paramcalc: 1\ndims: {widths: [12, 31, 1000], n: 2000}\nlayers:\n  - Input: {shape: [n]}\n"
    form = pc.formula(
        pc.loads(spec + "  - {times: 3, index: i, Dense: {units: 'widths[i]', use_bias: 'widths[i] > 5'}}")
    )
    assert "fixed, since the layers themselves depend on it: widths = [12, 31, 1000]" in " ".join(str(form).split())
    assert "n = 2,000" in str(form)
    assert "widths = [12, 31, 1000]" in form.to("python")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--by layer --expand", "--expand, --by, --asymptotic and --elasticities: one at a time"),
        ("--asymptotic --elasticities", "--expand, --by, --asymptotic and --elasticities: one at a time"),
        ("--depth 2", "--depth goes with --by group"),
        ("--by copies", "'copies' is not one of 'layer', 'group', 'tensor'"),
        ("--keep wdith", "the spec has no dim 'wdith'"),
    ],
)
def test_options_that_do_not_go_together(options: str, message: str) -> None:
    result = run("formula", str(ROOT / "specs" / "gpt2.yaml"), *options.split())
    assert result.exit_code == 2
    assert message in result.stderr
