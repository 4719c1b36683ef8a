"""A recorded series of quiet days: a service with a weekly pattern, noise of the kinds that real figures have, growth."""

import datetime

import numpy as np

from jobs.health.monitoring.series import Series

FIRST = datetime.date(2024, 1, 1)
ENTITIES = ("tracks", "users", "listen_history")
TASKS = {
    "FetchTracks": 2.0,
    "FetchUsers": 2.0,
    "FetchListenHistory": 40.0,
    "CheckSnapshot": 1.0,
    "CleanTracks": 6.0,
    "CleanUsers": 6.0,
    "CleanListens": 25.0,
    "EvaluateModel": 8.0,
    "DecideRetrain": 1.0,
    "Recommend": 20.0,
    "Maintain": 1.0,
}
FIELDS = {"tracks.songwriters": 0.02, "tracks.genres": 0.2, "users.gender": 0.1, "users.email": 0.004}
RULES = {"tracks.duration_malformed": 4, "listen_history.unknown_track": 120, "users.email_malformed": 2}
WEEK = (1.0, 1.0, 1.02, 1.05, 1.3, 1.5, 1.4)  # Monday to Sunday


def quiet(seed: int, days: int = 60, growth: float = 0.0) -> Series:
    """``growth`` is the service's, a day."""
    draw = np.random.default_rng(seed)
    recorded: Series = {}
    for number in range(days):
        date = FIRST + datetime.timedelta(days=number)
        for key, value in day(draw, date, number, (1 + growth) ** number).items():
            recorded.setdefault(key, []).append((date, float(value)))
    return recorded


def day(draw: np.random.Generator, date: datetime.date, number: int, size: float) -> dict:
    busy = WEEK[date.weekday()] * size
    sizes = {"tracks": 5000 * size, "users": 2000 * size, "listen_history": 100_000 * size + 900 * number}
    found: dict = {("day_complete", ""): 1, ("days_missing", ""): 0, ("mail_failures", ""): 0}
    found["disk_free", ""] = 0.6 - 0.002 * number
    for entity, rows in sizes.items():
        fetched = draw.normal(rows, rows**0.5)
        quarantined = draw.poisson(0.01 * fetched) / fetched
        found |= {
            ("rows_fetched", entity): fetched,
            ("rows_clean", entity): fetched * (0.98 - quarantined),
            ("rows_unaccounted", entity): 0,
            ("duplicate_share", entity): draw.poisson(0.02 * fetched) / fetched,
            ("quarantined_share", entity): quarantined,
            ("fields_missing", entity): 0,
            ("fields_unknown", entity): 0,
            ("torn_snapshots", entity): 0,
            ("api_retries", entity): draw.poisson(0.5),
            ("table_age", entity): 0,
        }
    found |= {("null_share", field): draw.binomial(2000, share) / 2000 for field, share in FIELDS.items()}
    found |= {("quarantined_rows", rule): draw.poisson(rows) for rule, rows in RULES.items()}
    return found | steps(draw, number, size) | model(draw, date, number, size, busy)


def steps(draw: np.random.Generator, number: int, size: float) -> dict:
    found: dict = {}
    tasks = TASKS | ({"TrainModel": 400.0, "PromoteModel": 30.0} if number % 31 == 0 else {})
    slow = draw.lognormal(0, 0.1)  # of the machine on that day
    for task, seconds in tasks.items():
        took = seconds * size * slow * draw.lognormal(0, 0.12)
        found |= {
            ("steps_failed", task): 0,
            ("steps_killed", task): 0,
            ("step_restarts", task): 0,
            ("step_duration", task): took,
            ("step_cpu", task): took * 0.8,
            ("step_memory", task): 4e8 * size * draw.lognormal(0, 0.08),
            ("spark_spill", task): 0,
        }
    found["day_duration", ""] = sum(value for (metric, _), value in found.items() if metric == "step_duration")
    return found


def model(draw: np.random.Generator, date: datetime.date, number: int, size: float, busy: float) -> dict:
    users = draw.binomial(int(2000 * size), 0.4 * WEEK[date.weekday()])
    deviation = 0.12 / users**0.5  # of a mean over users
    return {
        ("plays_of_day", ""): draw.normal(9000 * busy, 300 * busy),
        ("live_ndcg", ""): draw.normal(0.05, deviation),
        ("live_ndcg_popularity", ""): draw.normal(0.02, deviation / 2),
        ("live_users", ""): users,
        ("champion_age", ""): number % 31,
        ("unknown_play_share", ""): 0.03 + 0.02 * draw.random(),
        ("popular_share", ""): draw.normal(0.1, 0.005),
        ("coverage", ""): draw.normal(0.3, 0.01),
        ("users_served", ""): draw.normal(2000 * size, 10),
    }
