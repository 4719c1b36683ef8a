"""A date and the month before it, made by hand: what a report is made of."""

import datetime
import random

from conf.settings import EvaluateSettings, LakeSettings, Settings
from jobs.health.monitoring.finding import Finding, in_order
from jobs.health.overview import Listener, Overview
from jobs.health.reporting.recorded import Recorded

SETTINGS = Settings(lake=LakeSettings(root="/srv/lake"), evaluate=EvaluateSettings(k=10, min_users=100))
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"
DAY = datetime.date(2024, 3, 14)
ENTITIES = {"tracks": 3250.0, "users": 1123.0, "listen_history": 11500.0}
STEPS = {"FetchTracks": 0.3, "FetchUsers": 0.2, "CleanListens": 5.4, "EvaluateModel": 4.1, "TrainModel": 9.5}

# Level and noise of figures of a quiet day.
QUIET = {
    ("users_served", ""): (1115, 3),
    ("live_ndcg", ""): (0.062, 0.003),
    ("live_ndcg_popularity", ""): (0.041, 0.002),
    ("plays_of_day", ""): (2400, 120),
    ("unknown_play_share", ""): (0.012, 0.002),
    ("coverage", ""): (0.41, 0.01),
    ("popular_share", ""): (0.18, 0.01),
    ("day_duration", ""): (23, 1.5),
    ("disk_free", ""): (0.62, 0.002),
    ("step_success_share", ""): (1, 0),
    ("step_restarts", "CleanListens"): (0, 0),
    **{("rows_fetched", entity): (rows, rows * 0.002) for entity, rows in ENTITIES.items()},
    **{("quarantined_share", entity): (0.004, 0.0003) for entity in ENTITIES},
    **{("duplicate_share", entity): (0.0015, 0.0001) for entity in ENTITIES},
    **{("step_duration", task): (seconds, seconds * 0.05) for task, seconds in STEPS.items()},
    **{("step_memory", task): (2.2e8, 5e6) for task in STEPS},
}


def before(days):
    return DAY - datetime.timedelta(days=days)


def month(days=30, **last):
    """Quiet series up to DAY; ``last`` sets that of the last day, by metric alone."""
    draws = random.Random(7)
    found = {
        key: [(before(back), draws.gauss(level, noise)) for back in range(days - 1, -1, -1)]
        for key, (level, noise) in QUIET.items()
    }
    found[("champion_age", "")] = [(before(back), float((days - 1 - back) % 12)) for back in range(days - 1, -1, -1)]
    for (metric, _), points in found.items():
        if metric in last:
            points[-1] = (DAY, last[metric])
    return found


def figure(model, value, metric="ndcg", k=10, users=150):
    return {
        "model": model,
        "metric": metric,
        "k": k,
        "value": value,
        "low": value * 0.9,
        "high": value * 1.1,
        "users": users,
        "model_version": "1",
    }


def accounted(entity, **changes):
    rows = int(ENTITIES[entity])
    fetched_at = datetime.datetime(2024, 3, 15, 0, 5, tzinfo=datetime.UTC)
    counts = {"rows": rows, "fetched": rows, "clean": rows - 14, "duplicate": 2, "quarantined": 12, "later": 0}
    return {"entity": entity, "revision": 1, "fetched_at": fetched_at, **counts, **changes}


def overview(**changes):
    values = {
        "date": DAY,
        "accounting": [accounted(entity) for entity in ENTITIES],
        "quarantine": [("listen_history", "unknown_track", 201), ("tracks", "id_null", 2)],
        "maintenance": {"raw_folders": 3, "list_days": 1, "files_compacted": 0, "files_removed": 0},
        "live": [figure("als", 0.062), figure("popularity_als", 0.041), figure("als", 0.41, "coverage")],
        "holdout": [],
        "decisions": [
            {"step": "retrain", "decision": "keep", "reason": "no rule calls for training", "model_version": ""}
        ],
        "champion_version": "3",
        "champion_since": before(4),
        "champion_reason": "NDCG 0.0650 on the holdout is at least 1 times the champion's 0.0632",
        "served": {"als": 915, "popular": 200},
        "listeners": [Listener(1, "als", [("Blue Hour", "The Tides")], [("Slow Rain", "Mina K")])],
    }
    return Overview(**{**values, **changes})


NOTHING = {
    "accounting": [],
    "quarantine": [],
    "maintenance": {},
    "live": [],
    "decisions": [],
    "champion_version": "",
    "champion_since": None,
    "champion_reason": "",
    "served": {},
    "listeners": [],
}


def attempt(task, status="done", number=1, minute=0, **changes):
    return {
        "date": DAY,
        "task": task,
        "status": status,
        "attempt": number,
        "started_at": datetime.datetime(2024, 3, 15, 0, minute, tzinfo=datetime.UTC),
        "seconds": STEPS.get(task, 1.0),
        "cpu_seconds": 1.2,
        "max_rss_mb": 210.0,
        "read_mb": 0.5,
        "written_mb": 3.25,
        "rows_in": 10,
        "rows_out": 11500,
        "host": "h",
        "error": None,
        **changes,
    }


def recorded(series=None, findings=(), flags=None, attempts=None):
    done = [attempt(task, minute=place) for place, task in enumerate(STEPS)]
    return Recorded(
        month() if series is None else series,
        list(findings),
        flags or {(it.metric, it.label): {DAY: it.severity} for it in findings},
        done if attempts is None else attempts,
    )


NULLS = Finding(
    "null_share",
    "users.favorite_genres",
    "critical",
    "favorite_genres of users is going null: 48.2% are null or empty, where 0.3% is usual (0.3%, 0.2%, 0.3%)",
    "make sql Q=\"SELECT * FROM users WHERE favorite_genres IS NULL AND last_seen = '2024-03-14'\"",
)
SLOW = Finding(
    "step_duration",
    "CleanListens",
    "warning",
    "CleanListens is slow: 21.6 s, where 5.4 s is usual (5.3 s, 5.4 s, 5.5 s)",
    "less /srv/lake/logs/2024-03-14/CleanListens.log",
)
TASTE = Finding(
    "live_ndcg",
    "",
    "critical",
    "live NDCG has fallen: 0.0312, where 0.0620 is usual (0.0631, 0.0612, 0.0618)",
    "make trend",
)


def troubled():
    """A day with three faults, two of earlier days, and a step that was tried twice."""
    series = month(live_ndcg=0.0312)
    series[("step_duration", "CleanListens")][-1] = (DAY, 21.6)
    series[("null_share", "users.favorite_genres")] = [(before(back), 0.003) for back in range(29, 0, -1)] + [
        (DAY, 0.482)
    ]
    series[("plays_of_day", "")][-9] = (before(8), 900.0)
    series[("step_restarts", "CleanListens")][-1] = (DAY, 1.0)
    del series[("users_served", "")][12:14]
    flags = {(it.metric, it.label): {DAY: it.severity} for it in (NULLS, SLOW, TASTE)}
    flags[("plays_of_day", "")] = {before(8): "warning"}
    attempts = [attempt(task, minute=place) for place, task in enumerate(STEPS)]
    attempts.insert(2, attempt("CleanListens", "failed", minute=1, error="the server went away"))
    return recorded(series, in_order([TASTE, NULLS, SLOW]), flags, attempts)
