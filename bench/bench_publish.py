"""Publishing a day beside a bare COPY of the same lists into a bare table.

python -m bench.bench_publish [--rows 5000000] [--plays 100000]

The day is published as its task does it, by ``python -m jobs publish``: start of the process, reading Delta, loading,
counting, keys, foreign keys, tracks, users, plays and the switch. The bare COPY sends the same rows from a CSV file that
is there. Beside them the same rows go in by ADBC's binary COPY and by ours, bare, both read from Delta.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import adbc_driver_postgresql.dbapi as adbc
import psycopg

from bench import mart_lake
from conf.tables import TABLES
from jobs.mart.copying import copy, encode
from lake.access import Lake
from tests.services.postgres.server import running

COLUMNS = "date date, user_id bigint, rank integer, track_id bigint, score real, source text, because bigint[], model_version text"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rows", type=int, default=5_000_000, help="rows of recommendations")
    arguments.add_argument("--plays", type=int, default=100_000, help="new plays of the day")
    args = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder, running() as url:
        root = str(pathlib.Path(folder) / "lake")
        mart_lake.write(root, args.rows // mart_lake.K, args.plays)
        publish(root, url, "2024-03-01")  # the mart is there, as on any day but the first
        print(json.dumps(measure(root, url, pathlib.Path(folder) / "rows.csv"), indent=1))


def measure(root: str, url: str, file: pathlib.Path) -> dict[str, float]:
    """Seconds, the ratio, and the publisher's peak memory in MB."""
    lake = Lake(root)
    with file.open("wb") as rows:
        for batch in batches(lake):
            rows.write(encode(batch))
    bare = min(timed(url, lambda: from_file(url, file)) for _ in range(2))
    begun = time.monotonic()
    figures = publish(root, url, "2024-03-02")
    whole = time.monotonic() - begun
    bare = min(bare, timed(url, lambda: from_file(url, file)))
    return {
        "rows": figures["rows_out"],
        "bare COPY": round(bare, 2),
        "publish": round(whole, 2),
        "ratio": round(whole / bare, 2),
        "publisher's peak MB": figures["peak_mb"],
        "bare, from Delta by our COPY": round(timed(url, lambda: from_delta(url, lake)), 2),
        "bare, from Delta by ADBC": round(timed(url, lambda: by_adbc(url, lake)), 2),
    }


def publish(root: str, url: str, date: str) -> dict:
    """The job's figures. Its peak memory is asked of the kernel here: what the process itself counts begins with ours."""
    with tempfile.NamedTemporaryFile() as result:
        command = [sys.executable, "-m", "jobs", "publish", f"--lake-root={root}", f"--date={date}"]
        environment = {**os.environ, "MOOVITAMIX_POSTGRES_URL": url}
        process = subprocess.Popen([*command, f"--result={result.name}"], env=environment)
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, peak_mb(process.pid))
            time.sleep(0.02)
        if process.returncode:
            sys.exit("publishing failed, as said above")
        return {**json.loads(pathlib.Path(result.name).read_text()), "peak_mb": round(peak)}


def peak_mb(pid: int) -> float:
    try:
        lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    found = [line.split()[1] for line in lines if line.startswith("VmHWM")]
    return int(found[0]) / 1024 if found else 0.0


def batches(lake: Lake):
    return lake.batches("recommendations", [("date", "=", mart_lake.SECOND)])


def timed(url: str, load: Callable[[], object]) -> float:
    """Seconds that it takes to fill a bare table, which is there and empty."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS bare")
        connection.execute(f"CREATE TABLE bare ({COLUMNS})")
        connection.execute("CHECKPOINT")
    begun = time.monotonic()
    load()
    return time.monotonic() - begun


def from_file(url: str, file: pathlib.Path) -> None:
    with (
        psycopg.connect(url) as connection,
        connection.cursor().copy("COPY bare FROM STDIN (FORMAT csv)") as stream,
        file.open("rb") as rows,
    ):
        while block := rows.read(1 << 20):
            stream.write(block)


def from_delta(url: str, lake: Lake) -> None:
    with psycopg.connect(url) as connection:
        copy(connection, "bare", TABLES["recommendations"].names, batches(lake))


def by_adbc(url: str, lake: Lake) -> None:
    with adbc.connect(url) as connection, connection.cursor() as cursor:
        cursor.adbc_ingest("bare", batches(lake), mode="append")
        connection.commit()


if __name__ == "__main__":
    main()
