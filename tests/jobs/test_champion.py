import pytest

from conf.errors import Refused
from jobs.champion import champion, follow, line, load, named
from jobs.registry import versions as registry
from lake.layout import model_folder
from lake.tables import Lake
from tests.jobs.factor_models import day, decision, factor_model, promoted, rolled_back, tags


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


def test_aliases_follow_the_table_and_the_row_that_is_about_to_be_written(uri, tmp_path):
    first, second = (registry.register(uri, factor_model(), tags(number), {}) for number in (1, 2))
    lake = Lake(str(tmp_path / "lake"))
    lake.append_rows([promoted(1, first)], "decisions", "decisions/test/1")

    def aliases():
        with registry.connected(uri) as client:
            return registry.aliases(client)

    follow(uri, lake, promoted(2, second))
    assert aliases() == {"champion": second, "previous": first}
    # Killed before the row, and refused when it ran again.
    follow(uri, lake, decision(2, "promote", "refuse"))
    assert aliases() == {"champion": first}
    # A promotion of an older date stands below a later one.
    follow(uri, lake, {**promoted(1, second), "date": day(0)})
    assert aliases() == {"champion": first, "previous": second}


def test_a_copy_that_is_missing_or_broken_is_made_again_from_the_registry(uri, tmp_path):
    version = registry.register(uri, factor_model(), tags(1), {})
    lake = Lake(str(tmp_path / "lake"))
    lake.append_rows([promoted(1, version)], "decisions", "decisions/test/1")
    factors = model_folder(lake.root, version) / "factors.npz"
    for _ in range(2):
        assert champion(lake, day(2)).load(uri).equals(factor_model())
        factors.write_bytes(factors.read_bytes()[:-40])
    with pytest.raises(Refused, match=r"model 1: the lake's copy .* is not whole .* models --repair fetches it"):
        champion(lake, day(2)).load()


def test_a_copy_that_nobody_has_is_one_line(uri, tmp_path):
    with pytest.raises(
        Refused, match=r"model 9: the lake's copy .* is not whole, and cannot be fetched again: model 9"
    ):
        load(tmp_path / "version=9", "9", uri)
