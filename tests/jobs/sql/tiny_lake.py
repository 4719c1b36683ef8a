"""A lake of a few rows, written by the project's own class: what queries can be asked of without a day's run."""

import datetime
import pathlib

from lake.access import Lake

UTC = datetime.UTC
FIRST, SECOND = datetime.date(2024, 3, 1), datetime.date(2024, 3, 2)


def at(day: int, hour: int) -> datetime.datetime:
    return datetime.datetime(2024, 3, day, hour, tzinfo=UTC)


def tiny_lake(folder: pathlib.Path, plays: int = 3) -> Lake:
    """Two tracks, two users, the first ``plays`` of three plays (and an older version of one), lists of two dates."""
    lake = Lake(str(folder))
    seen = {"first_seen": FIRST, "last_seen": SECOND, "created_at": at(1, 0), "updated_at": at(1, 0)}
    tracks = [(10, "Blue", "Ada"), (11, "Red", "Bo")]
    lake.append_rows([{"track_id": t, "name": n, "artist": a, **seen} for t, n, a in tracks], "tracks", "tracks/t/1")
    lake.append_rows([{"user_id": user, "email": "***", **seen} for user in (1, 2)], "users", "users/t/1")
    # User 1 played 10 by the first version of a row, 11 by the version that holds; user 2 played 11, a day later.
    listens = [(1, 10, at(1, 9), at(1, 9)), (1, 11, at(1, 9), at(1, 10)), (2, 11, at(2, 8), at(2, 8))]
    names = ("user_id", "track_id", "listened_at", "updated_at")
    rows = [dict(zip(names, play, strict=True), position=0, first_seen=FIRST) for play in listens[:plays]]
    lake.append_rows(rows, "listens", "listens/t/1")
    lake.append_rows([], "listens", "listens/t/2")
    reasons = [["id_null", "name_empty"], ["id_null"]]
    bad = [{"date": FIRST, "entity": "tracks", "reasons": broken, "row": "{}"} for broken in reasons]
    lake.append_rows(bad, "quarantine", "quarantine/t/1")
    counts = {"fetched": 4, "clean": 2, "duplicate": 0, "quarantined": 2, "later": 0, "suppressed": 0, "revision": 1}
    lake.append_rows([{"date": FIRST, "entity": "tracks", **counts}], "accounting", "accounting/t/1")
    lake.append_rows([_listed(FIRST, 1, 1, 10), *map(_row, LISTS)], "recommendations", "recommendations/t/1")
    evaluated = {"date": SECOND, "kind": "live", "metric": "ndcg", "k": 10, "low": 0.0, "high": 1.0, "users": 2}
    figures = [("als", "1", 0.5), ("popularity_als", "", 0.25)]
    lake.append_rows(
        [{**evaluated, "model": model, "model_version": version, "value": v} for model, version, v in figures],
        "evaluations",
        "evaluations/t/1",
    )
    of_users = [
        {"date": SECOND, "user_id": u, "model_version": "1", "als": a, "popularity": 0.25}
        for u, a in ((1, 0.25), (2, 0.75))
    ]
    lake.append_rows(of_users, "evaluation_users", "evaluation_users/t/1")
    promoted = {"step": "promote", "decision": "promote", "reason": "it is better", "figures": '{"challenger": 0.4}'}
    kept = {
        "step": "retrain",
        "decision": "keep",
        "reason": "no rule calls",
        "model_version": "",
        "champion_version": "1",
    }
    decisions = [{"date": FIRST, **promoted, "model_version": "1", "champion_version": ""}, {"date": SECOND, **kept}]
    lake.append_rows(decisions, "decisions", "decisions/t/1")
    return lake


# rank and track of the second date's lists: of user 1 from the model, of user 2 popular tracks
LISTS = [(1, 1, 11), (1, 2, 10), (2, 1, 11)]


def _row(entry: tuple[int, int, int]) -> dict:
    return _listed(SECOND, *entry)


def _listed(date: datetime.date, user: int, rank: int, track: int) -> dict:
    source, because = ("als", [11, 10]) if user == 1 else ("popular", [])
    served = {"score": 0.6, "source": source, "because": because, "model_version": "1"}
    return {"date": date, "user_id": user, "rank": rank, "track_id": track, **served}
