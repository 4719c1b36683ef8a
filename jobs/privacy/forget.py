"""Remove a user from everything that is kept, and prove it.

The lake, the mart and the registry are looked through afterwards.

python -m jobs forget --user 17 [--lake-root data/lake] [--registry-uri sqlite:///data/mlflow.db]

Rows go from raw folders (their manifests say how many, and when), from the tables and all their older versions, from the
mart, the models and the served lists. A keyed hash of the id keeps the user out of every later snapshot. Killed at any
moment, the same command goes on. It ends with code 1 where anything is left.
"""

import contextlib
import datetime
import fcntl
import functools
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

from conf.command_line import Parser, whole
from conf.contract import ENTITIES, LISTENS, USERS, Entity
from conf.errors import Refused
from conf.tables import marker
from jobs.cleaning import suppressed
from jobs.health import spool
from jobs.privacy import intent, mart_rows, model_files, plan, raw_folders, registry_copies, table_rows, texts, traces
from jobs.privacy.intent import Intent
from jobs.privacy.person import Person, describe
from jobs.privacy.person import texts as texts_of
from jobs.runtime.command import Figures, Job, parser, run
from lake import files, suppression
from lake.access import Lake
from lake.layout import MANIFEST, lock_file, model_folder, raw_folder
from lake.suppression import FIELDS

PEOPLE = (USERS, LISTENS)  # the entities whose rows are people's


def main(job: Job) -> Figures:
    lake = job.lake()
    key = suppression.require_key("what keeps people out of later snapshots is a hash under it")
    suppression.load(lake.root)  # refuses another key than the list's
    registry_copies.require(job.settings.registry.uri)
    with alone(lake.root):
        pending = intent.read(lake.root)
        places = carry_out(job, lake, key, pending) if pending else []
        if not pending or pending.person.user_id != job.args.user:
            begun = begin(job, lake, key, job.args.user)
            intent.save(lake.root, begun)
            places = carry_out(job, lake, key, begun)
    return {"places": len(places), "left": sum(place.found for place in places)}


@contextlib.contextmanager
def alone(root: str) -> Iterator[None]:
    """Hold the nightly run's lock, while nothing else runs on the lake.

    Raises:
        Refused: something does.
    """
    busy = [path.stem.rpartition("-")[2] for path in spool.spools(root) if spool.being_written(path)]
    lock_file(root).parent.mkdir(parents=True, exist_ok=True)
    with lock_file(root).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            busy.append("the nightly run")
        if busy:
            raise Refused(f"{root}: a run is under way ({', '.join(busy)}); forget people when it has ended")
        yield


def begin(job: Job, lake: Lake, key: str, user_id: int) -> Intent:
    """Everything that must be known before the first row goes. Nothing is changed."""
    person = whom(lake, user_id)
    places = traces.everywhere(lake.root, person, job.settings)
    return Intent(
        id=uuid.uuid4().hex,
        begun_at=now(),
        hash=suppression.hashed(key, user_id),
        person=person,
        list_before=suppression.listed(lake.root).digest,
        accounts=accounts(lake, person, job.settings.api.timezone),
        found={place.name: place.found for place in places},
    )


def now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def whom(lake: Lake, user_id: int) -> Person:
    """The person, by the table and by every raw folder: an e-mail address may have been another before."""
    mine = lake.rows("users", [("user_id", "=", user_id)])
    others = lake.rows("users", [("user_id", "!=", user_id)], ["first_name", "last_name", "email"])
    only_id = Person(user_id)
    for folder in raw_folders.folders(lake.root, USERS):
        for file in folder.glob("*.gz"):
            mine += [suppressed.parsed(line) for line in suppressed.read(file) if only_id.theirs(USERS, line)]
    tracks = lake.rows("tracks", columns=["name", "artist", "songwriters", "album"])
    public = {text for row in tracks for text in row.values() if text} if mine else set()
    return describe(user_id, mine, (text for row in others for text in texts_of(row)), public)


