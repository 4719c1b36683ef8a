"""The cleaning of listens as one would write it with polars and deltalake, in one process, for the bench.

python -m bench.polars_clean --root LAKE --date YYYY-MM-DD

It reads the same raw folders, applies the same rules and writes the same three tables. What it does not do:
it reads every value as text, so that the number 7 and the text "7" are the same to it; it holds everything in
memory; its commits carry no marker, so that a second run beside it would do the work twice.
"""

import argparse
import datetime
import gzip
import json
import pathlib
import time

import polars as pl
from deltalake import DeltaTable, write_deltalake

from jobs.cleaning import forms
from lake.layout import MANIFEST, raw_folder, table_folder

STAMP = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d{1,6})?$"
TEXTS = {
    "tracks": ("name", "artist", "songwriters", "genres", "album"),
    "users": ("first_name", "last_name", "gender", "favorite_genres"),
}
KEY = ["user_id", "listened_at", "updated_at", "position"]
ITEMS = pl.col("items").list


def read(root: str, entity: str, date: datetime.date, fields: dict[str, pl.DataType]) -> tuple[pl.DataFrame, dict]:
    """``value`` and the fields as text, and the manifest."""
    folder = raw_folder(root, entity, date)
    manifest = json.loads((folder / MANIFEST).read_text())
    texts = [gzip.decompress((folder / file["name"]).read_bytes()).decode().splitlines() for file in manifest["files"]]
    lines = pl.concat([pl.DataFrame({"value": text}) for text in texts])
    decoded = lines.with_columns(pl.col("value").str.json_decode(pl.Struct(fields)).alias("row")).unnest("row")
    return decoded, manifest


def with_reasons(rows: pl.DataFrame, *rules: tuple[str, pl.Expr]) -> pl.DataFrame:
    """Add to ``reasons`` the rules that are broken; the lists are built for rows that break one only."""
    broken = [pl.when(rule.fill_null(value=False)).then(pl.lit(name)) for name, rule in rules]
    bad = pl.any_horizontal([rule.fill_null(value=False) for _, rule in rules])
    marked = rows.with_columns(bad.alias("bad"))
    named = pl.concat_list("reasons", pl.concat_list(broken).list.drop_nulls())
    parts = [marked.filter(~pl.col("bad")), marked.filter("bad").with_columns(named.alias("reasons"))]
    return pl.concat(parts).drop("bad")


NONE = pl.lit([], dtype=pl.List(pl.String)).alias("reasons")


def id_rules(name: str, number: pl.Expr) -> list[tuple[str, pl.Expr]]:
    absent = pl.col(name).is_null()
    return [
        (f"{name}_null", absent),
        (f"{name}_wrong_type", ~absent & number.is_null()),
        (f"{name}_out_of_range", number < 0),
    ]


def stamp(name: str) -> pl.Expr:
    return pl.when(pl.col(name).str.contains(STAMP)).then(
        pl.col(name).str.to_datetime(strict=False, time_unit="us", format="%Y-%m-%dT%H:%M:%S%.f")
    )


def stamp_rules(name: str, fetched: datetime.datetime) -> list[tuple[str, pl.Expr]]:
    absent, moment = pl.col(name).is_null(), pl.col(f"{name}_at")
    return [
        (f"{name}_null", absent),
        (f"{name}_malformed", ~absent & moment.is_null()),
        (f"{name}_after_fetch", moment > fetched),
    ]


def known_ids(root: str, entity: str, date: datetime.date) -> pl.DataFrame:
    """Ids of the clean rows of tracks or users."""
    extra = ["duration"] if entity == "tracks" else ["email"]
    names = ["id", *TEXTS[entity], *extra, "created_at", "updated_at"]
    rows, manifest = read(root, entity, date, dict.fromkeys(names, pl.String))
    fetched = datetime.datetime.fromisoformat(manifest["fetched_at"]).replace(tzinfo=None)
    typed = rows.with_columns(
        pl.col("id").cast(pl.Int64, strict=False).alias("number"),
        *[stamp(n).alias(f"{n}_at") for n in ("created_at", "updated_at")],
    )
    pattern = r"^(\d{1,4}):([0-5]\d)$" if entity == "tracks" else r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
    texts = [
        (f"{name}_empty", pl.col(name).is_null() | ~pl.col(name).str.contains(forms.VISIBLE)) for name in TEXTS[entity]
    ]
    form = [(f"{extra[0]}_malformed", ~pl.col(extra[0]).str.contains(pattern))]
    rules = [
        *id_rules("id", pl.col("number")),
        *texts,
        *form,
        *stamp_rules("created_at", fetched),
        *stamp_rules("updated_at", fetched),
    ]
    broken = pl.any_horizontal([rule.fill_null(value=False) for _, rule in rules])
    return typed.filter(~broken).select(pl.col("number").alias("id")).unique()


