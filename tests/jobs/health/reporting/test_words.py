import pytest

from conf.figures import METRICS
from jobs.health.reporting.words import change, tick, title


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0.25, "share", "25 %"),
        (0.002, "share", "0.2 %"),
        (90, "seconds", "90 s"),
        (1800, "seconds", "30 min"),
        (0.025, "score", "0.025"),
        (12_500, "rows", "12.5 k"),
        (300, "count", "300"),
        (2e8, "bytes", "200 MB"),
        (0, "bytes", "0 B"),
    ],
)
def test_ticks_are_short(value, unit, said):
    assert tick(value, unit) == said


@pytest.mark.parametrize(
    ("value", "usual", "unit", "said"),
    [
        (110, 100, "rows", "+10 %"),
        (100.2, 100, "rows", "as usual"),
        (0.5, 0.02, "share", "+48.0 points"),
        (0.0201, 0.02, "share", "as usual"),
        (31, 5, "days", "+26"),
        (0, 0, "seconds", "as usual"),
        (3, 0, "seconds", ""),
        (None, 3, "rows", ""),
        (3, None, "rows", ""),
    ],
)
def test_a_change_is_said_in_the_unit_s_own_way(value, usual, unit, said):
    assert change(value, usual, unit) == said


def test_every_figure_has_a_name_for_people():
    assert len({metric.title for metric in METRICS.values()}) == len(METRICS)
    assert title("step_duration", "CleanUsers") == "Time of CleanUsers"
    assert title("null_share", "users.email") == "Nulls: users.email"
