"""Where a snapshot grows, and how it takes its place: whole, or not at all."""

import contextlib
import fcntl
import os
import pathlib
import shutil
import time
from collections.abc import Iterator

from lake import files
from lake.layout import MANIFEST, growing_folder
from lake.storage import create, is_failure, is_url
from tasks.api.api_errors import NotWritten

BLOCK = 8 << 20  # bytes copied at a time


@contextlib.contextmanager
def only_run(folder: pathlib.Path, patience: float) -> Iterator[None]:
    """Hold an entity's folder alone; a second process waits. The lock goes with the process that holds it.

    Raises:
        NotWritten: another run still holds it after ``patience`` seconds.
    """
    with explained(folder):
        beside = growing_folder(folder)
        for parent in (beside.parent, beside):
            parent.parent.mkdir(parents=True, exist_ok=True)
            parent.mkdir(mode=0o700, exist_ok=True)
        handle = os.open(beside, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with explained(folder):
            _lock(handle, folder, patience)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, folder: pathlib.Path, patience: float) -> None:
    end = time.monotonic() + patience
    while True:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise NotWritten(
                    f"{folder}: another run has been fetching into it for {patience:g} s; wait for it or end it"
                ) from None
            time.sleep(0.1)


@contextlib.contextmanager
def explained(folder: pathlib.Path) -> Iterator[None]:
    """Turn an error of the disk, or of the bucket's store, into one line that says what to do."""
    try:
        yield
    except Exception as error:
        if not is_failure(error):
            raise
        code = getattr(error, "errno", None)
        found = os.strerror(code).lower() if code else " ".join(str(error).split())[:200]
        store = "store" if is_url(folder) else "disk"
        raise NotWritten(
            f"{folder}: {found} while writing, nothing was kept; see to the {store}, then run again"
        ) from error


def sweep(folder: pathlib.Path) -> None:
    """Remove what interrupted runs and refused days left behind.

    In a bucket that may be what a run of another machine is about to finish: it stays, and no manifest names it.
    """
    for remains in growing_folder(folder).glob(f".{folder.name}.*"):
        shutil.rmtree(remains)
    if is_url(folder):
        files.remove(refused(folder))
    elif folder.exists():
        shutil.rmtree(folder)  # without a manifest it is not a snapshot


@contextlib.contextmanager
def partial(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """A hidden folder beside the one to be; gone when the block ends, unless :func:`place` has renamed it."""
    growing = growing_folder(folder) / f".{folder.name}.partial"
    growing.mkdir(mode=0o700)
    try:
        yield growing
    finally:
        shutil.rmtree(growing, ignore_errors=True)


def place(growing: pathlib.Path, folder: pathlib.Path) -> bool:
    """Give a finished folder its name; in a bucket, whether no other machine's was there first."""
    if is_url(folder):
        return upload(growing, folder)
    files.sync([growing])
    growing.rename(folder)
    files.sync([folder.parent, folder.parent.parent])
    return True


def upload(growing: pathlib.Path, folder: pathlib.Path) -> bool:
    """Copy a finished folder to a bucket: the manifest last, and only where there is none; else nothing stays of it."""
    parts = sorted(path for path in growing.iterdir() if path.name != MANIFEST)
    for part in parts:
        with part.open("rb") as source, (folder / part.name).open("wb") as target:
            shutil.copyfileobj(source, target, BLOCK)
    if create(folder / MANIFEST, (growing / MANIFEST).read_bytes()):
        return True
    for part in parts:
        (folder / part.name).unlink()
    return False


def refused(folder: pathlib.Path) -> pathlib.Path:
    return folder.with_name(f".{folder.name}.refused")


def set_aside(folder: pathlib.Path) -> None:
    """Take a refused snapshot out of the way, where it can be looked at until the next fetch."""
    aside = refused(folder)
    if is_url(folder):
        files.remove(aside)
        for path in sorted(folder.iterdir(), key=lambda path: path.name != MANIFEST):  # without it, no snapshot
            with path.open("rb") as source, (aside / path.name).open("wb") as target:
                shutil.copyfileobj(source, target, BLOCK)
            path.unlink()
        return
    shutil.rmtree(aside, ignore_errors=True)
    folder.rename(aside)
