"""A registry that keeps its models elsewhere: they are loaded as before, also where the command was killed on its way."""

import pytest

from conf.errors import Refused
from jobs.model import stored
from jobs.privacy import model_files, registry_copies
from jobs.registry import versions
from lake import sums
from tests.jobs.factor_models import factor_model, tags


def test_a_copy_without_the_user_is_whole_after_a_kill_before_its_sum(tmp_path, monkeypatch):
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    version = versions.register(uri, factor_model(), tags(1), {})
    monkeypatch.setattr(registry_copies, "local", lambda uri: None)
    put_back = registry_copies.put_back

    def killed(repository, copy, path):
        if path.endswith(sums.SUMS):
            raise KeyboardInterrupt
        put_back(repository, copy, path)

    monkeypatch.setattr(registry_copies, "put_back", killed)
    with pytest.raises(KeyboardInterrupt):
        registry_copies.remove(uri, 2)
    monkeypatch.setattr(registry_copies, "put_back", put_back)
    registry_copies.remove(uri, 2)
    assert stored.fetch(uri, version).user_ids.tolist() == [1]


def test_a_copy_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    versions.register(uri, factor_model(), tags(1), {})
    monkeypatch.setattr(registry_copies, "local", lambda uri: None)
    file = next((tmp_path / "mlartifacts").rglob("factors.npz"))
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(Refused, match=r"artifacts/model/factors.npz: cannot be read .* may name the user; restore it"):
        registry_copies.remove(uri, 2)


def test_a_damaged_file_of_the_lake_does_not_get_a_sum_that_says_it_is_whole(tmp_path):
    factor_model().save(tmp_path / "version=1")
    file = tmp_path / "version=1" / "factors.npz"
    data = bytearray(file.read_bytes())
    data[data.index(factor_model().track_factors.tobytes())] ^= 1
    file.write_bytes(data)
    model_files.remove_from_lake(tmp_path, 10**6)  # who is in no model
    assert list(sums.folder_differences(tmp_path / "version=1")) == ["factors.npz"]
