import datetime

import pytest

from jobs.training.decide import situation, trainings
from lake.access import Lake
from lake.champion import champion_before, champion_found

START = datetime.date(2024, 3, 1)


def day(number):
    return START + datetime.timedelta(days=number - 1)


@pytest.fixture
def lake(tmp_path):
    return Lake(str(tmp_path))


def decided(lake, *rows):
    """Rows of (day, step, decision, version)."""
    full = [
        {
            "date": day(at),
            "step": step,
            "decision": decision,
            "model_version": version,
            "reason": "",
            "figures": "",
            "champion_version": "",
        }
        for at, step, decision, version in rows
    ]
    lake.append_rows(full, "decisions", "decisions/test/1")


def test_the_champion_is_the_newest_promotion_before_the_date(lake):
    decided(lake, (1, "promote", "promote", "1"), (3, "promote", "refuse", ""), (5, "promote", "promote", "2"))
    assert champion_before(lake, day(1)) is None
    assert champion_before(lake, day(5)).version == "1"
    assert (champion_before(lake, day(6)).version, champion_before(lake, day(6)).since) == ("2", day(5))


def test_a_rollback_on_the_day_of_a_promotion_came_after_it(lake):
    decided(lake, (1, "promote", "promote", "1"), (2, "rollback", "rollback", "1"), (2, "promote", "promote", "2"))
    assert champion_before(lake, day(3)).version == "1"


def test_a_rollback_of_the_date_itself_is_known_to_its_run_and_starts_a_cool_down(lake):
    decided(lake, (1, "promote", "promote", "1"), (3, "promote", "promote", "2"), (9, "rollback", "rollback", "1"))
    assert champion_found(lake, day(8)).version == "2"
    assert champion_found(lake, day(9)).version == "1"
    assert situation(lake, day(9), window_days=7).champion_version == "1"
    assert trainings(lake, day(9)) == (day(9), 0)
    assert trainings(lake, day(8)) == (day(3), 0)


def test_a_promotion_of_the_date_itself_is_not_there_when_its_run_begins(lake):
    decided(lake, (1, "promote", "promote", "1"), (3, "promote", "promote", "2"))
    assert champion_found(lake, day(3)).version == "1"


def test_refusals_are_counted_back_from_the_newest_training(lake):
    decided(
        lake,
        (1, "promote", "refuse", ""),
        (2, "promote", "promote", "1"),
        (3, "promote", "refuse", ""),
        (4, "promote", "none", ""),  # nothing was trained
        (5, "promote", "refuse", ""),
        (9, "promote", "refuse", ""),  # of a later date
    )
    assert trainings(lake, day(9)) == (day(5), 2)
    assert trainings(lake, day(3)) == (day(2), 0)
    assert trainings(lake, day(1)) == (None, 0)


def test_only_days_that_the_champion_served_count(lake):
    decided(lake, (1, "promote", "promote", "1"), (5, "promote", "promote", "2"))
    rows = [(2, "1", 0.1), (5, "1", 0.2), (6, "2", 0.3), (7, "2", 0.4)]
    users = [
        {"date": day(at), "user_id": 1, "model_version": version, "als": ndcg, "popularity": 0.0}
        for at, version, ndcg in rows
    ]
    lake.append_rows(users, "evaluation_users", "evaluation_users/test/1")
    found = situation(lake, day(7), window_days=7)
    assert found.champion_version == "2"
    assert found.window.als.tolist() == [0.3, 0.4]
    assert found.reference is None
    # Two days after the promotion its first two days are over.
    assert situation(lake, day(7), window_days=2).reference.als.tolist() == [0.3, 0.4]