def judge(root: str, date: datetime.date) -> tuple[pl.DataFrame, dict]:
    """Plays with reasons and outcome, and the manifest."""
    fields = {"user_id": pl.String, "items": pl.List(pl.String), "created_at": pl.String, "updated_at": pl.String}
    rows, manifest = read(root, "listen_history", date, fields)
    fetched = datetime.datetime.fromisoformat(manifest["fetched_at"]).replace(tzinfo=None)
    typed = rows.with_columns(
        pl.col("user_id").cast(pl.Int64, strict=False).alias("user"),
        *[stamp(n).alias(f"{n}_at") for n in ("created_at", "updated_at")],
    )
    empty = [("items_null", pl.col("items").is_null()), ("items_empty", ITEMS.len() == 0)]
    rules = [
        *id_rules("user_id", pl.col("user")),
        *empty,
        *stamp_rules("created_at", fetched),
        *stamp_rules("updated_at", fetched),
    ]
    judged = with_reasons(typed.with_columns(NONE), *rules)
    bad = pl.col("reasons").list.len() > 0
    newest = pl.struct("updated_at_at", "value").rank("ordinal", descending=True).over("user", "created_at_at")
    judged = judged.with_columns(
        pl.when(bad)
        .then(pl.lit("quarantined"))
        .when(newest == 1)
        .then(pl.lit("clean"))
        .otherwise(pl.lit("duplicate"))
        .alias("outcome")
    )
    users = known_ids(root, "users", date).rename({"id": "user"}).with_columns(pl.lit(value=True).alias("known_user"))
    tracks = (
        known_ids(root, "tracks", date).rename({"id": "track_id"}).with_columns(pl.lit(value=True).alias("known_track"))
    )
    listed = pl.when(ITEMS.len() > 0).then("items")  # a row with no items is one play
    plays = (
        judged.select(
            "user",
            "items",
            "created_at",
            "updated_at",
            "created_at_at",
            "updated_at_at",
            "user_id",
            "reasons",
            "outcome",
        )
        .with_columns(listed)
        .join(users, on="user", how="left")
        .with_columns(pl.int_ranges(ITEMS.len()).alias("position"))
        .explode("items", "position")
        .with_columns(pl.col("items").cast(pl.Int64, strict=False).alias("track_id"))
        .join(tracks, on="track_id", how="left")
    )
    item = [
        ("items_null", pl.col("position").is_not_null() & pl.col("items").is_null()),
        ("items_wrong_type", pl.col("items").is_not_null() & pl.col("track_id").is_null()),
        ("items_out_of_range", pl.col("track_id") < 0),
        ("unknown_user", pl.col("user").is_not_null() & pl.col("known_user").is_null()),
        ("unknown_track", pl.col("track_id").is_not_null() & pl.col("known_track").is_null()),
    ]
    plays = with_reasons(plays, *item)
    later = pl.col("created_at_at") >= datetime.datetime.combine(date, datetime.time()) + datetime.timedelta(days=1)
    outcome = (
        pl.when(pl.col("reasons").list.len() > 0).then(pl.lit("quarantined"))
        .when(pl.col("outcome") == "duplicate").then(pl.lit("duplicate"))
        .when(later).then(pl.lit("later")).otherwise(pl.lit("clean"))
    )  # fmt: skip
    return plays.with_columns(outcome.alias("outcome")), manifest


def write(root: str, plays: pl.DataFrame, manifest: dict, date: datetime.date) -> dict[str, int]:
    counts = dict(plays.group_by("outcome").len().iter_rows())
    row = pl.struct("user_id", pl.concat_list("items").alias("items"), "created_at", "updated_at").struct.json_encode()
    bad = plays.filter(pl.col("outcome") == "quarantined").select(
        pl.lit(date).alias("date"), pl.lit("listen_history").alias("entity"), "reasons", row.alias("row")
    )
    predicate = f"date = '{date}' AND entity = 'listen_history'"
    save(root, "quarantine", bad, predicate)
    accounting = pl.DataFrame(
        {
            "date": [date],
            "entity": ["listen_history"],
            "rows": [manifest["rows"]],
            "fetched": [plays.height],
            **{name: [n] for name, n in counts.items()},
        }
    )
    save(root, "accounting", accounting, predicate)
    clean = plays.filter(pl.col("outcome") == "clean").select(
        pl.col("user").alias("user_id"), "track_id", pl.col("created_at_at").alias("listened_at"), "position",
        pl.col("updated_at_at").alias("updated_at"), pl.lit(date).alias("first_seen"),
    )  # fmt: skip
    path = str(table_folder(root, "listens"))
    if not DeltaTable.is_deltatable(path):
        write_deltalake(path, clean.head(0).to_arrow())
    on = " AND ".join(f"t.{name} = s.{name}" for name in KEY)
    merge = DeltaTable(path).merge(clean.to_arrow(), on, source_alias="s", target_alias="t")
    merge.when_not_matched_insert_all().execute()
    return counts


def save(root: str, table: str, rows: pl.DataFrame, predicate: str) -> None:
    path = str(table_folder(root, table))
    exists = DeltaTable.is_deltatable(path)
    write_deltalake(
        path,
        rows.to_arrow(),
        mode="overwrite",
        predicate=predicate if exists else None,
        partition_by=["date", "entity"],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", required=True, help="folder of the lake")
    parser.add_argument("--date", required=True, type=datetime.date.fromisoformat)
    args = parser.parse_args()
    begun = time.perf_counter()
    pathlib.Path(args.root).stat()
    plays, manifest = judge(args.root, args.date)
    judged = time.perf_counter()
    counts = write(args.root, plays, manifest, args.date)
    print(
        json.dumps({**counts, "judge_s": round(judged - begun, 2), "write_s": round(time.perf_counter() - judged, 2)})
    )


if __name__ == "__main__":
    main()
