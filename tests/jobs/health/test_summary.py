import dataclasses

import pytest

from conf.settings import EvaluateSettings
from jobs.health.summary import text
from tests.jobs.health.reporting.days import figure, overview

EVALUATE = EvaluateSettings(k=10, min_users=100)
FIGURES = [
    figure("als", 0.05),
    figure("popularity_als", 0.02),
    figure("als", 0.123, "coverage"),
    figure("popularity_als", 0.01, "coverage"),
    figure("als", 11.26, "novelty"),
    figure("als_new", 0.03, users=12),
    figure("popularity_new", 0.04, users=12),
    figure("als", 0.5, "recall"),  # of the figures some are not shown
    figure("served", 0.655, "repeat_play_share", k=0),
]


@pytest.mark.parametrize(
    ("lists_before", "why"),
    [
        (False, "there were no lists of the day before"),
        (True, "nobody with a list of the day before played a track that was new to them"),
    ],
)
def test_the_summary_says_why_there_are_no_live_figures(lists_before, why):
    seen = dataclasses.replace(
        overview(live=[figure("served", 1.0, "repeat_play_share", k=0)]), lists_before=lists_before
    )
    assert f"  live     no figures: {why}\n" in text(seen, "lake", EVALUATE)


def test_the_summary_shows_ndcg_beside_popularity_first_and_then_what_the_lists_are_like():
    lines = [" ".join(line.split()) for line in text(overview(live=FIGURES), "lake", EVALUATE).splitlines()]
    first = lines.index(
        "live the model's lists NDCG@10 0.0500 (0.0450 to 0.0550), popularity 0.0200 (0.0180 to 0.0220); 150 users"
    )
    assert lines[first + 1].startswith("live users new since NDCG@10 0.0300")
    assert lines[first + 1].endswith("; too few: 12 users, 100 needed")
    assert lines[first + 2] == "lists coverage@10 12.3% (popularity 1.0%), novelty@10 11.3 bits"
    assert lines[first + 3].startswith("plays 65.5% of the plays are of tracks heard before")
