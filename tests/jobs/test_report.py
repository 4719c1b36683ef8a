import datetime

from conf.settings import Evaluate
from jobs.overview import Listener, Overview
from jobs.report import page, verdict
from jobs.summary import text

HOSTILE = "<script>alert(1)</script>"
DAY = datetime.date(2024, 3, 1)
EVALUATE = Evaluate(k=10, min_users=100)


def figure(model, value, metric="ndcg", k=10, users=150):
    return {
        "model": model,
        "metric": metric,
        "k": k,
        "value": value,
        "low": 0.0,
        "high": 1.0,
        "users": users,
        "model_version": "1",
    }


def seen(**changes):
    accounting = {
        "entity": "tracks",
        "revision": 1,
        "rows": 9,
        "fetched": 9,
        "clean": 7,
        "duplicate": 0,
        "quarantined": 2,
        "later": 0,
        "fetched_at": datetime.datetime(2024, 3, 2, tzinfo=datetime.UTC),
    }
    values = {
        "date": DAY,
        "accounting": [accounting],
        "quarantine": [("tracks", "id_null", 2)],
        "maintenance": {"raw_folders": 3, "list_days": 1, "files_compacted": 0, "files_removed": 0},
        "live": [figure("als", 0.05), figure("popularity_als", 0.02)],
        "holdout": [],
        "decisions": [{"step": "retrain", "decision": "keep", "reason": HOSTILE, "model_version": ""}],
        "champion_version": "1",
        "champion_since": DAY,
        "champion_reason": HOSTILE,
        "served": {"als": 100, "popular": 20},
        "listeners": [Listener(1, "als", [(HOSTILE, "a")], [("b", HOSTILE)])],
    }
    return Overview(**{**values, **changes})


def test_hostile_text_shows_as_text():
    html = page(seen(), EVALUATE)
    assert "<script" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 4


def test_the_verdict_says_who_has_lists_what_is_bad_and_how_the_model_does():
    assert verdict(seen(), EVALUATE) == (
        "120 users have lists, by model 1; 2 of 9 rows and plays are in quarantine. "
        "Live NDCG@10 0.0500 is above popularity's 0.0200, over 150 users."
    )


def test_a_day_without_lists_or_not_over_says_so():
    assert verdict(seen(served={}), EVALUATE) == "No recommendations were written."
    partial = seen(accounting=[{**seen().accounting[0], "revision": 0}])
    assert verdict(partial, EVALUATE).startswith("The day is not over")


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


def test_the_summary_shows_ndcg_beside_popularity_first_and_then_what_the_lists_are_like():
    lines = [" ".join(line.split()) for line in text(seen(live=FIGURES), "lake", EVALUATE).splitlines()]
    first = lines.index(
        "live the model's lists NDCG@10 0.0500 (0.0000 to 1.0000), popularity 0.0200 (0.0000 to 1.0000); 150 users"
    )
    assert lines[first + 1].startswith("live users new since NDCG@10 0.0300")
    assert lines[first + 1].endswith("; too few: 12 users, 100 needed")
    assert lines[first + 2] == "lists coverage@10 12.3% (popularity 1.0%), novelty@10 11.3 bits"
    assert lines[first + 3].startswith("plays 65.5% of the plays are of tracks heard before")


def test_the_report_marks_figures_of_too_few_users():
    html = page(seen(live=FIGURES), EVALUATE)
    assert html.count("too few: 12 users, 100 needed") == 1
    assert "12.3%" in html
    assert verdict(seen(live=[figure("als", 0.05, users=9), figure("popularity_als", 0.02)]), EVALUATE).endswith(
        "0.0200 (too few: 9 users, 100 needed)."
    )


def test_a_registry_that_is_away_is_among_the_decisions():
    reason = "the registry at http://host:5000 cannot be reached; nothing was trained"
    none = {"step": "promote", "decision": "none", "reason": reason, "model_version": ""}
    html = page(seen(decisions=[none]), EVALUATE)
    assert f"<td>none<td>{reason}" in html
    assert "Model 1 is in production" in html
