"""Small files and folders of a lake, in a folder or in a bucket: written whole, read, removed.

On disk a file appears by a rename; a bucket's objects appear whole by themselves, and are their owner's alone.
"""

import contextlib
import fcntl
import os
import pathlib
import shutil
import typing

from conf.storage import is_url


def read(path: pathlib.Path) -> bytes:
    """
    Raises:
        FileNotFoundError: there is none.
    """
    if is_url(path):
        return bytes(typing.cast("typing.Any", path).fs.cat_file(str(path)))
    return path.read_bytes()


def write(path: pathlib.Path, data: bytes, private: bool = False) -> None:
    """Put a file in place, or in the place of another; ``private`` ones are read by their owner only."""
    if is_url(path):
        path.write_bytes(data)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    _put(path, data, 0o600 if private else 0o666)


def replace(path: pathlib.Path, data: bytes) -> None:
    """Change what a file holds, at once; who may read it stays."""
    if is_url(path):
        path.write_bytes(data)
    else:
        _put(path, data, 0o600, like=path)


def _put(path: pathlib.Path, data: bytes, mode: int, like: pathlib.Path | None = None) -> None:
    """Write and sync beside, then rename; what killed writers have left in the folder goes."""
    for left in path.parent.glob(".*.tmp"):
        with contextlib.suppress(FileNotFoundError, BlockingIOError), left.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # one that is at work holds it
            left.unlink()
    building = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with open(os.open(building, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
        if like:
            shutil.copymode(like, building)
        building.replace(path)


def remove(folder: pathlib.Path, first: str = "") -> None:
    """Remove a folder with all it holds, if it is there, so that half of it is never taken for the whole.

    On disk it is renamed first; in a bucket the object named ``first``, by which the others count, goes first.
    """
    if is_url(folder):
        if first:
            (folder / first).unlink(missing_ok=True)
        for path in [path for path in folder.rglob("*") if path.is_file()]:
            path.unlink(missing_ok=True)
    elif folder.exists():
        going = folder.with_name(f".{folder.name}.removed")
        shutil.rmtree(going, ignore_errors=True)  # left by a kill
        folder.rename(going)
        shutil.rmtree(going)
