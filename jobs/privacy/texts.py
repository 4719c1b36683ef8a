"""Logs, reports and other texts beside the tables: who is named there is blotted out.

A report shows a few listeners by id with their lists: the user's part of the page is cut out. The run ledger's spool
and Spark's event files hold no rows, but an error may quote one.
"""

import pathlib
import re
from collections.abc import Iterator

import pyarrow as pa

from conf.tables import TABLES
from jobs.privacy.person import Person
from lake import storage
from lake.files import below, replace
from lake.layout import forgetting_file, lock_file, machine_folder, suppression_file
from lake.sums import SEAL, sealed

MASK = b"***"
COMPRESSED = {".zstd": "zstd", ".zst": "zstd", ".lz4": "lz4", ".gz": "gzip"}
BINARY = {".db", ".npz", ".parquet", ".pkl", ".pickle", ".pyc"}


def files(root: str) -> Iterator[pathlib.Path]:
    """Every file of a lake that is neither a table's nor a raw row's nor a model's, nor this job's own."""
    own = {forgetting_file(root), suppression_file(root), lock_file(root)}
    elsewhere = {*TABLES, "raw", "models", "mlartifacts", "_sums"}
    for top in tops(root):
        for path in below(top):
            if path not in own and path.relative_to(top).parts[0] not in elsewhere:
                yield path


def tops(root: str) -> list[pathlib.Path]:
    """The lake's root, and this machine's own folder where that is another."""
    return list(dict.fromkeys([storage.place(root), machine_folder(root)]))


def place(root: str, path: pathlib.Path) -> str:
    """The name of the place where a file lies."""
    top = storage.place(root) if storage.is_url(path) else machine_folder(root)
    parts = path.relative_to(top).parts
    return parts[0] if parts[0] in ("reports", "logs", "_spool") and len(parts) > 1 else "other files"


def names(path: pathlib.Path, person: Person) -> bool:
    """Whether a file names the user."""
    data = read(path)
    told = any(needle in data for needle in person.needles)
    return told or (path.suffix not in BINARY and bool(person.named.search(data)))


def remove(root: str, person: Person) -> None:
    for path in files(root):
        if names(path, person):
            if path.suffix in COMPRESSED:
                path.unlink()  # figures of a step, which the ledger does without
            else:
                data = path.read_bytes()
                left = blotted(SEAL.sub(b"", data), person)
                replace(path, sealed(left) if SEAL.search(data) else left)


def blotted(data: bytes, person: Person) -> bytes:
    data = re.sub(rb"<h3>Listener " + person.digits + rb" .*?</table></div>\n?", b"", data, flags=re.DOTALL)
    for needle in person.needles:
        data = data.replace(needle, MASK)
    return person.named.sub(rb"\1\2" + MASK, data)


def read(path: pathlib.Path) -> bytes:
    """A file's bytes, unpacked; what was cut off in the middle as far as it goes."""
    codec = COMPRESSED.get(path.suffix)
    if not codec:
        return path.read_bytes()
    parts = []
    try:
        with pa.CompressedInputStream(pa.BufferReader(path.read_bytes()), codec) as stream:
            while part := stream.read(1 << 20):
                parts.append(part)
    except OSError:
        parts.append(path.read_bytes())
    return b"".join(parts)
