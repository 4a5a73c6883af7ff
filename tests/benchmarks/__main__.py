"""Runs every benchmark and prints its ratios.

Machines differ and are noisy, so each figure is a ratio: two things are run in turn, and the
median of the ratios, run by run, is printed with its range.
"""

import os
import pty
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy

import paramcalc as pc
from tests.benchmarks import ROOT, figures_of_deriving

HERE = Path(__file__).parent
# -P: what is installed, with its compiled modules, and not the checkout
COUNT = [sys.executable, "-P", "-m", "paramcalc", "count", str(ROOT / "specs" / "keras_mlp.yaml")]


def script(name: str, *arguments: str) -> list[str]:
    return [sys.executable, str(HERE / f"{name}.py"), *arguments]


def in_pipe(command: Sequence[str]) -> Callable[[], None]:
    return lambda: subprocess.run(command, check=True, capture_output=True) and None


def in_terminal(command: Sequence[str]) -> Callable[[], None]:
    def run() -> None:
        ours, theirs = pty.openpty()
        process = subprocess.Popen(command, stdout=theirs, stderr=theirs, stdin=theirs)
        os.close(theirs)
        try:
            while os.read(ours, 65536):
                pass
        except OSError:
            pass  # the terminal closes with the process
        os.close(ours)
        assert process.wait() == 0

    return run


def seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def compare(title: str, run: Callable[[], object], other: Callable[[], object], runs: int, bound: str = "") -> None:
    """Print how many times as long one takes as the other."""
    run(), other()
    ratios = sorted(seconds(run) / seconds(other) for _ in range(runs))
    median = statistics.median(ratios)
    print(f"{title:60} {median:8.3f}   ({ratios[0]:.3f} to {ratios[-1]:.3f}){bound and f'   at most {bound}'}")


def peak_mebibytes(command: Sequence[str]) -> float:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0
    return usage.ru_maxrss / 1024


def closed_form(title: str, arguments: Sequence[str], bound: str, runs: int = 7) -> None:
    """Print the processor seconds of a closed form and of its text, each run in a process of its own."""
    outputs = [
        subprocess.run(script("closed_form", *arguments), check=True, capture_output=True, text=True).stdout
        for _ in range(runs)
    ]
    for what, figures in zip((", seconds", ", printing it"), zip(*map(str.split, outputs), strict=True), strict=True):
        found = sorted(map(float, figures))
        print(f"{title + what:60} {statistics.median(found):8.3f}   ({found[0]:.3f} to {found[-1]:.3f})", end="")
        print("" if "print" in what else f"   at most {bound}")


def derived(name: str, runs: int = 3) -> None:
    """Print the processor seconds of deriving a network of the zoo, and how many times as long as its builds alone."""
    outputs = [figures_of_deriving(name) for _ in range(runs)]
    titles = (
        f"deriving {name}, seconds",
        f"deriving {name} / building its points",
        "the same, with its imports",
        f"deriving {name} / building its points as PyTorch does",
    )
    for title, figures in zip(titles, zip(*outputs, strict=True), strict=True):
        found = sorted(figures)
        print(f"{title:60} {statistics.median(found):8.3f}   ({found[0]:.3f} to {found[-1]:.3f})", end="")
        print("   at most 2" if "building" in title else "")


def repeated(times: int) -> pc.Spec:
    return pc.Spec(layers=[pc.Input(shape=(64,)), pc.Node(pc.Dense(units=64), times=times)])


