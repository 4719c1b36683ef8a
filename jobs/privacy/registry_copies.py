"""The registry's copies of models. One in a file keeps them in a folder beside it; a server is asked for them one by one."""

import pathlib
import tempfile
from collections.abc import Iterator
from typing import Any

from conf.errors import Refused
from jobs.model import registry_access
from jobs.model.registry_access import BROKEN, sqlite_file
from jobs.privacy import model_files
from lake import sums

Counts = tuple[int, int]  # looked at, found


def remove(uri: str, user_id: int) -> None:
    """
    Raises:
        Refused: the registry cannot be reached, or a model there cannot be read.
    """
    folder = local(uri)
    if folder:
        model_files.remove_from_lake(folder, user_id)
    elif registry_access.begun(uri):
        for repository, path in remote(uri):
            with tempfile.TemporaryDirectory() as temporary:
                copy = pathlib.Path(repository.download_artifacts(path, temporary))
                try:
                    removed = model_files.remove(copy, user_id)
                except BROKEN as error:
                    raise Refused(
                        f"{repository.artifact_uri}/{path}: cannot be read ({error}), so it may name the user; restore it, "
                        "or delete that model in the registry, then run again"
                    ) from error
                if removed:
                    put_back(repository, copy, path)
                if copy.name == model_files.FACTORS:
                    keep_sum(repository, copy, path, temporary)


def keep_sum(repository: Any, copy: pathlib.Path, path: str, temporary: str) -> None:
    """A model whose sums say something else of its factors would not be loaded any more."""
    folder = pathlib.PurePosixPath(path).parent
    beside = str(folder / sums.SUMS)
    if beside not in {file.path for file in repository.list_artifacts(str(folder))}:  # of an earlier version
        return
    known = pathlib.Path(repository.download_artifacts(beside, temporary))
    before = known.read_bytes()
    model_files.keep_sum(copy)
    if known.read_bytes() != before:
        put_back(repository, known, beside)


def put_back(repository: Any, copy: pathlib.Path, path: str) -> None:
    repository.log_artifact(str(copy), str(pathlib.PurePosixPath(path).parent).removeprefix("."))


def local(uri: str) -> pathlib.Path | None:
    """Where a registry in a file has its models."""
    file = sqlite_file(uri)
    return None if file is None else file.parent / "mlartifacts"


def count(uri: str, user_id: int, needles: list[bytes]) -> Counts:
    """Files looked at, and those that name the user."""
    folder, file = local(uri), sqlite_file(uri)
    if folder and file:
        found = [model_files.holds(path, user_id) for path in model_files.files(folder)]
        others = [file] if file.exists() else []
        others += [path for path in folder.rglob("*") if path.is_file() and path.name != model_files.FACTORS]
        told = [path for path in others if any(needle in path.read_bytes() for needle in needles)]
        return len(found) + len(others), sum(found) + len(told)
    looked_at = found_there = 0
    for repository, path in remote(uri):
        with tempfile.TemporaryDirectory() as temporary:
            copy = pathlib.Path(repository.download_artifacts(path, temporary))
            named = any(needle in copy.read_bytes() for needle in needles) or model_files.holds(copy, user_id)
            looked_at, found_there = looked_at + 1, found_there + named
    return looked_at, found_there


def remote(uri: str) -> Iterator[tuple[Any, str]]:
    """Where a server keeps each model, and the paths there of files that may name users.

    Raises:
        Refused: the registry cannot be reached.
    """
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    with registry_access.connected(uri) as client:
        experiment = client.get_experiment_by_name(registry_access.NAME)
        token, found = None, list[Any]()
        while experiment:
            page = client.search_logged_models([experiment.experiment_id], page_token=token)
            found += page
            token = page.token
            if not token:
                break
        for model in found:
            repository = get_artifact_repository(model.artifact_location)
            paths = [file.path for folder in ("", "artifacts/model") for file in repository.list_artifacts(folder)]
            yield from ((repository, path) for path in paths if _named(path))


def _named(path: str) -> bool:
    return pathlib.PurePosixPath(path).name in (model_files.FACTORS, *model_files.EXAMPLES)


def require(uri: str) -> None:
    """
    Raises:
        Refused: it cannot be reached now, so that nothing is begun.
    """
    unreachable = registry_access.reachable(uri)
    if unreachable:
        raise Refused(f"{unreachable}; nothing was removed. Its models name people: run again when it answers")
