"""The bench of quality runs on a small file, and holds out what it says."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from bench.bench_quality import popularity, read, score, split
from jobs.model.solvers.csr import pack


def test_bench_prints_popularity_implicit_and_what_the_search_found(tmp_path):
    draw = np.random.default_rng(0)
    users = np.repeat(np.arange(60), 15)
    rows = pd.DataFrame(
        {
            "user": users,
            "item": draw.integers(0, 30, 900) * 2 + users % 2,
            "weight": 1,
            "time": draw.integers(0, 10**6, 900),
        }
    )
    rows.to_csv(tmp_path / "pairs.tsv", sep="\t", index=False)
    command = [sys.executable, "-m", "bench.bench_quality", f"--data={tmp_path / 'pairs.tsv'}", "--seconds=1"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for wanted in ("popularity  ", "implicit, rank 64", "ours, as the search found it", "of 60 users"):
        assert wanted in done.stdout


@pytest.mark.parametrize(("pairs", "held"), [(4, 0), (5, 1), (9, 1), (10, 2)])
def test_the_last_fifth_of_a_user_s_pairs_is_held_out_by_first_play(pairs, held):
    plays = pd.DataFrame({"user": 1, "item": range(pairs), "weight": 1.0, "time": range(100, 100 - pairs, -1)})
    again = pd.DataFrame(
        {"user": 1, "item": [pairs - 1], "weight": 1.0, "time": [999]}
    )  # the earliest one, played again
    training, out = split(pd.concat([plays, again]))
    assert sorted(out["item"]) == list(range(held))
    assert sorted(training["item"].unique()) == list(range(held, pairs))


def test_a_file_in_the_order_of_the_columns_or_with_the_names_of_30music(tmp_path):
    (tmp_path / "a.tsv").write_text("7\t9\t3\t1000\n")
    (tmp_path / "b.tsv").write_text("UserId\tSessionId\tItemId\tTime\tArtistId\n7\t1\t9\t1000\t5\n")
    assert read(tmp_path / "a.tsv").to_dict("records") == [{"user": 7, "tracks": 9, "weight": 3, "time": 1000}]
    assert read(tmp_path / "b.tsv").to_dict("records") == [
        {"user": 7, "tracks": 9, "artists": 5, "time": 1000, "weight": 1.0}
    ]


def test_popularity_s_ndcg_as_worked_out_by_hand():
    """Items 1, 2, 3 have 3, 2, 1 users; user 9 heard 1 and is listed 2, 3; item 3 is relevant, at rank 2 of 1 possible."""
    training = pack(np.array([9, 8, 7, 8, 7, 7]), np.array([1, 1, 1, 2, 2, 3]), np.ones(6))
    held = pd.DataFrame({"user": [9], "item": [3]})
    assert score(training, held, *popularity(training)) == pytest.approx([1 / np.log2(3)])
