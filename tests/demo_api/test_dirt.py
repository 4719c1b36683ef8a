"""What is spoiled, seen with the contract's eyes: every kind is there, all of it is rare and stays where it is."""

import collections
import datetime
import json
import re

import pytest

from conf.contract import ENTITIES
from demo_api.snapshot import take_snapshot

DAY = datetime.date(2026, 11, 20)
MIDNIGHT = "2026-11-21T00:00:00"

TRACKS = """
    id_null id_missing id_wrong_type id_negative id_beyond_64_bits name_missing name_wrong_type name_empty artist_null
    artist_empty duration_malformed created_at_malformed updated_at_malformed created_at_future updated_at_future
    repeated outdated
"""
USERS = """
    id_null id_wrong_type id_negative id_beyond_64_bits first_name_wrong_type first_name_empty last_name_missing
    email_malformed created_at_malformed updated_at_future repeated outdated
"""
HISTORY = """
    user_id_null user_id_wrong_type user_id_negative user_id_beyond_64_bits user_id_unknown items_null items_empty
    items_wrong_type item_null item_wrong_type item_unknown created_at_malformed created_at_future updated_at_future
    updated_at_missing repeated outdated
"""


def problems_of_value(field, value):
    if value is None:
        return ["null"] if field.required else []
    if type(value) is not {"id": int, "ids": list}.get(field.kind, str):
        return ["wrong_type"]
    if field.kind == "id":
        return ["negative"] * (value < 0) + ["beyond_64_bits"] * (value >= 2**63)
    if field.required and field.kind in ("text", "ids"):
        return ["empty"] * (not (value.strip() if field.kind == "text" else value))
    if field.kind == "timestamp":
        try:
            datetime.datetime.fromisoformat(value)
        except ValueError:
            return ["malformed"]
        return ["future"] * (value >= MIDNIGHT)
    pattern = {"duration": r"\d\d:[0-5]\d", "email": r"[^@\s]+@[^@\s]+\.[^@\s]+"}.get(field.kind, ".*")
    return ["malformed"] * (re.fullmatch(pattern, value) is None)


def problems_of_row(entity, row):
    found = []
    for field in entity.fields:
        if field.name not in row:
            found.append(f"{field.name}_missing")
            continue
        found += [f"{field.name}_{problem}" for problem in problems_of_value(field, row[field.name])]
    return found


def problems_of_references(row, users, tracks):
    items = row["items"] if isinstance(row["items"], list) else []
    user = row["user_id"]
    return (
        ["user_id_unknown"] * (isinstance(user, int) and 0 <= user < 2**63 and user not in users)
        + ["item_null"] * (None in items)
        + ["item_wrong_type"] * any(isinstance(item, str) for item in items)
        + ["item_unknown"] * any(isinstance(item, int) and item not in tracks for item in items)
    )


def versions(entity, rows):
    """Of good rows with one key: ``repeated`` where they are equal, ``outdated`` where a later one replaces them."""
    seen = collections.defaultdict(list)
    for row in rows:
        seen[tuple(row[name] for name in entity.key)].append(json.dumps(row))
    for texts in seen.values():
        yield from ["repeated"] * (len(texts) - len(set(texts))) + ["outdated"] * (len(set(texts)) - 1)


@pytest.fixture(scope="module")
def snapshot():
    return take_snapshot(1, DAY)


@pytest.fixture(scope="module")
def spoiled(snapshot):
    """By entity: how often each problem was found, and how many rows have one."""
    rows = {name: getattr(snapshot, name) for name in ENTITIES}
    ids = {
        name: {row["id"] for row in rows[name] if not problems_of_row(ENTITIES[name], row)}
        for name in ("tracks", "users")
    }
    found = {}
    for name, entity in ENTITIES.items():
        by_row = [problems_of_row(entity, row) for row in rows[name]]
        if name == "listen_history":
            by_row = [
                problems + problems_of_references(row, ids["users"], ids["tracks"])
                for row, problems in zip(rows[name], by_row, strict=True)
            ]
        good = [row for row, problems in zip(rows[name], by_row, strict=True) if not problems]
        extra = list(versions(entity, good))
        kinds = collections.Counter(problem for problems in by_row for problem in problems) + collections.Counter(extra)
        found[name] = kinds, sum(map(bool, by_row)) + len(extra)
    return found


@pytest.mark.parametrize(("entity", "kinds"), [("tracks", TRACKS), ("users", USERS), ("listen_history", HISTORY)])
def test_every_kind_is_there_and_no_other(spoiled, entity, kinds):
    assert set(spoiled[entity][0]) == set(kinds.split())


def test_a_few_history_rows_of_every_kind(spoiled):
    counts, _ = spoiled["listen_history"]
    assert min(counts.values()) >= 2
    assert max(counts.values()) <= 12


@pytest.mark.parametrize("entity", ENTITIES)
def test_less_than_one_row_in_a_hundred_is_spoiled(spoiled, snapshot, entity):
    assert spoiled[entity][1] < 0.01 * len(getattr(snapshot, entity))


def test_what_is_spoiled_in_the_catalogue_does_not_spoil_the_history(spoiled):
    counts, _ = spoiled["listen_history"]
    assert counts["item_unknown"] + counts["user_id_unknown"] <= 12


@pytest.mark.parametrize("entity", ENTITIES)
def test_rows_have_the_contract_s_fields_in_its_order(snapshot, entity):
    fields = [field.name for field in ENTITIES[entity].fields]
    complete = [row for row in getattr(snapshot, entity) if len(row) == len(fields)]
    assert all(list(row) == fields for row in complete)
    assert len(getattr(snapshot, entity)) - len(complete) < 10
