import mlflow
import pytest

from jobs.model import registry_access

pytestmark = pytest.mark.slow


def test_two_first_trainings_at_once_share_the_experiment(uri, monkeypatch):
    with registry_access.connected(uri) as client:
        first = client.get_experiment_by_name(registry_access.NAME)
    look, looks = mlflow.get_experiment_by_name, []

    def before_the_other_has_created_it(name):
        looks.append(name)
        return look(name) if looks[1:] else None

    monkeypatch.setattr(mlflow, "get_experiment_by_name", before_the_other_has_created_it)
    with registry_access.connected(uri) as client:
        assert client.get_experiment_by_name(registry_access.NAME).experiment_id == first.experiment_id
    assert len(looks) == 2
