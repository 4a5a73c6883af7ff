"""Files made to do harm: each a name, and the bytes of a spec."""

from collections.abc import Callable, Iterable

HEAD = "paramcalc: 1\n"
INPUT = "  - Input: {shape: [4]}\n"


def spec(layers: str = "", dims: str = "", blocks: str = "") -> str:
    """A spec with an input of four features, and these lines in its parts."""
    parts = [HEAD]
    if dims:
        parts.append(f"dims:\n{dims}")
    if blocks:
        parts.append(f"blocks:\n{blocks}")
    return "".join([*parts, "layers:\n", INPUT, layers])


def dense(units: str, rest: str = "") -> str:
    """A Dense node of as many units as an expression says."""
    return f'  - Dense: {{units: "{units}"}}\n{rest}'


def lines(count: int, line: Callable[[int], str]) -> str:
    """So many lines, each made of its number."""
    return "".join(line(number) for number in range(count))


def billion_laughs() -> str:
    """Anchors of lists of anchors."""
    return "a: &a [x, x]\n" + lines(40, lambda n: f"b{n}: &b{n} [*{'a' if n == 0 else f'b{n - 1}'}, *a]\n")


def doubling_blocks(depth: int = 40) -> str:
    """Blocks that call the next one twice: two to the 40th layers."""
    calls = lines(depth, lambda n: f"  b{n}: {{layers: [{{block: b{n + 1}}}, {{block: b{n + 1}}}]}}\n")
    return spec("  - block: b0\n", blocks=calls + f"  b{depth}: {{layers: [Flatten]}}\n")


def chained_blocks(depth: int = 5_000) -> str:
    """Blocks that each call the next."""
    calls = lines(depth, lambda n: f"  b{n}: {{layers: [{{block: b{n + 1}}}]}}\n")
    return spec("  - block: b0\n", blocks=calls + f"  b{depth}: {{layers: [Flatten]}}\n")


def nested_groups(depth: int, line: str) -> str:
    """Groups within groups; `line` is in the innermost."""
    opened = lines(depth, lambda n: "  " * (2 * n + 1) + "- layers:\n")
    return spec(opened + "  " * (2 * depth + 1) + f"- {line}\n")


def doubled_lists(depth: int, name: str = "d") -> str:
    """Dims that are lists of two of the list before."""
    return f"  {name}0: [1, 1]\n" + lines(depth, lambda n: f"  {name}{n + 1}: '[{name}{n}, {name}{n}]'\n")


def repeats(times: str, line: str) -> str:
    """Three repeats within one another, of as many copies each, with the counters i, j and k."""
    return spec(
        f"  - times: {times}\n    index: i\n    layers:\n"
        f"      - times: {times}\n        index: j\n        layers:\n"
        f"          - times: {times}\n            index: k\n            layers:\n"
        f"              - {line}\n"
    )


def ring(count: int) -> str:
    """Dims that each use the next, and the last the first."""
    return spec(dense("d0"), dims=lines(count, lambda n: f"  d{n}: d{(n + 1) % count} + 1\n"))


