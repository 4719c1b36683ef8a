"""Raw folders of made-up listeners, written as a fetch writes them: what the benches of cleaning read.

One row in a hundred is bad, in turn by each kind of dirt, and one in two hundred is an identical repeat.
The same sizes and seed give the same bytes.
"""

import datetime
import json

import numpy as np

from conf.contract import LISTENS, TRACKS, USERS
from lake.layout import MANIFEST, raw_folder
from tasks.api.manifest import Manifest
from tasks.api.writer import Writer, write_text

ITEMS = 10  # plays of a history row
START = datetime.datetime(2024, 1, 1)
BATCH = 10_000

DIRT = {
    "tracks": [{"duration": "3:99"}, {"artist": None}, {"id": -4}, {"name": "  "}],
    "users": [{"email": "nobody"}, {"created_at": "yesterday"}, {"id": "7"}],
    "listen_history": [{"items": []}, {"created_at": "2023-02-30T00:00:00"}, {"user_id": 10**9}, {"items": [1, 10**9]}],
}


def write(
    root: str, date: datetime.date, plays: int, users: int, tracks: int, seed: int = 1, evenly: bool = False
) -> None:
    """Raw folders of the three entities for ``date``; a larger ``plays`` begins with the rows of a smaller.

    ``evenly``: every user has as many history rows as the next, where they are else drawn.
    """
    fetched = datetime.datetime.combine(date + datetime.timedelta(days=1), datetime.time(2), datetime.UTC)
    makers = {
        TRACKS.name: (track, tracks),
        USERS.name: (user, users),
        LISTENS.name: (in_turn if evenly else history, plays // ITEMS),
    }
    for name, (make, count) in makers.items():
        rng = np.random.default_rng(seed)
        folder = raw_folder(root, name, date)
        folder.mkdir(parents=True)
        writer, written = Writer(folder), 0
        for begin in range(0, count, BATCH):
            numbers = range(begin, min(count, begin + BATCH))
            lines = dirty([make(number, rng, users, tracks) for number in numbers], begin, DIRT[name])
            writer.add([line.encode() for line in lines])
            written += len(lines)
        files = writer.finish()
        manifest = Manifest(
            name,
            date,
            fetched,
            fetched,
            "bench",
            written,
            written,
            -(-written // 100),
            100,
            files,
            {},
            (),
            0,
            0,
            1,
            0.0,
        )
        write_text(folder / MANIFEST, manifest.to_json())


def track(number: int, rng: np.random.Generator, users: int, tracks: int) -> dict:
    return {
        "id": number,
        "name": f"Song {number}",
        "artist": f"Artist {number // 10}",
        "songwriters": f"Writer {number // 20}",
        "duration": f"{number % 9:02d}:{number % 60:02d}",
        "genres": ("rock", "jazz", "folk")[number % 3],
        "album": f"Album {number // 8}",
        **stamps(number),
    }


def user(number: int, rng: np.random.Generator, users: int, tracks: int) -> dict:
    return {
        "id": number,
        "first_name": f"First {number}",
        "last_name": f"Last {number}",
        "email": f"user{number}@example.org",
        "gender": "Other",
        "favorite_genres": "rock",
        **stamps(number),
    }


def history(number: int, rng: np.random.Generator, users: int, tracks: int) -> dict:
    # Popularity falls off as the square of a uniform number does: a few tracks have most of the plays.
    items = (rng.random(ITEMS) ** 2 * tracks).astype(int).tolist()
    return {"user_id": int(rng.integers(users)), "items": items, **stamps(number)}


def in_turn(number: int, rng: np.random.Generator, users: int, tracks: int) -> dict:
    return {**history(number, rng, users, tracks), "user_id": number % users}


def stamps(number: int) -> dict[str, str]:
    moment = (START + datetime.timedelta(seconds=3 * (number % 5_000_000), microseconds=number % 1000)).isoformat()
    return {"created_at": moment, "updated_at": moment}


def dirty(rows: list[dict], begin: int, dirt: list[dict]) -> list[str]:
    """The rows as lines, with bad ones and repeats among them."""
    lines = []
    for number, row in enumerate(rows, begin):
        if number % 100 == 99:
            row = {**row, **dirt[number // 100 % len(dirt)]}
        line = json.dumps(row)
        lines += [line, line] if number % 200 == 50 else [line]
    return lines
