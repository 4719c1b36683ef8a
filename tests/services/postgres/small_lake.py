"""A lake made by hand: 40 users, 30 tracks, lists of 10, two models; a day adds a user, a track and some plays."""

import datetime
import json

from conf.tables import marker
from lake.access import Lake

DAY = datetime.date(2024, 3, 1)
USERS, TRACKS, K = 40, 30, 10


def day(number: int) -> datetime.date:
    return DAY + datetime.timedelta(days=number)


def noon(date: datetime.date, hour: int = 12) -> datetime.datetime:
    return datetime.datetime(date.year, date.month, date.day, hour, tzinfo=datetime.UTC)


def write(root: str, date: datetime.date, revision: int = 1, shift: int = 0, users: int = USERS, k: int = K) -> None:
    """The day's rows as the jobs would leave them; ``shift`` moves each list along the catalogue."""
    lake, number = Lake(root, revision=revision), (date - DAY).days
    people, tracks = users + number, TRACKS + number
    made = {"created_at": noon(DAY), "updated_at": noon(DAY), "last_seen": date}
    lake.delete("tracks", ("track_id", ">=", 0))
    lake.append_rows(
        [
            {
                "track_id": one,
                "name": f'Track {one}, "the" {"new" if one == 0 and number else "first"}',
                "artist": f"Artist {one % 7}",
                "songwriters": None if one % 2 else "",
                "duration_s": 180,
                "genres": "rock,pop",
                "album": "É\nü",
                "first_seen": DAY if one < TRACKS else day(one - TRACKS + 1),
                **made,
            }
            for one in range(tracks)
        ],
        "tracks",
        f"tracks/CleanTracks/{date}",
    )
    lake.delete("users", ("user_id", ">=", 0))
    lake.append_rows(
        [
            {
                "user_id": one,
                "first_name": "Ada",
                "last_name": "Secret",
                "email": f"{one}@secret.example",
                "gender": "x",
                "favorite_genres": "rock",
                "first_seen": DAY if one < users else day(one - users + 1),
                **made,
            }
            for one in range(people)
        ],
        "users",
        f"users/CleanUsers/{date}",
    )
    lake.replace_rows(plays(date, people), "listens", f"listens/CleanListens/{date}", first_seen=date)
    row = {"date": date, "entity": "listen_history", "revision": revision, "snapshot_date": date, "reasons": "{}"}
    row["fetched_at"] = noon(date)
    row |= dict.fromkeys(("rows", "fetched", "clean", "duplicate", "quarantined", "later", "suppressed"), 0)
    lake.replace_rows([row], "accounting", f"accounting/CleanListens/{date}", date=date)
    lake.replace_rows(
        [
            {
                "date": date,
                "user_id": user,
                "rank": rank,
                "track_id": (user + rank + number + shift) % tracks,
                "score": 1 / rank,
                "source": "als",
                "because": [1, 2] if rank % 2 else [],
                "model_version": "1",
            }
            for user in range(people)
            for rank in range(1, k + 1)
        ],
        "recommendations",
        marker("recommendations", "Recommend", date),
        date=date,
    )
    model(lake, date)


def model(lake: Lake, date: datetime.date) -> None:
    """The champion of the first day, its similar tracks, a decision and a figure a day."""
    if date == DAY:
        lake.replace_rows(
            [
                {"model_version": "1", "track_id": one, "rank": 1, "similar_track_id": (one + 1) % TRACKS, "score": 0.5}
                for one in range(TRACKS)
            ],
            "similar_tracks",
            f"similar_tracks/PromoteModel/{date}",
            model_version="1",
        )
    decision = {
        "date": date,
        "step": "promote" if date == DAY else "retrain",
        "decision": "promote" if date == DAY else "keep",
        "reason": "NDCG@10 0.2 above popularity's 0.1",
        "figures": json.dumps({"ndcg": 0.2, "p": float("nan")}),
        "model_version": "1",
        "champion_version": "",
    }
    lake.replace_rows([decision], "decisions", f"decisions/PromoteModel/{date}", date=date)
    figure = {
        "date": date,
        "kind": "live",
        "model": "als",
        "model_version": "1",
        "metric": "ndcg",
        "k": 10,
        "value": 0.2,
    }
    lake.replace_rows([{**figure, "users": 40}], "evaluations", f"evaluations/EvaluateModel/{date}", date=date)


def plays(date: datetime.date, people: int) -> list[dict]:
    """Two plays a user in one row of history; on later days user 0's first row is corrected to a single play."""
    rows = [
        {
            "user_id": user,
            "track_id": (user + position) % TRACKS,
            "listened_at": noon(date),
            "position": position,
            "updated_at": noon(date),
            "first_seen": date,
        }
        for user in range(people)
        for position in (0, 1)
    ]
    if date > DAY:
        corrected = {"user_id": 0, "track_id": 9, "listened_at": noon(DAY), "position": 0, "first_seen": date}
        rows.append({**corrected, "updated_at": noon(date, 13)})
    return rows
