"""A step of :mod:`bench.bench_scaling`, in a process of its own; prints what it measured as one line of JSON.

python -m bench.scaling_steps STEP --root FOLDER --users N

A measure is ``what``, the ``unit`` that is counted, ``rows`` of it, and ``seconds`` or ``bytes``. Steps read what those
before them left in the folder: ``raw`` is the first.
"""

import argparse
import contextlib
import dataclasses
import datetime
import json
import os
import pathlib
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from bench import bench_clean, bench_fetch, raw_lake
from conf.contract import ENTITIES, LISTENS, TRACKS, USERS, Entity
from conf.settings import AlsSettings, ApiSettings
from jobs.runtime.frames import SparkLake
from lake.access import Lake
from lake.layout import MANIFEST, raw_folder, table_folder
from tasks.api import day
from tasks.api.keylog import KeyLog
from tasks.api.manifest import parse_manifest
from tasks.api.writer import write_text

DATE = datetime.date(2024, 7, 1)  # after all stamps that raw_lake gives
NEXT = DATE + datetime.timedelta(days=1)
DAY = datetime.timedelta(days=1)

Measures = list[dict[str, Any]]


def measure(what: str, unit: str, rows: int, seconds: float | None = None, **more: float) -> dict[str, Any]:
    return {"what": what, "unit": unit, "rows": rows, "seconds": seconds, **more}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("step", choices=STEPS)
    parser.add_argument("--root", type=pathlib.Path, required=True, help="folder that the steps of one size share")
    sizes(parser)
    parser.add_argument("--users", type=int, required=True)
    args = parser.parse_args()
    print(json.dumps(STEPS[args.step](args)))


def sizes(parser: argparse.ArgumentParser) -> None:
    """Flags that the bench hands on to its steps."""
    parser.add_argument("--plays", type=int, default=10, help="of a user, in history rows of 10")
    parser.add_argument("--tracks", type=int, default=20_000, help="of the catalogue, at every size")
    parser.add_argument("--k", type=int, default=10, help="length of list")
    parser.add_argument("--rank", type=int, default=AlsSettings().rank)
    parser.add_argument("--iterations", type=int, default=AlsSettings().iterations)
    parser.add_argument("--memory", default="6g", help="of Spark's driver, which does the work of the executors too")
    parser.add_argument("--fetched", type=float, default=0.1, help="share of the users that are fetched as rows")
    parser.add_argument("--latency-ms", type=float, default=8.0, help="milliseconds before the API's answer")
    parser.add_argument("--new-plays", type=int, default=100_000, help="plays of the day that is published")


def raw(args: argparse.Namespace) -> Measures:
    """Raw folders, as a fetch leaves them; a day later the API serves the same."""
    root = str(args.root)
    raw_lake.write(root, DATE, args.users * args.plays, args.users, args.tracks, evenly=True)
    for entity in (TRACKS, USERS, LISTENS):
        again(root, entity)
    folders = {entity.name: raw_folder(root, entity.name, DATE) for entity in (USERS, LISTENS)}
    return [
        measure(f"raw {name}", "row", parse_manifest(folder).rows, bytes=size(folder))
        for name, folder in folders.items()
    ]


def again(root: str, entity: Entity) -> None:
    """The snapshot of ``DATE`` as that of ``NEXT``."""
    first, second = (raw_folder(root, entity.name, date) for date in (DATE, NEXT))
    second.mkdir()
    manifest = parse_manifest(first)
    for file in manifest.files:
        os.link(first / file.name, second / file.name)
    started, fetched = (moment + DAY for moment in (manifest.started_at, manifest.fetched_at))
    moved = dataclasses.replace(manifest, date=NEXT, started_at=started, fetched_at=fetched)
    write_text(second / MANIFEST, moved.to_json())


def fetch(args: argparse.Namespace) -> Measures:
    rows = max(1, round(args.users * args.fetched))
    with bench_fetch.served(rows, args.latency_ms) as url:
        api = ApiSettings(base_url=url)
        took = bench_fetch.seconds(bench_fetch.fetch, LISTENS, api, rows)
    return [measure("fetch listen_history", "row", rows, took, python_mb=bench_fetch.own_peak_mb())]


def check(args: argparse.Namespace) -> Measures:
    """What the fetch and the check of a day do by themselves, in one process each, once the pages are there."""
    root, keys = str(args.root), args.root / "keys"
    manifests = {name: parse_manifest(raw_folder(root, name, DATE)) for name in ENTITIES}
    begun = time.perf_counter()
    day._check_references(root, DATE, ApiSettings(), manifests, {})
    took = time.perf_counter() - begun
    rows = manifests[LISTENS.name].rows
    with KeyLog(keys, LISTENS.key) as log:
        log.add({"user_id": number, "created_at": ""} for number in range(rows))
        begun = time.perf_counter()
        log.repeats()
        found = time.perf_counter() - begun
    every = sum(manifest.rows for manifest in manifests.values())
    return [measure("check references", "row", every, took), measure("keys that repeat", "row", rows, found)]


def clean(entity: Entity, date: datetime.date, name: str) -> Callable[[argparse.Namespace], Measures]:
    """By spark-submit, its start and end counted."""

    def run(args: argparse.Namespace) -> Measures:
        root = str(args.root)
        took = bench_clean.seconds(bench_clean.ours(root, date, args.memory, entity.name))
        counted = Lake(root).rows("accounting", [("date", "=", date), ("entity", "=", entity.name)])[0]
        table = "listens" if entity is LISTENS else entity.name
        unit = "play" if entity is LISTENS else "row"
        stored = Lake(root).count(table, [])
        return [
            measure(name, unit, counted["fetched"], took),
            measure(f"table {table} after {name}", unit, stored, bytes=size(table_folder(root, table))),
        ]

    return run


