"""The bench of cleaning runs, small, and both sides count the same."""

import datetime
import subprocess
import sys

from bench import raw_lake
from bench.polars_clean import judge


def test_bench_prints_its_ratio():
    sizes = ["--plays", "2000", "--users=100", "--tracks=100", "--memory=1g"]
    done = subprocess.run([sys.executable, "-m", "bench.bench_clean", *sizes], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "2,000 plays" in done.stdout
    assert "(target at most 2), spark-submit" in done.stdout
    assert "(target at most 2), on a warm Connect server" in done.stdout
    assert "10 new beside 2,000 known" in done.stdout


def test_the_same_sizes_give_the_same_rows_and_dirt_is_among_them(tmp_path):
    date = datetime.date(2024, 3, 1)
    for name in ("a", "b"):
        raw_lake.write(str(tmp_path / name), date, 2000, 50, 50)
    first, second = (
        (tmp_path / name / "raw" / "users" / f"date={date}" / "part-00000.jsonl.gz").read_bytes() for name in ("a", "b")
    )
    assert first == second
    plays, _ = judge(str(tmp_path / "a"), date)
    counts = dict(plays.group_by("outcome").len().iter_rows())
    assert {"clean", "duplicate", "quarantined"} <= counts.keys()
    assert plays.height == sum(counts.values())
