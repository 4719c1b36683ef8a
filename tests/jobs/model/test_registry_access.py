import pytest

from jobs.model import registry_access

pytestmark = pytest.mark.slow


def test_two_first_trainings_at_once_share_the_experiment(uri, monkeypatch):
    with registry_access.connected(uri) as client:
        first = registry_access.experiment(client, uri)
        look, looks = client.get_experiment_by_name, []

        def before_the_other_has_created_it(name):
            looks.append(name)
            return look(name) if looks[1:] else None

        monkeypatch.setattr(client, "get_experiment_by_name", before_the_other_has_created_it)
        assert registry_access.experiment(client, uri) == first
    assert len(looks) == 2


def test_a_fault_of_the_code_within_is_told_with_its_stack(uri, caplog):
    with pytest.raises(registry_access.RegistryFailed), registry_access.connected(uri) as client:
        client.no_such_thing()
    assert "no_such_thing" in caplog.text
    assert "Traceback" in caplog.text
