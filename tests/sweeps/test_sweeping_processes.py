"""Sweeps in processes of their own: interrupted in a terminal's way, killed, and on a real Dask cluster."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import paramcalc as pc
from tests.helpers import ROOT

pytestmark = pytest.mark.sweep

GPT2 = str(ROOT / "specs" / "gpt2.yaml")
#: enough for some seconds, in parts that are done in less than one
VARY = ["--vary", "width=256:4096:8", "--vary", "depth=1:200", "--vary", "context=1024:1084", "--set", "heads=8"]
PYTHON = {**os.environ, "PYTHONPATH": str(ROOT)}


def command(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "paramcalc", "sweep", GPT2, *VARY, *arguments],
        env=PYTHON,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # what runs the tests in the background may ignore it
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def wait_for_part(folder: Path, process: subprocess.Popen[bytes], number: int) -> None:
    deadline = time.monotonic() + 60
    while not (folder / f"part-{number:05}.parquet").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_sweep_that_is_stopped_goes_on(tmp_path: Path) -> None:
    from pyarrow import parquet

    path, parts = tmp_path / "rows.parquet", tmp_path / "rows.parquet.parts"
    stopped = command("--output", str(path))
    wait_for_part(parts, stopped, 0)
    stopped.send_signal(signal.SIGINT)
    _, said = stopped.communicate(timeout=60)
    assert stopped.returncode == 130
    assert f"parts are in {path}; the same sweep goes on from there" in said.decode()
    there = {each.name: each.stat().st_mtime_ns for each in parts.glob("part-*")}
    assert parquet.read_table(path).num_rows == sum(parquet.read_metadata(parts / name).num_rows for name in there)

    killed = command("--output", str(path))
    wait_for_part(parts, killed, len(there))
    # what was done is still there as it was
    assert {name: (parts / name).stat().st_mtime_ns for name in there} == there
    killed.kill()
    killed.communicate()

    done = command("--output", str(path))
    told, said = done.communicate(timeout=120)
    assert (done.returncode, said) == (0, b"")
    # 8 heads divide each width
    assert told.decode() == f"{path}: {481 * 200 * 61:,} rows of {481 * 200 * 61:,} points\n"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["rows.parquet"]
    file = parquet.ParquetFile(path)
    first, last = file.read_row_group(0).slice(0, 1).to_pylist()[0], file.read_row_group(file.num_row_groups - 1)
    for row in (first, last.slice(last.num_rows - 1).to_pylist()[0]):
        total = row.pop("total")
        assert pc.count(GPT2, dims={**row, "heads": 8}).total == total


# --- a cluster -------------------------------------------------------------------------


def started(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", *arguments], env=PYTHON, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and two workers on loopback: the address, and the workers."""
    file = tmp_path_factory.mktemp("dask") / "scheduler.json"
    common = ("--scheduler-file", str(file), "--no-dashboard")
    processes = [started("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", *common)]
    try:
        deadline = time.monotonic() + 60
        address = ""
        while not address:
            assert time.monotonic() < deadline
            time.sleep(0.05)
            with suppress(OSError, ValueError):
                address = json.loads(file.read_text())["address"]
        worker = ("distributed.cli.dask_worker", "--nthreads", "1", "--no-nanny", "--death-timeout", "60", *common)
        processes += [started(*worker) for _ in range(2)]
        yield address, processes[1:]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_a_cluster_has_the_rows_of_one_machine_also_if_a_worker_is_killed(
    cluster: tuple[str, list[subprocess.Popen[bytes]]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import dask
    from distributed import Client

    from paramcalc.results.sweeps import files, working

    address, workers = cluster
    monkeypatch.setattr(working, "PART_OF_GRID", 2**17)
    vary = {"width": range(64, 2048, 16), "depth": range(1, 400), "heads": [8, 12, 16, 24, 32, 48, 64, 96]}
    alone = pc.sweep(GPT2, vary)
    files.write(alone, str(tmp_path / "alone") + "/", "parquet")
    with dask.config.set({"distributed.comm.timeouts.connect": "2s"}), Client(address, timeout=30) as client:
        client.wait_for_workers(2, timeout=60)
        chosen = pc.sweep(GPT2, vary, top=5, by="-total", client=address)
        assert chosen.columns["total"].tolist() == pc.sweep(GPT2, vary, top=5, by="-total").columns["total"].tolist()
        killed: list[Any] = []

        def kill_one(done: int) -> None:
            if done and not killed:
                workers[0].kill()
                killed.append(workers[0])

        shared = pc.sweep(GPT2, vary, client=client)
        files.write(shared, str(tmp_path / "shared") + "/", "parquet", kill_one)
        assert killed
        assert len(client.scheduler_info()["workers"]) == 1
    names = sorted(each.name for each in (tmp_path / "alone").iterdir())
    assert len(names) == alone.work.parts + 1 >= 4
    assert names == sorted(each.name for each in (tmp_path / "shared").iterdir())
    for name in names:
        assert (tmp_path / "alone" / name).read_bytes() == (tmp_path / "shared" / name).read_bytes()


def test_a_cluster_that_fails_is_named(cluster: tuple[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(pc.ParamcalcError, match=r"error\[cluster-failed\]: no Dask scheduler answers at nowhere"):
        _ = pc.sweep(GPT2, {"width": [768]}, client="nowhere").columns
    from paramcalc.results.sweeps import running

    monkeypatch.setattr(running, "remotely", int)
    with pytest.raises(pc.ParamcalcError, match=r"error\[cluster-failed\]: the cluster cannot do a part: TypeError"):
        _ = pc.sweep(GPT2, {"width": [768]}, client=cluster[0]).columns
