import pytest

from jobs.model import registry_access
from jobs.registry import versions
from jobs.registry.live_figures import mean_live, record_live
from tests.jobs.factor_models import day, factor_model, live, tags


def test_means_are_over_users_of_the_days_that_a_version_served():
    rows = [*live(2, "1", 0.1, 0.2, users=10), *live(3, "1", 0.4, 0.5, users=20), *live(4, "2", 0.9, 0.1, users=5)]
    found = mean_live(rows, 10)
    assert found["1"] == pytest.approx({"ndcg": 0.3, "popularity": 0.4, "days": 2})
    assert found["2"] == {"ndcg": 0.9, "popularity": 0.1, "days": 1}
    assert mean_live(rows, 5) == {}


def test_a_day_with_nobody_scored_counts_for_nothing():
    rows = [*live(2, "1", 0.1, 0.2), *live(3, "1", 0.0, 0.0, users=0)]
    assert mean_live(rows, 10)["1"]["days"] == 1
    assert mean_live(live(3, "1", 0.0, 0.0, users=0), 10) == {}


def test_figures_go_to_the_run_of_their_version_once_with_its_age_as_the_step(uri):
    version = versions.register(uri, factor_model(), tags(1), {})
    rows = [*live(2, version, 0.1, 0.2), *live(3, version, 0.3, 0.4), *live(4, "99", 0.5, 0.6)]
    assert record_live(uri, rows, day(3)) == 2  # of the first day alone: the second is not over
    assert record_live(uri, rows, day(9)) == 2
    assert record_live(uri, rows, day(9)) == 0
    with registry_access.connected(uri) as client:
        found = versions.newest_first(client)[0]
        history = client.get_metric_history(found.run_id, "live_als_ndcg_10")
        # As after a kill between figures and tag.
        client.delete_model_version_tag(registry_access.NAME, version, "live_until")
    assert [(metric.step, metric.value) for metric in history] == [(1, 0.1), (2, 0.3)]
    assert found.tags["live_until"] == "2024-03-03"
    record_live(uri, rows, day(9))
    with registry_access.connected(uri) as client:
        assert len(client.get_metric_history(found.run_id, "live_popularity_als_ndcg_10")) == 2