def solving() -> None:
    """Print what solving Llama 2 for 7 billion takes, as a multiple of one evaluation of the whole grid by NumPy."""
    spec = pc.load(ROOT / "specs" / "llama2_7b.yaml")
    sizes = {"width": "1024:8192:128", "depth": "8:80", "inner": "2048:32768:256", "vocabulary": "32000,50304,128256"}
    ranges = (range(1024, 8193, 128), range(8, 81), range(2048, 32769, 256), (32000, 50304, 128256))
    w, d, i, v = numpy.meshgrid(*(numpy.array(each) for each in ranges), indexing="ij", sparse=True)

    def solved(**further: object) -> pc.Solutions:
        return pc.solve(spec, total=7 * 10**9, tolerance=0.001, vary=sizes, **further)

    def evaluated() -> object:
        return d * (3 * i * w + 2 * 32 * w**2 // 32 + 2 * w**2 + 2 * w) + w * (2 * v + 1)

    total = evaluated()
    assert solved().number == numpy.count_nonzero(abs(total - 7 * 10**9) <= 7 * 10**6)
    compare("Llama 2 of 7B ± 0.1 %, all solutions / NumPy on the grid", lambda: list(solved()), evaluated, 21, "20")
    compare("the same, the first solution", lambda: next(iter(solved())), evaluated, 21)
    deep = {**sizes, "depth": "8:80000"}
    compare("the same, up to 80,000 layers / up to 80", lambda: pc.solve(spec, total="7B", vary=deep).number,
            lambda: pc.solve(spec, total="7B", vary=sizes).number, 7)  # fmt: skip


def main() -> None:
    for module in ("sweeping", "families"):
        subprocess.run([sys.executable, "-m", f"tests.benchmarks.{module}"], check=True, cwd=ROOT)
    print(f"\n{'':60} {'median':>8}   (range)")
    floor = in_pipe(script("floor"))
    compare("count of the seed network in a pipe / the floor", in_pipe(COUNT), floor, 21, "1.4")
    compare("count of the seed network in a terminal / the floor", in_terminal(COUNT), floor, 21, "1.6")
    compare("count --of flops of the seed network / the floor", in_pipe([*COUNT, "--of", "flops"]), floor, 21, "1.5")
    compare("the same / torchinfo", in_pipe(COUNT), in_pipe(script("torchinfo_mlp")), 3)
    compare("the same / Keras, building it and summary()", in_pipe(COUNT), in_pipe(script("keras_mlp")), 3)

    with tempfile.TemporaryDirectory() as folder:
        description = Path(folder) / "model.json"
        subprocess.run(
            script("keras_application", "EfficientNetV2L", str(description)), check=True, capture_output=True
        )
        read = in_pipe([sys.executable, "-P", "-m", "paramcalc", "count", str(description)])
        built = in_pipe(script("keras_application", "EfficientNetV2L"))
        compare("EfficientNetV2L from its JSON, counted / Keras building it", read, built, 3, "0.1")

    spec = pc.load(ROOT / "specs" / "llama2_7b.yaml")
    pc.count(spec)
    milliseconds = sorted(1000 * seconds(lambda: pc.count(spec)) for _ in range(200))
    print(f"{'count of the 7B spec after loading, milliseconds':60} {statistics.median(milliseconds):8.3f}", end="")
    print(f"   ({milliseconds[0]:.3f} to {milliseconds[-1]:.3f})   at most 1")

    once, often = repeated(1), repeated(1_000_000)
    compare("times: 1000000 / times: 1", lambda: pc.count(often), lambda: pc.count(once), 201)
    long, short = script("unrolled", "100000"), script("unrolled", "10000")
    compare("100,000 layers written out / 10,000", in_pipe(long), in_pipe(short), 3, "15")
    print(f"{'peak memory with 100,000 layers, MiB':60} {peak_mebibytes(long):8.0f}   at most 600")

    closed_form("closed form of 1,000 layers written out", ["unrolled", "1000"], "1")
    closed_form("closed form of a group repeated 1,000 times", ["repeated", "1000"], "0.3")
    closed_form("closed form of GPT-2", [str(ROOT / "specs" / "gpt2.yaml")], "0.3")

    solving()
    for name in ("GPT", "MambaLM", "WideResNet"):
        derived(name)


if __name__ == "__main__":
    main()
