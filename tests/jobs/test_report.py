import datetime

from jobs.overview import Listener, Overview
from jobs.report import page, verdict

HOSTILE = "<script>alert(1)</script>"
DAY = datetime.date(2024, 3, 1)


def figure(model, value):
    return {
        "model": model,
        "metric": "ndcg",
        "k": 10,
        "value": value,
        "low": 0.0,
        "high": 1.0,
        "users": 150,
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
    html = page(seen(), 10)
    assert "<script" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 4


def test_the_verdict_says_who_has_lists_what_is_bad_and_how_the_model_does():
    assert verdict(seen(), 10) == (
        "120 users have lists, by model 1; 2 of 9 rows and plays are in quarantine. "
        "Live NDCG@10 0.0500 is above popularity's 0.0200, over 150 users."
    )


def test_a_day_without_lists_or_not_over_says_so():
    assert verdict(seen(served={}), 10) == "No recommendations were written."
    partial = seen(accounting=[{**seen().accounting[0], "revision": 0}])
    assert verdict(partial, 10).startswith("The day is not over")


def test_a_registry_that_is_away_is_among_the_decisions():
    reason = "the registry at http://host:5000 cannot be reached; nothing was trained"
    none = {"step": "promote", "decision": "none", "reason": reason, "model_version": ""}
    html = page(seen(decisions=[none]), 10)
    assert f"<td>none<td>{reason}" in html
    assert "Model 1 is in production" in html
