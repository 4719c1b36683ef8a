"""The bench of scaling runs, small: its rows are those that were asked for, and its slopes are worked out by hand."""

import argparse
import contextlib
import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from bench import scaling_steps
from bench.bench_scaling import Growth, Peaks, growth, run, slopes
from bench.plays import write_plays
from jobs.model.solvers.csr import pack
from jobs.runtime.frames import SparkLake

SMALL = {"plays": 10, "tracks": 200, "k": 5, "rank": 4, "iterations": 2, "memory": "1g"}
SMALL |= {"fetched": 0.1, "latency_ms": 1.0, "new_plays": 1000}


def bench(root, *words):
    command = [sys.executable, "-m", "bench.bench_scaling", f"--root={root}", "--memory=1g", "--tracks=200", *words]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in (root / "results.jsonl").read_text().splitlines()]
    return done.stdout, {(row["users"], row["what"]): row for row in rows}


def test_rows_are_counted_and_sizes_compared(tmp_path):
    told, found = bench(tmp_path, "--users", "200", "400", "--steps", "raw", "fetch", "check")
    # One row in two hundred comes twice.
    assert found[200, "raw users"]["rows"] == found[200, "raw listen_history"]["rows"] == 201
    assert found[400, "raw listen_history"]["rows"] == 402
    assert [found[users, "fetch listen_history"]["rows"] for users in (200, 400)] == [20, 40]
    # Of 200 tracks and 200 users one comes twice, of 400 users two.
    assert [found[users, "check references"]["rows"] for users in (200, 400)] == [201 + 201 + 201, 201 + 402 + 402]
    assert found[400, "keys that repeat"]["rows"] == 402
    assert "200 to        400 users: rows x 2.00, time x" in told
    assert "load" in told


def test_plays_are_cleaned_by_spark_submit_and_its_memory_is_seen(tmp_path):
    _, found = bench(tmp_path, "--users", "200", "--steps", "raw", "listens")
    cleaned = found[200, "clean listens"]
    # 200 rows of 10 and one that comes twice; of two bad rows, one has no items and counts as one.
    assert cleaned["rows"] == 2010 - 9
    assert cleaned["jvm_mb"] > 100
    assert cleaned["step_cpu"] > 1
    assert found[200, "table listens after clean listens"]["bytes"] > 0


def test_growth_as_worked_out_by_hand():
    # Eight times the rows in twice the time: a cube root; two seconds for seven hundred rows more.
    assert growth((100, 2.0), (800, 4.0)) == pytest.approx(Growth(8, 2, 1 / 3, 2 / 700))


def test_slopes_are_of_a_step_s_sizes_in_order_the_later_of_two_runs_and_what_was_timed():
    row = {"step": "local", "what": "fit", "unit": "pair"}
    told = slopes(
        [
            {**row, "users": 2, "rows": 200, "seconds": 99.0},
            {**row, "users": 2, "rows": 200, "seconds": 16.0},
            {**row, "users": 1, "rows": 100, "seconds": 2.0},
            {**row, "step": "blocks", "users": 4, "rows": 400, "seconds": 3.0},
            {**row, "users": 4, "not measured": "it took more than 900 s"},
            {**row, "what": "model", "users": 1, "rows": 5, "seconds": None, "bytes": 9},
        ]
    )
    (line,) = told
    assert line.split(":")[2] == " rows x 2.00, time x 8.00, exponent 3.00, 140000.00 us a pair more"


@pytest.mark.parametrize(
    ("limit", "why"), [(60, "it ended with 1: FileNotFoundError"), (0.01, "it took more than 0.01 s")]
)
def test_a_step_that_fails_or_takes_too_long_is_named_as_not_measured(tmp_path, limit, why):
    (found,) = run("score", tmp_path, 10, argparse.Namespace(**SMALL, limit=limit))
    assert found["what"] == "score"
    assert found["not measured"].startswith(why)


def test_memory_is_that_of_the_process_and_its_children():
    hold = "import sys, time; held = b'x' * 200_000_000; print(flush=True); time.sleep(60)"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hold!r}])"
    with subprocess.Popen([sys.executable, "-c", child], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        peaks = Peaks(process.pid)
        peaks.look()
        for started in (*peaks.process.children(), process):
            started.kill()
    assert 190 < peaks.python_mb < 300
    assert peaks.jvm_mb == 0


def test_fit_and_lists_are_of_what_the_tables_hold(spark, tmp_path, monkeypatch):
    monkeypatch.setattr(scaling_steps, "lake_of", lambda _: contextlib.nullcontext(SparkLake(str(tmp_path), spark)))
    args = argparse.Namespace(**SMALL, root=pathlib.Path(tmp_path), users=3)
    # Three users with three tracks each, of which one was played twice: ten plays, nine pairs.
    users, tracks = [1, 1, 1, 2, 2, 2, 3, 3, 3], [5, 6, 7, 5, 6, 8, 6, 7, 8]
    lake = SparkLake(str(tmp_path), spark)
    write_plays(lake, pack(np.array(users), np.array(tracks), np.array([2.0] + 8 * [1.0])))
    lake.append_rows([{"user_id": user} for user in (1, 2, 3)], "users", "users/CleanUsers/2024-07-01")
    found = {row["what"]: row["rows"] for row in scaling_steps.train("local")(args)}
    assert found == {"plays to pairs": 10, "pairs to one process": 9, "fit, local": 18, "model": 7}
    found = {row["what"]: row["rows"] for row in scaling_steps.score(args)}
    assert found == {"recommend": 3, "table recommendations": 15}
