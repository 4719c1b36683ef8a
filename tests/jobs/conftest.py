"""An empty registry for each test: making a database costs MLflow seconds, copying one does not."""

import pathlib
import shutil

import pytest

from jobs.model import registry_access


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    file = tmp_path_factory.mktemp("registry") / "mlflow.db"
    registry_access.create(f"sqlite:///{file}")
    return file


@pytest.fixture
def uri(empty_database: pathlib.Path, tmp_path: pathlib.Path) -> str:
    return f"sqlite:///{shutil.copy(empty_database, tmp_path)}"
