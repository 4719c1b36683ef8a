"""The peak memory of a fit in one process, measured in a process of its own.

python -m bench.memory PAIRS.parquet RANK
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from conf.settings import AlsSettings
from jobs.model.solvers import local
from jobs.model.solvers.csr import PackedPairs, pack

MB = 2**20


def peak_of(users: int, pairs_of_a_user: int, tracks: int, rank: int) -> tuple[float, float]:
    """MB of packed interactions and factors, and of what the process holds at its peak beyond what it began with."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "pairs.parquet"
        write(file, users, pairs_of_a_user, tracks)
        command = [sys.executable, "-m", "bench.memory", str(file), str(rank)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    packed, peak = map(float, done.stdout.split())
    return packed, peak


def write(file: pathlib.Path, users: int, pairs_of_a_user: int, tracks: int) -> None:
    """Pairs of users with so many tracks each, drawn evenly; a pair that comes twice is one of weight 2."""
    draw = np.random.default_rng(3)
    owners = np.repeat(np.arange(users), pairs_of_a_user)
    columns = {"user_id": owners, "track_id": draw.integers(0, tracks, len(owners)), "weight": np.ones(len(owners))}
    pyarrow.parquet.write_table(pa.table(columns), file)


def packed_bytes(packed: PackedPairs, rank: int) -> int:
    """Of the sparse matrix, once, the ids and the factors of both sides."""
    ids, matrix = (packed.user_ids, packed.track_ids), packed.weights
    arrays = (*ids, matrix.data, matrix.indices, matrix.indptr)
    return sum(array.nbytes for array in arrays) + 4 * rank * sum(map(len, ids))


def resident() -> int:
    """Bytes of memory that this process holds."""
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main(file: str, rank: int) -> None:
    local.fit_packed(
        pack(np.arange(9), np.arange(9), np.ones(9)), AlsSettings(rank=2, iterations=1)
    )  # load and compile
    before, highest, done = resident(), [0], threading.Event()

    def watch() -> None:
        while not done.is_set():
            highest[0] = max(highest[0], resident())
            time.sleep(0.005)

    watcher = threading.Thread(target=watch)
    watcher.start()
    rows = pyarrow.parquet.read_table(file)
    packed = pack(*(rows[name].to_numpy() for name in rows.column_names))
    del rows
    local.fit_packed(packed, AlsSettings(rank=rank, iterations=2))
    done.set()
    watcher.join()
    print(packed_bytes(packed, rank) / MB, (highest[0] - before) / MB)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