def accounts(lake: Lake, person: Person, timezone: str) -> list[dict[str, Any]]:
    """What moves to ``suppressed`` in each row of the accounting."""
    bad = table_rows.quarantined(lake, person.user_id)
    plays = lake.rows("listens", [("user_id", "=", person.user_id)])
    user = next(iter(lake.rows("users", [("user_id", "=", person.user_id)], ["first_seen", "last_seen"])), None)
    held: dict[tuple[str, datetime.date], list[dict]] = {}
    found = []
    for row in lake.rows("accounting"):
        entity, date, used = ENTITIES[row["entity"]], row["date"], row["snapshot_date"]
        if entity.name not in FIELDS:
            continue
        mine = [one for one in bad if (one["date"], one["entity"]) == (date, entity.name)]
        if files.exists(raw_folder(lake.root, entity.name, used) / MANIFEST):
            if (entity.name, used) not in held:
                held[entity.name, used] = rows_of(lake.root, entity, used, person)
            moves = plan.moves(entity, held[entity.name, used], mine, date, timezone)
        else:
            there = user is not None and user["first_seen"] <= date <= user["last_seen"]
            moves = plan.moves_of_tables(entity, plays, there, len(mine), date)
        if moves:
            reasons = Counter(reason for one in mine for reason in one["reasons"])
            found.append({"date": str(date), "entity": entity.name, "moves": moves, "reasons": dict(reasons)})
    return found


def rows_of(root: str, entity: Entity, date: datetime.date, person: Person) -> list[dict]:
    """The person's rows in a raw folder, by id."""
    by_id = Person(person.user_id)
    files = sorted(raw_folder(root, entity.name, date).glob("*.gz"))
    return [suppressed.parsed(line) for file in files for line in suppressed.read(file) if by_id.theirs(entity, line)]


def carry_out(job: Job, lake: Lake, key: str, begun: Intent) -> list[traces.Place]:
    """Remove all that an intent names, look everywhere, and write the record. What is gone already is passed by.

    Raises:
        Refused: something is left; the intent stays, so that the command can be called again.
    """
    person, settings = begun.person, job.settings
    suppression.add(lake.root, key, [begun.hash])
    if settings.postgres.url:
        mart_rows.remove(settings.postgres, person.user_id)
    table_rows.remove(lake, person.user_id)
    account(lake, begun)
    empty_raw(lake.root, begun)
    model_files.remove_from_lake(model_folder(lake.root, "1").parent, person.user_id)
    registry_copies.remove(settings.registry.uri, person.user_id)
    texts.remove(lake.root, person)
    table_rows.purge(lake, begun.id)
    places = traces.everywhere(lake.root, person, settings)
    show(places, begun)
    left = [place.name for place in places if place.found]
    if left:
        raise Refused(
            f"{lake.root}: the user is still in {', '.join(left)}; run again, and if that does not help look there"
        )
    intent.finish(lake.root, begun, now(), {place.name: place.found for place in places})
    return places


def account(lake: Lake, begun: Intent) -> None:
    """Move the user's units to ``suppressed``: once, by the marker that each row's commit carries."""
    for entry in begun.accounts:
        slice_ = {"date": datetime.date.fromisoformat(entry["date"]), "entity": entry["entity"]}
        name = marker("accounting", "Forget", f"{begun.id}/{entry['date']}/{entry['entity']}")
        rows = lake.rows("accounting", [(column, "=", value) for column, value in slice_.items()])
        changed = [plan.moved(row, entry["moves"], entry["reasons"]) for row in rows]
        lake.replace_rows(changed, "accounting", name, **slice_)


def empty_raw(root: str, begun: Intent) -> None:
    """Take the rows out of the raw folders, and say in every manifest that it was held against the list."""
    listed = suppression.load(root)
    raw_folders.remove_remains(root)
    for entity in PEOPLE:
        for folder in raw_folders.folders(root, entity):
            with suppressed.only_one(folder):
                known = suppressed.applied(folder) in (begun.list_before, listed.digest)
                suppressed.sweep(folder, listed, functools.partial(theirs, begun.person, entity, listed, known))


def theirs(person: Person, entity: Entity, listed: suppression.Suppression, known: bool, line: bytes) -> bool:
    """Whether a row goes: it is the user's, or where the folder was not held against the list before, anybody's on it."""
    return person.theirs(entity, line) or (not known and listed.holds(entity, suppressed.parsed(line)))


def show(places: list[traces.Place], begun: Intent) -> None:
    print(f"{'place':<34}{'looked at':>12}{'there were':>12}{'left':>8}")
    for place in places:
        print(f"{place.name:<34}{place.looked_at:>12,}{begun.found.get(place.name, 0):>12,}{place.found:>8,}")
    print(
        f"hash {begun.hash[:16]}… is on the suppression list; rows, and of logs, models and reports files", flush=True
    )


def arguments() -> Parser:
    result = parser(__doc__, "api", "lake", "registry", "postgres")
    result.add_argument("--user", required=True, type=whole("--user", 0), help="id of the user, as the API has it")
    return result


if __name__ == "__main__":
    run(main, arguments())
