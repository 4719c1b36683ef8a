"""Reaching the registry: whether it answers, soon; what may be shown of its address; MLflow set up on it."""

import contextlib
import logging
import os
import pathlib
import re
import sqlite3
import time
import urllib.parse
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

from conf.errors import Refused
from jobs.model.registry_environment import SHORT, STEADY, patience

if TYPE_CHECKING:
    from mlflow import MlflowClient

NAME = "recommender"  # of the model, and of the experiment of its runs

AWAY, PAUSE = 60.0, 2.0  # seconds that a training waits for a server, and between two questions
CONNECT_TIMEOUT = 5  # seconds, of a database server
LOCKED = 5  # seconds that one question waits for a file that is locked

WRONG_CREDENTIALS = (
    "; see MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, in the environment"
)
ADVICE = {"401": WRONG_CREDENTIALS, "403": WRONG_CREDENTIALS, "404": "; that is no MLflow server"}

BROKEN = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)  # what loading a model that is not whole raises
# These may be a fault of this code, so their stack is logged.
OURS = (TypeError, AttributeError, NameError, LookupError, AssertionError)

log = logging.getLogger("jobs")


class RegistryFailed(Refused):
    """The registry cannot be reached, or does not do what is asked of it: a day goes on without."""


@contextlib.contextmanager
def connected(uri: str) -> Iterator["MlflowClient"]:
    """MLflow, on ``uri`` for tracking and registry.

    Raises:
        RegistryFailed: it cannot be reached or read, or something that was asked of it failed.
    """
    unreachable = reachable(uri)
    if unreachable:
        raise RegistryFailed(f"{unreachable}; {advice(unreachable)}")
    with patience(STEADY):
        try:
            import mlflow

            for quiet in ("mlflow", "alembic"):  # MLflow logs a stack of each error that it raises
                logging.getLogger(quiet).setLevel(logging.CRITICAL)
            create(uri)
            mlflow.set_tracking_uri(uri)
            mlflow.set_registry_uri(uri)
            yield mlflow.MlflowClient()
        except Refused:
            raise
        except Exception as error:  # what MLflow, its database, its files or its server raise is of many kinds
            if isinstance(error, OURS):
                log.warning("the registry failed in an unexpected way", exc_info=True)
            said = without_credentials(uri, _said(error))
            raise RegistryFailed(
                f"the registry at {without_credentials(uri)} does not do what was asked: {said}; {advice(said)}"
            ) from error


def experiment(client: "MlflowClient", uri: str) -> str:
    """The id of the experiment of our runs, which is created where there is none.

    Raises:
        RegistryFailed: it was deleted. Whoever did that is asked, and nothing is restored behind their back.
    """
    import mlflow

    found = client.get_experiment_by_name(NAME)
    if found is None:
        try:
            return str(client.create_experiment(NAME, artifact_location=artifacts(uri)))
        except mlflow.exceptions.MlflowException:  # another run may do so at the same moment
            found = client.get_experiment_by_name(NAME)
            if found is None:
                raise
    if found.lifecycle_stage != "active":
        shown = without_credentials(uri)
        raise RegistryFailed(
            f"the registry at {shown}: the experiment {NAME} was deleted by hand; restore it: "
            f"MLFLOW_TRACKING_URI={shown} mlflow experiments restore --experiment-id {found.experiment_id}"
        )
    return str(found.experiment_id)


def usable(uri: str) -> str:
    """As :func:`awaited`; and one line also where a training could not be recorded there."""
    unreachable = awaited(uri)
    if unreachable:
        return f"{unreachable}; {advice(unreachable)}"
    try:
        with connected(uri) as client:
            experiment(client, uri)
    except RegistryFailed as failure:
        return failure.message
    return ""


def begun(uri: str) -> bool:
    """Whether there is anything: a registry in a file begins with its first training."""
    file = sqlite_file(uri)
    return file is None or file.exists()


def create(uri: str) -> None:
    """Create the database of a registry in a file, which takes seconds: it appears whole, or a kill would spoil it."""
    file = sqlite_file(uri)
    if file is None or begun(uri):
        return
    from mlflow import MlflowClient

    building = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with patience(STEADY):
            MlflowClient(f"sqlite:///{building}", f"sqlite:///{building}").search_experiments(max_results=1)
        with contextlib.suppress(FileExistsError):  # another run was first
            os.link(building, file)
        building.unlink()
    except OSError as error:
        raise RegistryFailed(f"the registry at {uri} cannot be created: {error}; check [registry] uri") from error


def artifacts(uri: str) -> str | None:
    """Where a registry in an SQLite file keeps its artifacts: beside that file. A server knows for itself."""
    file = sqlite_file(uri)
    return None if file is None else (file.parent / "mlartifacts").as_uri()


