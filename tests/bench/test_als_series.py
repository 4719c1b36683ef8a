"""The series about ALS run, small, and print their ratios beside the targets."""

import contextlib
import sys

import numpy as np
import pytest

from bench import als_series, bench_als
from bench.memory import packed_bytes
from jobs.model.pairs import plays_as_of, weighted
from jobs.model.solvers.csr import from_frame, pack
from jobs.runtime.frames import SparkLake


@pytest.fixture
def series(monkeypatch, capsys):
    """Runs a series in this process and gives what it prints."""
    monkeypatch.setattr(bench_als, "ITERATIONS", 1)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["als_series", *map(str, words)])
        als_series.main()
        return capsys.readouterr().out

    return run


@pytest.fixture
def own_session(spark, monkeypatch):
    """The tests' session where a series would start a server."""
    monkeypatch.setattr(als_series, "session", lambda *_, **__: contextlib.nullcontext(spark))
    monkeypatch.setattr(als_series, "cluster", lambda workers, _: contextlib.nullcontext(f"spark://{workers}"))


def test_time_for_each_pair_is_told_beside_its_target(series):
    told = series("pairs", "--rank", 4, "--pairs", 1000, 3000)
    assert "3,000 pairs  implicit" in told
    assert "(target 1.2)" in told


def test_memory_is_told_beside_its_target(series):
    told = series("memory", "--rank", 4, "--users", 1000, 3000, "--tracks", 100)
    assert "3,000 users: packed and factors" in told
    assert "(target at most 3)" in told


def test_packed_bytes_are_those_of_the_matrix_the_ids_and_the_factors():
    packed = pack(np.array([1, 1, 2]), np.array([5, 6, 5]), np.ones(3))
    # 3 pairs of 4 + 4 bytes, 3 ends of 4; 4 ids of 8; 4 rows of 10 factors of 4.
    assert packed_bytes(packed, rank=10) == 24 + 12 + 32 + 160


def test_plays_that_are_written_count_as_the_pairs_that_they_were_made_from(spark, tmp_path):
    packed = pack(np.array([1, 1, 2]), np.array([5, 6, 5]), np.array([2, 1, 3]))
    lake = SparkLake(str(tmp_path), spark)
    assert als_series.write_plays(lake, packed) == 6
    read = from_frame(weighted(plays_as_of(lake.read("listens"), als_series.DATE), als_series.DATE, {}))
    assert read.weights.toarray().tolist() == [[2, 1], [3, 0]]


def test_the_way_from_the_table_is_told_beside_its_target(series, own_session):
    told = series("table", "--pairs", 1000, "--rank", 4, "--rounds", 1)
    assert "1,000 pairs, rank 4" in told
    assert told.count("to read and pack, and in all") == 2
    assert "(target at most 1.2)" in told


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "expected"),
    [("profiles", "settings for much data"), ("cluster", "2 one-core workers: blocks")],
)
def test_series_in_blocks_tell_fit_and_building(series, own_session, name, expected):
    told = series(name, "--pairs", 600, "--rank", 2)
    assert expected in told
    assert "with building" in told


def test_quality_is_told_beside_its_target(series, tmp_path, monkeypatch):
    monkeypatch.setattr(als_series, "SEEDS", (1,))
    monkeypatch.setattr(als_series.bench_quality, "IMPLICIT", ((4, 30.0, 40.0),))
    file = tmp_path / "pairs.tsv"
    draw = np.random.default_rng(1)
    rows = [f"{user}\t{draw.integers(0, 30)}\t1\t{time}" for user in range(20) for time in range(15)]
    file.write_text("\n".join(["user\titem\tweight\ttime", *rows]))
    assert "(target at least 0.99)" in series("quality", "--data", file)
