from collections.abc import Iterator

import pytest

from app.stores.lake_store import LakeStore
from tests.app.lakes import small_lake
from tests.app.serving import Client, served, settings_of


@pytest.fixture(scope="session")
def root(tmp_path_factory):
    """A lake with one published day; nobody changes it."""
    root = tmp_path_factory.mktemp("listeners") / "lake"
    small_lake(root)
    report = root / "reports" / "2024-03-01.html"
    report.parent.mkdir()
    report.write_text("<h1>Health of the day</h1>")
    return root


@pytest.fixture(scope="session")
def client(root) -> Iterator[Client]:
    settings = settings_of(root, max_k=50)
    with served(settings, LakeStore(settings)) as client:
        yield client
