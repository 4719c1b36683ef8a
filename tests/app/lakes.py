"""Lakes of a few rows, as the pipeline leaves them."""

import datetime

from conf.tables import marker
from lake.access import Lake

DAY, NEXT = datetime.date(2024, 3, 1), datetime.date(2024, 3, 2)
HOSTILE = "<script>document.title='owned'</script>"
HOSTILE_ARTIST = '"><img src=x onerror="document.title=\'owned\'">'
SONGS = {
    1: ("Blue Train", "Ann Frank", "Rails"),
    2: ("Red Boat", "Ann Frank", "Rails"),
    3: ("Águas de Março", "Élis", "Rio"),
    4: ("Train of Thought", "The Blues", "Thinking"),
    5: (HOSTILE, HOSTILE_ARTIST, "<b>Album</b>"),
    6: ("Gone", "Nobody", "Old"),  # not served any more
}


def at(day: int, hour: int) -> datetime.datetime:
    return datetime.datetime(2024, 3, day, hour, tzinfo=datetime.UTC)


def songs(lake: Lake, last_seen: datetime.date = NEXT) -> None:
    stamp = at(1, 0)
    lake.append_rows(
        [
            {
                "track_id": number,
                "name": name,
                "artist": artist,
                "songwriters": None,
                "duration_s": 0 if number == 2 else 185,
                "genres": None if number == 2 else "jazz, soul",
                "album": album,
                "created_at": stamp,
                "updated_at": stamp,
                "first_seen": DAY,
                "last_seen": datetime.date(2024, 2, 1) if number == 6 else last_seen,
            }
            for number, (name, artist, album) in SONGS.items()
        ],
        "tracks",
        "tracks/CleanTracks/x",
    )


def play(user, track, listened_at, position=0, updated_at=None, first_seen=DAY):
    return {
        "user_id": user,
        "track_id": track,
        "listened_at": listened_at,
        "position": position,
        "updated_at": updated_at or listened_at,
        "first_seen": first_seen,
    }


PLAYS = [
    play(1, 1, at(1, 8)),
    play(1, 2, at(1, 8), position=1),
    play(1, 4, at(1, 9)),  # of a version that the next line's replaces
    play(1, 3, at(1, 9), updated_at=at(1, 10)),
    play(1, 4, at(2, 9), first_seen=NEXT),  # on the next day
    play(2, 3, at(1, 7)),
    play(2, 6, at(1, 6)),
    play(2, 6, at(1, 5)),
    play(2, 6, at(1, 4)),
    play(3, 2, datetime.datetime(2024, 2, 1, tzinfo=datetime.UTC)),  # long ago
]


def listed(user, tracks, source="als", because=(1, 3), version="7"):
    return [
        {
            "user_id": user,
            "rank": rank,
            "track_id": track,
            "score": 1 / (1 + rank),
            "source": source,
            "because": list(because) if source == "als" else [],
            "model_version": version if source == "als" else "",
        }
        for rank, track in enumerate(tracks, 1)
    ]


LISTS = [*listed(1, [4, 5, 2]), *listed(2, [1, 4], because=(3,)), *listed(12, [3, 1], "popular"), *listed(120, [2])]


def publish(lake: Lake, date: datetime.date, lists=LISTS) -> None:
    rows = [{**row, "date": date} for row in lists]
    lake.replace_rows(rows, "recommendations", marker("recommendations", "Recommend", date), date=date)


def figures(date, model, value, version=""):
    row = {"date": date, "kind": "live", "model": model, "model_version": version, "metric": "ndcg", "k": 10}
    return {**row, "value": value, "low": value / 2, "high": value * 1.5, "users": 120}


def decision(date, step, decision_, reason, version=""):
    row = {"date": date, "step": step, "decision": decision_, "reason": reason, "figures": "{}"}
    return {**row, "model_version": version, "champion_version": ""}


def small_lake(root, published: bool = True) -> Lake:
    """One day, and its lists where they are to be published."""
    lake = Lake(str(root))
    songs(lake)
    lake.append_rows(PLAYS, "listens", "listens/CleanListens/x")
    lake.append_rows(
        [
            {"model_version": version, "track_id": 1, "rank": rank, "similar_track_id": track, "score": 0.9 / rank}
            for version, tracks in (("7", (4, 2)), ("6", (3, 5)))
            for rank, track in enumerate(tracks, 1)
        ],
        "similar_tracks",
        "similar_tracks/PromoteModel/x",
    )
    before = DAY - datetime.timedelta(days=1)
    lake.append_rows(
        [
            figures(before, "als", 0.04, "6"),
            figures(before, "popularity_als", 0.02),
            figures(DAY, "als", 0.06, "7"),
            figures(DAY, "popularity_als", 0.03),
        ],
        "evaluations",
        "evaluations/EvaluateModel/x",
    )
    lake.append_rows(
        [
            decision(before, "promote", "promote", "better than none", "7"),
            decision(DAY, "retrain", "keep", "no rule calls for <b>training</b>"),
        ],
        "decisions",
        "decisions/x",
    )
    if published:
        publish(lake, DAY)
    return lake