def reachable(uri: str) -> str:
    """Empty where the registry answers; else one line that says why not, without credentials. Takes seconds at most."""
    try:
        file = sqlite_file(uri)
        if file is not None:
            _ask_file(file)
        elif re.match(r"https?://", uri):
            _ask_server(uri)
        else:
            _ask_database(uri)
    except Exception as error:  # whatever a driver raises is the answer
        return f"the registry at {without_credentials(uri)} cannot be reached: {without_credentials(uri, _said(error))}"
    return ""


def awaited(uri: str, seconds: float | None = None) -> str:
    """As :func:`reachable`; a server that is being started again, or a file that somebody has locked, is waited for,
    by default for ``AWAY`` seconds.

    Only an outage that lasts changes what is trained.
    """
    deadline = time.monotonic() + (AWAY if seconds is None else seconds)
    while unreachable := reachable(uri):
        refused = any(f"HTTP {code}" in unreachable for code in ADVICE)
        passing = re.match(r"https?://", uri) or "is locked" in unreachable
        if refused or not passing or time.monotonic() > deadline:
            break
        time.sleep(PAUSE)
    return unreachable


def sqlite_file(uri: str) -> pathlib.Path | None:
    """The file of a registry in SQLite."""
    if not uri.startswith("sqlite:///"):
        return None
    return pathlib.Path(uri.removeprefix("sqlite:///").partition("?")[0]).absolute()


def without_credentials(uri: str, text: str = "") -> str:
    """The address, or the first line of a text that may quote it, without user, password and query."""
    shown = re.sub(r"\?.*", "", re.sub(r"//.*@", "//", uri))
    if not text:
        return shown
    text = text.strip().splitlines()[0].replace(uri, shown)
    for secret in _secrets(uri):
        text = text.replace(secret, "***")
    return text


def _secrets(uri: str) -> list[str]:
    """User and password as they are written and as they are meant, and the query."""
    address, _, query = uri.partition("?")
    found = re.search(r"//(.*)@", address)
    parts = [found.group(1), *found.group(1).split(":", 1)[1:]] if found else []
    written = [part for part in [*parts, query] if part]
    return sorted({*written, *map(urllib.parse.unquote, written)}, key=len, reverse=True)


def _ask_file(file: pathlib.Path) -> None:
    if file.exists():
        with contextlib.closing(sqlite3.connect(f"{file.as_uri()}?mode=rw", uri=True, timeout=LOCKED)) as database:
            database.execute("SELECT count(*) FROM sqlite_master").fetchone()
            database.execute("BEGIN IMMEDIATE")  # as every write begins
            database.execute("ROLLBACK")
        if not os.access(file, os.W_OK):
            raise PermissionError(f"{file} cannot be written")
        return
    existing = next(folder for folder in file.parents if folder.exists())
    if not (existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)):
        raise PermissionError(f"{file} cannot be created in {existing}")


def _ask_server(uri: str) -> None:
    from mlflow import MlflowClient

    with patience(SHORT, override=True):
        MlflowClient(uri, uri).search_experiments(max_results=1)


def _ask_database(uri: str) -> None:
    """MLflow would ask ten times, in a hundred seconds."""
    import sqlalchemy

    limits = {"connect_timeout": CONNECT_TIMEOUT} if re.match(r"(postgres|mysql)", uri) else {}
    engine = sqlalchemy.create_engine(uri, connect_args=limits)
    with engine.connect():
        pass
    engine.dispose()


def advice(text: str) -> str:
    """What helps against the cause that the text tells."""
    known = (
        ("is locked", "end the program that holds the file"),
        ("readonly|cannot be written", "let this user write the file and its folder"),
        ("malformed|not a database", "restore the file, or move it away: a new one is begun"),
        ("No space left", "make room there"),
        (r"\[Errno \d+\]", "let this user write there"),
    )
    return next((help_ for words, help_ in known if re.search(words, text)), "see the server, and [registry] uri")


def _said(error: Exception) -> str:
    """The cause behind what requests and MLflow put around it."""
    text = str(error)
    status = re.search(r"error code (\d{3})|too many (\d{3}) error", text)
    if status:
        code = status.group(1) or status.group(2)
        return f"HTTP {code}{ADVICE.get(code, '')}"
    for known in ("Connection refused", "Name or service not known", "timed out"):
        if known in text:
            return known[0].lower() + known[1:]
    of_database = re.search(r"^\(\w+\.\w+\) (.+)$", text, re.MULTILINE)
    lines = [of_database.group(1)] if of_database else text.strip().splitlines()
    return lines[0] if lines else type(error).__name__