def train(solver: str) -> Callable[[argparse.Namespace], Measures]:
    """Plays to pairs in Spark, and the fit, with nothing held out and no search; the model stays in the folder."""

    def run(args: argparse.Namespace) -> Measures:
        from jobs.model.pairs import weighted
        from jobs.model.solvers import blocks, choose, csr, local
        from jobs.runtime.session import persisted

        als = AlsSettings(rank=args.rank, iterations=args.iterations)
        with lake_of(args) as lake:
            begun = time.perf_counter()
            pairs = weighted(plays_of(lake), DATE, dataclasses.asdict(als))
            with persisted(pairs):
                count = pairs.count()
                counted = time.perf_counter()
                measures = [measure("plays to pairs", "play", lake.count("listens", []), counted - begun)]
                if solver == "local":
                    held = csr.from_frame(pairs)
                    came = time.perf_counter()
                    measures.append(measure("pairs to one process", "pair", count, came - counted))
                    model, counted = local.fit_packed(held, als), came
                else:
                    model = blocks.fit(pairs, als)
                took = time.perf_counter() - counted
        work = count * als.iterations
        measures.append(measure(f"fit, {solver}", "pair x iteration", work, took))
        model.save(args.root / "model")
        file = measure("model", "factor row", len(model.user_ids) + len(model.track_ids))
        found = {"pairs": count, "users": len(model.user_ids), "tracks": len(model.track_ids)}
        print(f"auto takes: {choose(found, als)}", file=sys.stderr)
        return [*measures, {**file, "bytes": size(args.root / "model")}]

    return run


def score(args: argparse.Namespace) -> Measures:
    """As ``jobs/recommendation/recommend.py`` does it, with the model that was fitted."""
    from bench.bench_score import numbered
    from conf.tables import marker
    from jobs.model.factors import FactorModel
    from jobs.model.pairs import weighted
    from jobs.recommendation.candidates import Candidates, popularity
    from jobs.recommendation.recommend import rows_of
    from jobs.recommendation.scoring import histories, recommend
    from jobs.runtime.session import persisted

    model = FactorModel.load(args.root / "model")
    with lake_of(args) as lake:
        begun = time.perf_counter()
        plays, users = plays_of(lake, "user_id"), lake.count("users", [])
        with persisted(plays):
            candidates = Candidates.of(popularity(plays, numbered(lake, "track_id", args.tracks), DATE, 7).toArrow())
            pairs = weighted(plays, DATE, model.recipe)
            people = histories(lake.read("users").select("user_id"), pairs, pairs)
            lists = recommend(lake.spark, people, model, candidates, args.k, 3, at_most=users)
            name = marker("recommendations", "Recommend", DATE)
            lake.replace(rows_of(lists, DATE, None), "recommendations", name, users * args.k, date=DATE)
        took = time.perf_counter() - begun
        rows = lake.count("recommendations", [])
    return [
        measure("recommend", "user", users, took),
        measure("table recommendations", "list row", rows, bytes=size(table_folder(args.root, "recommendations"))),
    ]


def publish(args: argparse.Namespace) -> Measures:
    """The job of publishing, in a mart that has the users, with lists of as many users as were scored."""
    import psycopg

    from bench import bench_publish, mart_lake
    from jobs.mart.partitions import name_of
    from tests.services.postgres.server import running

    root = str(args.root / "mart")
    mart_lake.write(root, args.users, args.new_plays, args.k)
    with running() as url:
        bench_publish.publish(root, url, str(mart_lake.FIRST))
        begun = time.perf_counter()
        figures = bench_publish.publish(root, url, str(mart_lake.SECOND))
        took = time.perf_counter() - begun
        tables = {"list row": name_of("recommendations", mart_lake.SECOND), "play": "listen_history", "user": "users"}
        with psycopg.connect(url) as connection:
            stored = [in_mart(connection, table, unit) for unit, table in tables.items()]
    shutil.rmtree(root)
    return [measure("publish", "list row", figures["rows_out"], took, python_mb=figures["peak_mb"]), *stored]


def in_mart(connection: Any, table: str, unit: str) -> dict[str, Any]:
    """Rows of a table of the mart, and its bytes with its keys."""
    query = f'SELECT count(*), pg_total_relation_size(%s) FROM "{table}"'
    rows, stored = connection.execute(query, [f'"{table}"']).fetchone()
    return measure(f"mart {table.partition('_2')[0]}", unit, rows, bytes=stored)


@contextlib.contextmanager
def lake_of(args: argparse.Namespace) -> Iterator[Lake]:
    """The lake with a session on a Connect server of this step's own, which has done nothing yet."""
    from bench.standalone import session

    with session(args.users * args.plays, **{"spark.driver.memory": args.memory}) as spark:
        yield SparkLake(str(args.root), spark)


def plays_of(lake: Lake, *by: str) -> Any:
    from jobs.model.pairs import plays_as_of

    listens = lake.read("listens")
    return plays_as_of(listens.repartition(*by) if by else listens, DATE)


def size(folder: pathlib.Path) -> int:
    """Bytes of the files in the folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


STEPS: dict[str, Callable[[argparse.Namespace], Measures]] = {
    "raw": raw,
    "fetch": fetch,
    "check": check,
    "users": clean(USERS, DATE, "clean users"),
    "listens": clean(LISTENS, DATE, "clean listens"),
    "again": clean(LISTENS, NEXT, "clean listens, nothing new"),
    "local": train("local"),
    "blocks": train("blocks"),
    "score": score,
    "publish": publish,
}

if __name__ == "__main__":
    main()
