"""Counts of `config.json`: against building the model, and of all families against one another."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paramcalc as pc
from paramcalc.families.stored import family_names, stored_family
from tests.benchmarks.__main__ import compare, in_pipe, peak_mebibytes, script
from tests.families_figures import read
from tests.test_families import LLAMA_405B


@contextmanager
def counting(config: Mapping[str, Any]) -> Iterator[list[str]]:
    """The command that counts a configuration, which is the last word of it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "config.json"
        file.write_text(json.dumps(config), encoding="utf-8")
        yield [sys.executable, "-P", "-m", "paramcalc", "count", str(file)]


def of_llama() -> None:
    """Print how Llama 3.1 405B is counted, as a whole process."""
    with counting(LLAMA_405B) as ours:
        theirs = script("meta_model", ours[-1])
        for command in (ours, theirs):
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            assert "405853388800" in done.stdout.replace(",", "")
        compare("Llama 3.1 405B on the meta device / its count", in_pipe(theirs), in_pipe(ours), 7)
        print(f"{'peak memory of its count, MiB':60} {peak_mebibytes(ours):8.0f}   at most 80")


def fastest(name: str) -> float:
    """The processor seconds of a count of a family, the least of five."""
    taken = []
    for _ in range(5):
        start = time.process_time()
        pc.count({"model_type": name})
        taken.append(time.process_time() - start)
    return min(taken)


def of_all() -> None:
    """Print how much longer the slowest family takes at its defaults than the median one, each document read anew."""
    types = read()
    usual = {name: stored_family(name).named_heads.get("usual") for name in family_names()}
    seconds = {
        name: fastest(name)
        for name, cls in usual.items()
        if cls is not None and types[name].classes[cls].default in ("whole", "parameters")
    }
    *_, slowest = ordered = sorted(seconds, key=lambda name: seconds[name])
    middle = ordered[len(ordered) // 2]
    title = f"the slowest of {len(seconds)} families, {slowest} / the median"
    print(f"{title:60} {seconds[slowest] / seconds[middle]:8.3f}   ({1000 * seconds[middle]:.1f} ms)   at most 4")
    print(f"{'families of more than 4 medians':60} {sum(each > 4 * seconds[middle] for each in seconds.values()):8}")
    with counting({"model_type": slowest}) as ours, counting({"model_type": middle}) as theirs:
        compare("the same as whole processes", in_pipe(ours), in_pipe(theirs), 21, "4")


if __name__ == "__main__":
    of_llama()
    of_all()
