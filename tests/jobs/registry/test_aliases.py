from jobs.model import registry_access
from jobs.registry import versions
from jobs.registry.aliases import follow
from lake.access import Lake
from tests.jobs.factor_models import day, decision, factor_model, promoted, tags


def test_aliases_follow_the_table_and_the_row_that_is_about_to_be_written(uri, tmp_path):
    first, second = (versions.register(uri, factor_model(), tags(number), {}) for number in (1, 2))
    lake = Lake(str(tmp_path / "lake"))
    lake.append_rows([promoted(1, first)], "decisions", "decisions/test/1")

    def aliases():
        with registry_access.connected(uri) as client:
            return versions.aliases(client)

    follow(uri, lake, promoted(2, second))
    assert aliases() == {"champion": second, "previous": first}
    # Killed before the row, and refused when it ran again.
    follow(uri, lake, decision(2, "promote", "refuse"))
    assert aliases() == {"champion": first}
    # A promotion of an older date stands below a later one.
    follow(uri, lake, {**promoted(1, second), "date": day(0)})
    assert aliases() == {"champion": first, "previous": second}
