"""Odd texts and numbers: what a value of a row may look like, as JSON text."""

import json
import random

from tests.odd_days.rows import Row

SHOW_NOTHING = [" ", "\t", "\n", "\u00a0", "\u3000", "\u200b", "\u2060", "\ufeff", "\u200b \u200d", "\u2028", ""]
HALF_A_PAIR = ["\ud800", "half \udfff of a pair", "\ud83d \ude00", "\ude00\ud83d"]
ODD_BUT_GOOD = [
    "a\u200bb",
    "\u202eback to front\u202c",
    "\u200e\u05d0\u05d1\u200f",
    "pair \U0001f600 and e\u0301",
    "12345",
    "-7",
    "true",
    "null",
    "[a] list",
    "{an} object",
    ' says "no" \\ and / ',
    "tab\tand break\n inside",
    "  spaces about  ",
    "\u00a0Zo\u00eb\u3000",
    "\u0130\u0131 \u00df \ufb01",
    "'; DROP TABLE tracks; --",
    "<b>bold</b> & co",
    "%s %(name)s {0}",
    "x" * 5_000,
    "\u00e9" * 100_000,
]
WITH_NUL = ["a\u0000b", "\u0000a"]
EMAILS = [
    "a@b",
    "two@@hosts.org",
    "a b@c.org",
    "@c.org",
    "a@c.",
    "\u00fcml\u00e4ut@b\u00fccher.example",
    "1@2.3",
    "a@.org.x",
    "",
    " ",
]
DURATIONS = ["0:00", "9999:59", "10000:00", "03:60", "3", "03:05 ", "03:05:00", "\u0663:05", "-3:05", "00:00"]
IDS = [
    "-1", "-0", "9223372036854775807", "9223372036854775808", "1" + "0" * 60, "-1" + "0" * 60, "1e2", "1.0", "1E400", "0.5",
    '"7"', "true", "null", "[1]", "{}", "-1e400", "1e19",
]  # fmt: skip
WRONG_TYPES = ["5", "false", '{"a": "b"}', '["Song"]', "null", "1e400"]
NO_OBJECTS = ["[]", "null", '"a text"', "17", '["a", {"id": 1}]', "true"]
TEXTS = {"tracks": ["name", "artist", "songwriters", "genres", "album"], "users": ["first_name", "last_name", "gender"]}
KINDS = ("blank", "half a pair", "odd name", "NUL", "number", "type", "repeated key", "no object", "form", "layout")


def odd(kind: str, entity: str, row: Row, chance: random.Random) -> Row:
    """The row of tracks or users with something odd of the kind."""
    field = chance.choice(TEXTS[entity])
    if kind == "blank":
        return row.having(**{field: json.dumps(chance.choice(SHOW_NOTHING))})
    if kind == "half a pair":
        return row.having(**{field: json.dumps(chance.choice(HALF_A_PAIR))})
    if kind == "odd name":
        return row.having(**{field: written(chance.choice(ODD_BUT_GOOD), chance)})
    if kind == "NUL":
        return row.having(**{field: json.dumps(chance.choice(WITH_NUL))})
    if kind == "number":
        return row.having(id=chance.choice(IDS))
    if kind == "type":
        return row.having(**{field: chance.choice(WRONG_TYPES)})
    if kind == "repeated key":
        return repeated(row, field, chance)
    if kind == "no object":
        return Row(bare=chance.choice(NO_OBJECTS))
    if kind == "form":
        return malformed(entity, row, field, chance)
    return laid_out(row, chance)


def written(text: str, chance: random.Random) -> str:
    """A text in JSON, with or without escapes."""
    return json.dumps(text, ensure_ascii=chance.random() < 0.5)


def repeated(row: Row, field: str, chance: random.Random) -> Row:
    """A name twice, with the same value, another, or none that is good."""
    name = chance.choice([field, "id", "updated_at"])
    first = row.value(name)
    assert isinstance(first, str)
    return row.with_more((name, chance.choice([first, "null", '"7"', first])))


def malformed(entity: str, row: Row, field: str, chance: random.Random) -> Row:
    if chance.random() < 0.3:
        return row.without(chance.choice([field, "created_at"]))
    if entity == "users":
        return row.having(email=written(chance.choice(EMAILS), chance))
    return row.having(duration=written(chance.choice(DURATIONS), chance))


def laid_out(row: Row, chance: random.Random) -> Row:
    """Other white space, another order, a field that nobody knows."""
    members = [*row.members, ("unknown", chance.choice(['{"id": 5, "name": null}', "1e400", '"\\ud800"', "-0", '"x"']))]
    chance.shuffle(members)
    return Row(tuple(members), gap=chance.choice(["", "  ", "\t", " "]))


def odd_items(items: tuple[str, ...], chance: random.Random) -> tuple[str, ...]:
    """A list with an item that is none."""
    place = chance.randrange(len(items) + 1)
    return (*items[:place], chance.choice([*IDS, "4040404"]), *items[place:])
