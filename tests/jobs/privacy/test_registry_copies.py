"""A registry that keeps its models elsewhere: they are loaded as before, also where the command was killed on its way."""

import pytest

from jobs.model import stored
from jobs.privacy import registry_copies
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
