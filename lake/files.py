"""Small files and folders of a lake, in a folder or in a bucket: written whole, read, removed.

On disk a file appears by a rename; a bucket's objects appear whole by themselves, and are their owner's alone.
"""

import contextlib
import errno
import fcntl
import os
import pathlib
import shutil
import time
import typing
from collections.abc import Iterable

from lake.storage import is_url

NO_SYNC = (errno.EINVAL, errno.EBADF, errno.ENOTSUP)
YOUNG = 1  # seconds in which a file may not have got its lock yet


def read(path: pathlib.Path) -> bytes:
    """
    Raises:
        FileNotFoundError: there is none.
    """
    if is_url(path):
        return bytes(typing.cast("typing.Any", path).fs.cat_file(str(path)))
    return path.read_bytes()


def exists(path: pathlib.Path) -> bool:
    """Whether there is such a file. A store that does not answer raises: that is not an answer."""
    if is_url(path):
        return typing.cast("bool", path.exists())
    return path.is_file()


def below(folder: pathlib.Path) -> list[pathlib.Path]:
    """All files in a folder and in those below it, by name; of a bucket by one listing."""
    if is_url(folder):
        found = typing.cast("typing.Any", folder).fs.find(str(folder))
        return [folder / name.partition(f"{_inside(folder)}/")[2] for name in sorted(found)]
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _inside(folder: pathlib.Path) -> str:
    """Bucket and key, as listings have it."""
    return str(folder).partition("://")[2]


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
    """Write and sync a file beside, then rename it; files left by interrupted writers are removed."""
    for left in path.parent.glob(".*.tmp"):
        with contextlib.suppress(OSError):  # gone by now, held by a process that is at work, or not ours to remove
            if time.time() - left.stat().st_mtime > YOUNG:
                with left.open("r+b") as file:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
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
    sync([path.parent])


def sync(paths: Iterable[pathlib.Path]) -> None:
    """Make the bytes of files, and the names in folders, last through a loss of power.

    Some file systems over a network know no such thing of a folder: its names are their server's matter.
    """
    for path in paths:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        except OSError as error:
            if error.errno not in NO_SYNC or not path.is_dir():
                raise
        finally:
            os.close(handle)


def remove(folder: pathlib.Path, first: str = "") -> None:
    """Remove a folder with all it holds, if it is there, so that half of it is never taken for the whole.

    On disk it is renamed first; in a bucket the object named ``first``, by which the others count, goes first.
    """
    if is_url(folder):
        if first:
            (folder / first).unlink(missing_ok=True)
        for path in below(folder):
            path.unlink(missing_ok=True)
    elif folder.exists():
        going = folder.with_name(f".{folder.name}.removed")
        shutil.rmtree(going, ignore_errors=True)  # left by a kill
        folder.rename(going)
        shutil.rmtree(going)
