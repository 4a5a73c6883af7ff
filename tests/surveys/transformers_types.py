"""Derives the default models of a random sample of the types of transformers, and says how many succeed.

    python -m tests.surveys.transformers_types tests/recorded/derived_types.jsonl [TYPE …]

Each result is a line of the file; types that stand in it are not derived again, so that a run can be stopped and
continued. The last lines printed are the figures of the documentation.
"""

from __future__ import annotations

import json
import random
import resource
import signal
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import torch

import paramcalc as pc
from paramcalc.frameworks.deriving.arguments import Arguments, read_arguments
from tests.cross_check.held import fresh, made, numbers

#: How many types are drawn, from a seed of their own.
TYPES, SEED = 100, 14
#: How many seconds of a processor each may take, and at how many fresh points it is held.
SECONDS, POINTS = 60, 10
#: How many times as long a machine may take that does other things as well.
BUSY = 20
#: No model that keeps its numbers is made beyond this.
MOST_MEMORY = 10 * 2**30


class Late(BaseException):
    """Whatever runs takes longer than it may."""


def sample() -> list[str]:
    from transformers.models.auto.modeling_auto import MODEL_MAPPING_NAMES

    return random.Random(SEED).sample(sorted(MODEL_MAPPING_NAMES), TYPES)


def survey(kind: str) -> dict[str, Any]:
    """Derive the default model of a type, and hold it to the model at fresh points."""
    from transformers import CONFIG_MAPPING, MODEL_MAPPING

    started = time.process_time()
    result: dict[str, Any] = {"type": kind}
    try:
        config = CONFIG_MAPPING[kind]()
        classes = MODEL_MAPPING[type(config)]
        model = classes[0] if isinstance(classes, tuple) else classes
        with within(SECONDS):
            net = pc.derive(model, config, budget=BUSY * SECONDS)
    except Late:
        return {**result, "refused": f"it takes longer than {SECONDS} seconds", "seconds": SECONDS}
    except Exception as error:
        return {
            **result,
            "refused": str(error).strip().splitlines()[0][:100],
            "seconds": round(time.process_time() - started, 1),
        }
    result |= {
        "seconds": round(time.process_time() - started, 1),
        "dims": [name for name in net.spec.dims if name not in net.idle],
        "fixed": dict(net.fixed),
        "requires": list(net.requires),
        "sampled": sum(each == "sampled" for each in net.evidence.values()),
        "tensors": len(net.evidence),
        "held": 0,
        "wrong": [],
    }
    with suppress(Late), within(SECONDS):
        for point, right in compared(read_arguments(model, (config,), {}, None), net):
            result["held"] += 1
            if not right:
                result["wrong"].append(point)
    return result


def compared(arguments: Arguments, net: pc.Derived) -> Iterator[tuple[dict[str, Any], bool]]:
    """Fresh points, and whether the spec has the numbers of the model at each."""
    found = 0
    # numbers are kept only where a model cannot be made without them
    devices = ("cpu",) if made(arguments, arguments.values, ("meta",)) is None else ("meta",)
    for point in fresh(arguments, net, random.Random(3)):
        module = made(arguments, point, devices)
        if module is None:
            continue
        try:
            count = pc.count(net, dims={name: point[name] for name in net.spec.dims})
            yield point, (count.total, count.trainable, count.buffers) == numbers(module)
        except pc.ParamcalcError:
            yield point, False
        found += 1
        if found == POINTS:
            return


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise `Late` after so many seconds of a processor."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def figures(results: list[dict[str, Any]]) -> str:
    """Say what became of the types."""
    derived = [each for each in results if "refused" not in each]
    whole = [each for each in derived if not each["fixed"]]
    wrong = [each for each in derived if each["wrong"]]
    few = [each for each in derived if each["held"] < POINTS]
    return (
        f"{len(results)} types: {len(derived)} derived, {len(whole)} of them with all arguments;"
        f" {len(wrong)} wrong at a fresh point; {len(few)} held at fewer than {POINTS} of them"
    )


def main() -> None:
    file, *types = sys.argv[1:]
    path = Path(file)
    lines = path.read_text().splitlines() if path.exists() else []
    results = [json.loads(line) for line in lines]
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))

    def late(signal_number: int, frame: FrameType | None) -> None:
        raise Late

    signal.signal(signal.SIGPROF, late)
    for kind in types or sample():
        if kind in {each["type"] for each in results}:
            continue
        result = survey(kind)
        results.append(result)
        with path.open("a") as out:
            out.write(json.dumps(result) + "\n")
        said = result.get("refused", f"{len(result.get('dims', ()))} dims, {len(result.get('fixed', ()))} fixed")
        print(f"{kind}: {said[:150]} ({result.get('seconds')} s){' WRONG' if result.get('wrong') else ''}", flush=True)
    print(figures(results))


if __name__ == "__main__":
    main()
