from lake.champion import line, named
from tests.jobs.factor_models import decision, promoted, rolled_back


def test_a_rollback_takes_off_what_came_after_so_that_a_second_goes_back_further():
    promotions = [promoted(1, "1"), promoted(3, "2"), promoted(5, "3")]
    assert line(promotions) == ["1", "2", "3"]
    assert line([*promotions, rolled_back(6, "2")]) == ["1", "2"]
    assert line([*promotions, rolled_back(6, "2"), rolled_back(7, "1")]) == ["1"]
    assert line([*promotions, rolled_back(6, "1"), promoted(8, "4")]) == ["1", "4"]


def test_a_version_that_was_taken_off_may_come_back_by_name():
    decisions = [promoted(1, "1"), promoted(2, "2"), rolled_back(3, "1"), rolled_back(4, "2")]
    assert named(decisions) == {"champion": "2", "previous": "1"}


def test_a_rollback_stands_above_a_promotion_of_its_date_whatever_the_order_of_rows():
    decisions = [rolled_back(2, "1"), promoted(2, "2"), promoted(1, "1"), decision(2, "promote", "refuse")]
    assert named(decisions) == {"champion": "1", "previous": ""}


def test_nothing_in_production_names_nothing():
    assert named([decision(1, "promote", "none")]) == {"champion": "", "previous": ""}
