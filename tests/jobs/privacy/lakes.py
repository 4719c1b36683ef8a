"""A lake by hand in which user 17, Zora Quill, is in every place there is; nobody else has her e-mail or name."""

import argparse
import datetime
import json
import pathlib
import shutil

import numpy as np

from conf.settings import LakeSettings, PostgresSettings, RegistrySettings, Settings
from jobs.model.factors import FactorModel
from jobs.runtime.command import Job
from lake.access import Lake
from lake.layout import challenger_folder, day_log, logs_folder, model_folder, report_file, spool_folder
from tests.jobs import raw

KEY = "a key of the tests' own"
DAYS = [datetime.date(2024, 3, 1), datetime.date(2024, 3, 2)]
ZORA = raw.user(17, first_name="Zora", last_name="Quill", email="zora@quill.example")
BEFORE = {**ZORA, "email": "zora@old.example"}  # as the first day had her
OTHERS = [raw.user(1), raw.user(170), raw.user(18)]


def at(day: int, hour: int = 10) -> str:
    return f"2024-03-{day:02d}T{hour:02d}:00:00"


def stamp(day: int, hour: int = 10) -> datetime.datetime:
    return datetime.datetime(2024, 3, day, hour, tzinfo=datetime.UTC)


# Of 17 on the first day: a session of two plays, one of track 99 that there is not, an older version of the first session,
# and one of the day after. On the second day the last is no longer later.
HISTORY = [
    raw.history(17, [1, 2], at(1), at(1, 12)),
    raw.history(17, [1], at(1), at(1, 11)),
    raw.history(17, [3, 99], at(1, 8)),
    raw.history(17, [2, 1], at(2)),
    raw.history(1, [1], at(1)),
    raw.history(18, [17], at(1)),
]
TRACKS = [raw.track(number) for number in (1, 2, 3, 17)]
BAD = {"user_id": 17, "items": [99], "created_at": at(1, 8), "updated_at": at(1, 8)}


def write(root: pathlib.Path) -> None:
    for day, zora in zip(DAYS, (BEFORE, ZORA), strict=True):
        raw.write(root, "tracks", day, TRACKS)
        raw.write(root, "users", day, [*OTHERS, zora])
        raw.write(root, "listen_history", day, HISTORY, stamp(3))
    (root / "raw" / "users" / ".date=2024-03-01.refused").mkdir()
    (root / "raw" / "users" / ".date=2024-03-01.refused" / "part-00000.jsonl.gz").write_bytes(b"half")


def tables(lake: Lake) -> None:
    seen = {"first_seen": DAYS[0], "last_seen": DAYS[1], "created_at": stamp(1), "updated_at": stamp(1)}
    people = [{**seen, "user_id": row["id"], **_named(row)} for row in (*OTHERS, ZORA)]
    # Two commits, so that a version before holds her too.
    lake.append_rows([{**people[3], "email": BEFORE["email"]}], "users", "users/A/1")
    lake.replace_rows(people, "users", "users/CleanUsers/2024-03-02", last_seen=DAYS[1])
    held = [{"user_id": row["id"], "genres": "rock", "served_from": DAYS[0]} for row in (*OTHERS, ZORA)]
    lake.append_rows(
        [*held[:3], {**held[3], "served_until": DAYS[1]}], "users_served", "users_served/CleanUsers/2024-03-01"
    )
    lake.append_rows([{**held[3], "served_from": DAYS[1]}], "users_served", "users_served/CleanUsers/2024-03-02")
    lake.append_rows([{**seen, "track_id": row["id"], "name": row["name"]} for row in TRACKS], "tracks", "tracks/A/1")
    lake.append_rows([*plays()], "listens", "listens/CleanListens/2024-03-02")
    bad = [
        {"date": day, "entity": "listen_history", "reasons": ["unknown_track"], "row": json.dumps(BAD)} for day in DAYS
    ]
    other = {**bad[0], "reasons": ["items_null"], "row": json.dumps({"user_id": 170, "items": None})}
    lake.append_rows([*bad, other], "quarantine", "quarantine/CleanListens/2024-03-02")
    lake.append_rows(accounting(), "accounting", "accounting/A/1")
    lists = [
        {"date": day, "user_id": user, "rank": 1, "track_id": 1, "score": 1.0, "source": "als", "because": [2], "model_version": "1"}
        for day in DAYS for user in (1, 17, 18, 170)
    ]  # fmt: skip
    lake.append_rows(lists, "recommendations", "recommendations/Recommend/2024-03-02")
    scores = [
        {"date": DAYS[1], "user_id": user, "model_version": "1", "als": 1.0, "popularity": 0.0} for user in (17, 18)
    ]
    lake.append_rows(scores, "evaluation_users", "evaluation_users/EvaluateModel/2024-03-02")