def _hostile() -> Iterable[tuple[str, str | bytes]]:
    yield "anchors of anchors", billion_laughs()
    yield "anchor to itself", "a: &a [*a]\n"
    yield "merge of itself", "a: &a {<<: *a}\n"
    yield "blocks that call twice", doubling_blocks()
    yield "blocks that call twice, nothing inside", doubling_blocks().replace("[Flatten]", "[]")
    yield "a chain of blocks", chained_blocks()
    yield "a ring of blocks", chained_blocks().replace("b5000: {layers: [Flatten]}", "b5000: {layers: [{block: b0}]}")
    yield (
        "arguments that double",
        spec(
            "  - block: b0\n    with: {n: '[1, 1]'}\n",
            blocks=lines(
                30,
                lambda n: (
                    f"  b{n}:\n    arguments: {{n: null}}\n    layers:\n"
                    f"      - block: b{n + 1}\n        with: {{n: n + n}}\n"
                ),
            )
            + "  b30: {arguments: {n: null}, layers: [Flatten]}\n",
        ),
    )
    yield "100,000 brackets", "[" * 100_000
    yield "100,000 braces", '{"a":' * 100_000
    yield "100,000 brackets that close", "layers: " + "[" * 100_000 + "]" * 100_000
    yield "100,000 dashes", "- " * 100_000
    yield "100,000 question marks", "? " * 100_000
    yield "100,000 levels of indentation", lines(2_000, lambda n: " " * n + "a:\n")
    yield "a tower of powers", spec(dense("9**9**9**9"))
    yield "a power of a dim", spec(dense("n**n**n"), dims="  n: 99\n")
    yield "a tower without parentheses", spec(dense("**".join(["2"] * 300)))
    yield "10**100000", spec(dense("10**100000"))
    yield "a power of minus one", spec(dense("(-1)**(10**99)"))
    yield "repeated squares", spec(dense("d59"), dims="  d0: 2\n" + lines(60, lambda n: f"  d{n + 1}: d{n} * d{n}\n"))
    yield "100,000 digits", spec(f"  - Dense: {{units: {'9' * 100_000}}}\n")
    yield "100,000 digits in an expression", spec(dense("1 + " + "9" * 100_000))
    yield "900 digits in an expression", spec(dense("1 + " + "9" * 900))
    yield "100,000 digits after the point", spec(f"  - Dropout: {{rate: 0.{'9' * 100_000}}}\n")
    yield "a fraction of many digits", spec(dense("floor(" + "/ 7 ".join(["10**99"] * 60) + ")"))
    yield (
        "an infinite number",
        spec("  - Dropout: {rate: 1e999}\n  - Dropout: {rate: .inf}\n  - Dropout: {rate: .nan}\n"),
    )
    yield "1e400 units", spec("  - Dense: {units: 1e400}\n")
    yield "a list repeated", spec(dense("len([1] * 10**9)"))
    yield "a list repeated and repeated", spec(dense("len([1] * 999 * 999 * 999 * 999)"))
    yield "a list of lists repeated", spec(dense("len(d29)"), dims=doubled_lists(30))
    yield (
        "lists of lists compared",
        spec(
            dense("1 if d25 == e25 else 2"),
            dims=doubled_lists(25) + doubled_lists(25, "e"),
        ),
    )
    yield "lists of lists shown", spec("  - Flatten:\n    when: d25\n", dims=doubled_lists(25))
    yield "lists of lists as a layer's size", spec("  - Dense: {units: d25}\n", dims=doubled_lists(25))
    yield (
        "lists of lists as an argument",
        spec(
            "  - block: b\n    with: {n: d25}\n    times: 1000\n    index: i\n",
            dims=doubled_lists(25),
            blocks="  b: {arguments: {n: null}, layers: [{Dense: {units: 'len(n)'}}]}\n",
        ),
    )
    yield "lists of lists, times", spec("  - Flatten:\n    times: d25\n", dims=doubled_lists(25))
    yield "lists of lists summed", spec(dense("sum(d25)"), dims=doubled_lists(25))
    yield "a billion copies with a counter", spec("  - Dense: {units: 4 + i}\n    times: 1000000000\n    index: i\n")
    yield "a billion copies that grow", spec(dense("size(1) + 1", "    times: 1000000000\n"))
    yield "a googol of copies", spec("  - Dense: {units: 4}\n    times: 10 ** 99\n")
    yield "a billion copies within one another", repeats("1000", "Dense: {units: 4 + i + j + k}")
    yield "a billion copies, one counter used", repeats("1000", "Dense: {units: 4 + k}")
    yield "a billion copies, alike", repeats("1000", "Dense: {units: 4}")
    yield "a googol of copies, alike", repeats("10 ** 33", "Dense: {units: 4}")
    yield "more digits of copies than there are", repeats("10 ** 90", "Dense: {units: 4}")
    yield (
        "a billion absent copies",
        spec("  - Dense: {units: 4}\n    times: 1000000000\n    index: i\n    when: i < 0\n"),
    )
    yield (
        "a billion absent groups",
        repeats("1000", "Dense: {units: 4}").replace("index: k", "index: k\n            when: k < 0"),
    )
    yield (
        "absent copies without a counter",
        spec("  - Dense: {units: 4}\n    times: 1000000000\n    when: size(1) < 0\n"),
    )
    yield "2,000 absent nodes", spec("  - Dense: {units: 4}\n    when: 1 > 2\n" * 2_000)
    yield "2,000 times nothing", spec("  - Dense: {units: 4}\n    times: 0\n" * 2_000)
    yield (
        "a block of absent nodes, called often",
        spec(
            "  - block: b\n" * 1_000, blocks="  b:\n    layers:\n" + "      - Flatten:\n        when: false\n" * 1_000
        ),
    )
    yield (
        "an empty block, called often",
        spec(
            "  - block: b\n    times: 1000000000\n    index: i\n    with: {n: i}\n",
            blocks="  b: {arguments: {n: null}, layers: []}\n",
        ),
    )
    yield (
        "costly expressions, often",
        spec("  - Dense: {units: 4}\n    times: 4500\n    index: i\n    when: " + "i + " * 100 + "0 < 1\n"),
    )
    yield (
        "long lists summed, often",
        spec("  - Dense: {units: 'sum(d) + sum(d) + i'}\n    times: 4500\n    index: i\n", dims="  d: '[1] * 1000'\n"),
    )
    yield (
        "long lists built, often",
        spec("  - Dense: {units: '(d + [i])[0] + i'}\n    times: 4500\n    index: i\n", dims="  d: '[1] * 999'\n"),
    )
    yield (
        "long lists compared, often",
        spec(
            "  - Dense: {units: 'i + 1 if d == d + [] else 2'}\n    times: 4500\n    index: i\n",
            dims="  d: '[1] * 999'\n",
        ),
    )
    yield (
        "names looked up, often",
        spec("  - Dense: {units: '" + "d if true else " * 30 + "i'}\n    times: 4500\n    index: i\n", dims="  d: 3\n"),
    )
    yield (
        "conditions, often",
        spec(
            "  - Dense: {units: 'i + 1', use_bias: '"
            + " and ".join(["i < 5000"] * 35)
            + "'}\n    times: 4500\n    index: i\n"
        ),
    )
    yield "a long expression", spec(dense("+".join(["1"] * 100_000)))
    yield "an expression of 500 characters", spec(dense("+".join(["1"] * 240)))
    yield "many long expressions", spec(lines(60, lambda n: dense("+".join(["1"] * 240) + f"+{n}")))
    yield "deep parentheses", spec(dense("(" * 100_000 + "1" + ")" * 100_000))
    yield "400 parentheses", spec(dense("(" * 400 + "1" + ")" * 400))
    yield "90 parentheses", spec(dense("(" * 90 + "1" + ")" * 90))
    yield "deep lists in an expression", spec(dense("[" * 90 + "1" + "]" * 90))
    yield "900 minus signs", spec(dense("-" * 900 + "1"))
    yield "900 nots", spec(dense("1 if " + "not " * 230 + "true else 2"))
    yield "a long chain of ifs", spec(dense("1 if false else " * 60 + "1"))
    yield "a long chain of comparisons", spec(dense("1 if " + "<".join(map(str, range(200))) + " else 2"))
    yield "a long chain of subscripts", spec(dense("d" + "[0]" * 300), dims="  d: [1]\n")
    yield "calls within calls", spec(dense("ceil(" * 160 + "1" + ")" * 160))
    yield "a tag that runs a program", "!!python/object/apply:os.system ['touch hostile-was-here']\n"
    yield "a tag inside", spec("  - Dense: {units: !!python/name:os.system ''}\n")
    yield "a call of the system", spec(dense("__import__('os').system('touch hostile-was-here')"))
    yield "attributes", spec(dense("(1).__class__.__mro__[1].__subclasses__()"))
    yield "duplicate keys", "paramcalc: 1\n" * 10_000
    yield "20,000 keys", lines(20_000, lambda n: f"key{n}: 1\n")
    yield "20,000 fields", spec("  - Dense:\n" + lines(20_000, lambda n: f"      field{n}: 1\n"))
    yield (
        "4,000 unknown names beside 10,000 dims",
        spec(
            lines(4_000, lambda n: f"  - Dense: {{units: unknown{n}}}\n"),
            dims=lines(10_000, lambda n: f"  dim{n}: 1\n"),
        ),
    )
    yield "4,000 unknown nodes", spec(lines(4_000, lambda n: f"  - Add:\n    inputs: [no{n}, nor{n}]\n"))
    yield "4,000 unknown kinds", spec(lines(4_000, lambda n: f"  - Dence{n}: {{units: 3}}\n"))
    yield (
        "4,000 unknown blocks",
        spec(lines(4_000, lambda n: f"  - block: no{n}\n"), blocks=lines(4_000, lambda n: f"  b{n}: {{layers: []}}\n")),
    )
    yield "10,000 references", spec("  - Add:\n    inputs: [" + "input, " * 10_000 + "input]\n")
    yield "10,000 inputs", spec("    name: a\n  - Concatenate:\n    inputs: [" + "a, " * 10_000 + "a]\n")
    yield "4,000 nodes of one name", spec("  - Flatten:\n    name: one\n" * 4_000)
    yield (
        "names that collide",
        spec(lines(2_000, lambda n: f"  - Flatten:\n    name: flatten_{n + 1}\n") + "  - Flatten\n" * 2_000),
    )
    yield "a name of 200,000 characters", spec(f"  - Flatten:\n    name: {'a' * 200_000}\n")
    yield "a dim of 200,000 characters", spec(dense("3"), dims=f"  {'a' * 200_000}: 3\n")
    yield "a kind of 200,000 characters", spec(f"  - D{'a' * 200_000}\n")
    yield "a field of 200,000 characters", spec(f"  - Dense: {{? {'a' * 200_000} : 3}}\n")
    yield "a reference of 200,000 characters", spec(f"  - Flatten:\n    inputs: {'a.' * 100_000}a\n")
    yield "a reference of 200,000 digits", spec(f"  - Flatten:\n    inputs: input.{'1' * 200_000}\n")
    yield "a text of 200,000 characters where a size stands", spec(f"  - Dense: {{units: '{'é ' * 100_000}'}}\n")
    yield "a line of 12 MB", HEAD + "description: " + "x" * (12 * 2**20) + "\n- wrong\n"
    yield "12 MB of remarks", "# nothing\n" * (12 * 2**17)
    yield "40 MB", "#" * (40 * 2**20)
    yield "deep groups", nested_groups(60, "Flatten")
    yield "too deep groups", nested_groups(500, "Flatten")
    yield "a ring of dims", ring(10_000)
    yield "a dim of itself", spec(dense("n"), dims="  n: n\n")
    yield "a layer tied to itself", spec("  - Dense: {units: 4}\n    name: a\n    tie: {kernel: a.kernel}\n")
    yield "a layer that shares itself", spec("  - share: a\n    name: a\n")
    yield "a group that shares itself", spec("  - name: a\n    layers:\n      - share: a\n")
    yield (
        "a group that shares its group",
        spec("  - name: a\n    layers:\n      - name: b\n        layers:\n          - share: a\n"),
    )
    yield "a repeat that shares itself", spec("  - name: a\n    times: 3\n    layers:\n      - share: a\n")
    yield (
        "a repeat that shares its first copy",
        spec(
            "  - name: a\n    times: 30\n    index: i\n    layers:\n      - Flatten\n"
            "      - share: a.0\n        when: i > 0\n"
        ),
    )
    yield (
        "groups that share the one before twice",
        spec(
            "  - name: g0\n    layers: [Flatten]\n"
            + lines(60, lambda n: f"  - name: g{n + 1}\n    layers: [{{share: g{n}}}, {{share: g{n}}}]\n")
        ),
    )
    yield (
        "groups that share the one before",
        spec(
            "  - name: g0\n    layers: [Flatten]\n"
            + lines(3_000, lambda n: f"  - name: g{n + 1}\n    layers: [{{share: g{n}}}]\n")
        ),
    )
    yield "an output of many axes", spec(f"  - Reshape: {{target_shape: [4{', 1' * 30_000}]}}\n")
    yield (
        "many axes added",
        spec("  - Input: {shape: [" + "1, " * 15 + "1]}\n" + "  - Add:\n    inputs: [input_1, input_1]\n" * 5),
    )
    yield "an axis out of reach", spec("  - BatchNorm: {axis: 1000000000}\n  - Slice: {start: -1000000000}\n")
    yield "sizes that multiply", spec("  - Dense: {units: 10 ** 99}\n" * 5)
    yield (
        "sizes that multiply in a shape",
        "paramcalc: 1\nlayers:\n  - Input: {shape: [" + ", ".join(["10 ** 99"] * 16) + "]}\n  - Flatten\n",
    )
    yield (
        "lengths that grow",
        "paramcalc: 1\nlayers:\n  - Input: {shape: [10, 10, 3]}\n"
        + "  - Conv2D: {filters: 3, kernel_size: 1, padding: 10 ** 99}\n" * 10,
    )
    yield (
        "a concatenation that doubles",
        spec(
            "    name: c0\n" + lines(400, lambda n: f"  - Concatenate:\n    name: c{n + 1}\n    inputs: [c{n}, c{n}]\n")
        ),
    )
    yield (
        "Weights of many tensors",
        spec("  - Weights: {tensors: {" + ", ".join(f"t{n}: [1]" for n in range(10_000)) + "}}\n"),
    )
    yield "a tensor of many axes", spec(f"  - Weights: {{tensors: {{a: [{'9, ' * 20_000}9]}}}}\n")
    yield "many residuals", spec("  - Dense: {units: 4}\n    residual: true\n" * 2_000)
    yield "a repeat of many unlike", spec("  - Dense: {units: 1 + i}\n    times: 4500\n    index: i\n")
    yield "repeats of many unlike", spec("  - Dense: {units: 1 + i}\n    times: 10\n    index: i\n" * 1_000)
    yield "a long text without a spec", "lorem ipsum " * 100_000
    yield "a file without anything", ""
    yield "a file of nothing but NUL", b"\0" * 100_000
    yield "a NUL in the middle", b"paramcalc: 1\nname: a\0b\nlayers: []\n"
    yield "binary junk", bytes(range(256)) * 4_000
    yield "an image", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 100
    yield "UTF-16", spec(dense("4")).encode("utf-16")
    yield "UTF-32", spec(dense("4")).encode("utf-32")
    yield "not UTF-8", b"paramcalc: 1\nname: \xff\xfe\nlayers: []\n"
    yield "half a character", b"paramcalc: 1\nname: \xc3\nlayers: []\n"
    yield "half of a surrogate pair, in bytes", b"paramcalc: 1\nname: \xed\xa0\x80\nlayers: []\n"
    yield "half of a surrogate pair, escaped", '{"paramcalc": 1, "name": "\\ud800", "layers": []}'
    yield "control characters", "paramcalc: 1\nname: \x1b[31mred\x07\nlayers: []\n"
    yield "control characters, escaped", '{"paramcalc": 1, "name": "\\u001b[31m", "layers": ["\\u001b[31m"]}'
    yield "text that turns around", spec("  - \u202eesneD\n")
    yield "an exotic digit", spec(dense("٣")) + "  - Dense: {units: ²}\n"
    yield "names that Unicode folds", spec(dense("ﬁ"), dims="  fi: 3\n")
    yield "a name of Unicode", spec("  - Dense: {units: größe}\n    name: Größe\n", dims="  größe: 3\n")
    yield "only a byte order mark", b"\xef\xbb\xbf"
    yield "an escape of a character beyond Unicode", 'name: "\\UFFFFFFFF"\n'
    yield "a directive", "%YAML 9.9\n---\na\n"
    yield "a tag directive", "%TAG ! tag:example,2000:\n---\n!a b\n"
    yield "an endless quotation", 'name: "' + "a" * 1_000_000
    yield "a block text", "description: |\n" + "  text\n" * 500_000 + HEAD + "layers: []\n"
    yield "a key that is a list", "{[1, 2]: 3}\n"
    yield "a key that is null", "paramcalc: 1\n~: 3\nlayers: [{~: 3}, {1: 2}, {true: 3}, {1.5: 2}]\n"
    yield "keys of every type", spec("  - {1: 2}\n  - Dense: {1: 2, true: 3, ~: 4, 1.5: 2}\n")


HOSTILE: dict[str, str | bytes] = dict(_hostile())
