"""Rows onto disk: gzipped JSON lines, a new file every so many rows, each synced before it counts."""

import hashlib
import os
import pathlib
import uuid
import zlib

from lake.storage import is_url
from tasks.api.manifest import RawFile

ROWS_PER_FILE = 50_000  # gzip does not split: readers work on as many files at once as there are
LEVEL = 1  # 3 times as fast as the default, for files a fifth larger
GZIP = 16 + zlib.MAX_WBITS  # a gzip file, without a name or a time


class _File:
    """One file of the snapshot, readable by its owner only; the same rows give the same bytes."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path, self.rows, self.bytes = path, 0, 0
        self._sha256 = hashlib.sha256()
        self._raw = open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")  # noqa: SIM115
        # Not a GzipFile: after a full disk it writes again as it is collected, and Python prints that this failed.
        self._gzip = zlib.compressobj(LEVEL, wbits=GZIP)

    def _write(self, data: bytes) -> None:
        self._sha256.update(data)
        self.bytes += len(data)
        self._raw.write(data)

    def add(self, lines: list[bytes]) -> None:
        self._write(self._gzip.compress(b"".join(line + b"\n" for line in lines)))
        self.rows += len(lines)

    def finish(self) -> RawFile:
        self._write(self._gzip.flush())
        self._raw.flush()
        os.fsync(self._raw.fileno())
        self._raw.close()
        return RawFile(self.path.name, self.rows, self.bytes, self._sha256.hexdigest())


class Writer:
    """Writes ``part-00000.jsonl.gz`` and on; there is at least one, however few the rows. ``token`` tells fetches apart."""

    def __init__(self, folder: pathlib.Path, token: str = "") -> None:
        self._folder, self._token = folder, token
        self._done: list[RawFile] = []
        self._file = self._next()

    def add(self, lines: list[bytes]) -> None:
        """Rows as served, without line breaks."""
        if self._file.rows + len(lines) > ROWS_PER_FILE:
            self._done.append(self._file.finish())
            self._file = self._next()
        self._file.add(lines)

    def finish(self) -> tuple[RawFile, ...]:
        return (*self._done, self._file.finish())

    def _next(self) -> _File:
        return _File(self._folder / f"part-{len(self._done):05d}{self._token}.jsonl.gz")


def token(folder: pathlib.Path) -> str:
    """What the names of parts have of their own where two machines may write into a folder at once: in a bucket."""
    return f"-{uuid.uuid4().hex[:8]}" if is_url(folder) else ""


def write_text(path: pathlib.Path, text: str) -> None:
    """A small file, synced, readable by its owner only."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