def plays() -> list[dict]:
    rows = [(17, 1, 1, 12, 0), (17, 2, 1, 12, 1), (17, 3, 1, 8, 0), (1, 1, 1, 10, 0), (18, 17, 1, 10, 0)]
    found = [
        {"user_id": u, "track_id": t, "listened_at": stamp(d, 8 if h == 8 else 10), "updated_at": stamp(d, h), "position": p, "first_seen": DAYS[0]}
        for u, t, d, h, p in rows
    ]  # fmt: skip
    late = {"user_id": 17, "listened_at": stamp(2), "updated_at": stamp(2), "first_seen": DAYS[1]}
    return [*found, {**late, "track_id": 2, "position": 0}, {**late, "track_id": 1, "position": 1}]


def accounting() -> list[dict]:
    """As cleaning counts it: 17 has 7 plays a day, of which 1 is bad and 1 a duplicate; others have a bad one more."""
    counts = {"users": dict(rows=4, fetched=4, clean=4, quarantined=0, duplicate=0, later=0)}
    first = dict(rows=6, fetched=10, clean=5, quarantined=2, duplicate=1, later=2)
    found = []
    for day in DAYS:
        listens = first if day == DAYS[0] else {**first, "clean": 7, "later": 0, "quarantined": 1, "fetched": 9}
        for entity, row in {**counts, "listen_history": listens}.items():
            reasons = {"unknown_track": 1} | ({"items_null": 1} if day == DAYS[0] else {}) if entity != "users" else {}
            made = {"date": day, "entity": entity, "revision": 1, "snapshot_date": day, "fetched_at": stamp(3)}
            found.append({**made, **row, "suppressed": 0, "reasons": json.dumps(reasons)})
    return found


def _named(row: dict) -> dict:
    return {name: row[name] for name in ("first_name", "last_name", "email")}


def model() -> FactorModel:
    users = np.array([1, 17, 18, 170])
    factors = np.arange(8, dtype=np.float32).reshape(4, 2)
    return FactorModel(np.array([1, 2]), np.eye(2, dtype=np.float32), users, factors, {"reg": 0.1})


def models(root: pathlib.Path) -> None:
    model().save(model_folder(root, "1"))
    model().save(challenger_folder(root, DAYS[1]))
    logged = root.parent / "mlartifacts" / "models" / "m-1" / "artifacts"
    (logged / "artifacts").mkdir(parents=True)
    shutil.copytree(model_folder(root, "1"), logged / "artifacts" / "model")
    example = {"inputs": {"columns": ["user_id"], "data": [[1], [17]]}, "params": {"k": 17}}
    (logged / "input_example.json").write_text(json.dumps(example))


def texts(root: pathlib.Path) -> None:
    for path, text in {
        report_file(root, DAYS[1]): "<h3>Listener 17 <span>als</span></h3><table></table></div>\n<h3>Listener 18 </h3>",
        day_log(root, DAYS[1]): "cannot read zora@quill.example of user 17, 17 rows\n",
        logs_folder(root) / "note.log": "17 rows of Zora\n",
        spool_folder(root) / "1-999999999.jsonl": '{"date": "2024-03-01", "error": "no zora@old.example"}\n',
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def job(root: pathlib.Path, uri: str, user: int, postgres: str = "", revision: int = 1) -> Job:
    mart = PostgresSettings(url=postgres, wait_seconds=2)
    settings = Settings(lake=LakeSettings(root=str(root)), registry=RegistrySettings(uri=uri), postgres=mart)
    return Job(DAYS[1], settings, argparse.Namespace(user=user, revision=revision))


def everything(folder: pathlib.Path) -> pathlib.Path:
    """The lake; its registry lies beside it."""
    root = folder / "lake"
    write(root)
    tables(Lake(str(root)))
    models(root)
    texts(root)
    return root
