"""Every odd value that the nights draw from, cleaned once: the tables are what the rules give."""

import argparse
import datetime
import itertools
import json

import pytest

from conf.settings import ApiSettings, CleanSettings, LakeSettings, Settings
from jobs.cleaning import clean
from tests.jobs import raw
from tests.jobs.borrowed import Borrowed
from tests.odd_days import compare, texts, times
from tests.odd_days.generator import ENTITIES
from tests.odd_days.oracle import Oracle
from tests.odd_days.rows import Row, row

DATE = datetime.date(2024, 3, 1)
FETCHED = datetime.datetime(2024, 3, 3, 0, 30, tzinfo=datetime.UTC)
ZONE = "Australia/Lord_Howe"  # its clocks change by half an hour
TEXTS = [*texts.SHOW_NOTHING, *texts.HALF_A_PAIR, *texts.ODD_BUT_GOOD, *texts.WITH_NUL]
STAMPS = [
    *times.EDGES,
    *times.LEAPS,
    *times.FORMS,
    *(f"2023-06-15T23:59:59{fraction}{end}" for fraction in times.FRACTIONS for end in ("", "Z", "-03:30")),
    *times.changes(ZONE),
]


def numbered(make, values):
    """A row for each of the values, which take the place of the plain row's."""
    numbers = itertools.count(1)
    return [row(**make(next(numbers))).having(**changed) for changed in values]


def each(field, values):
    return [{field: value} for value in values]


def odd_rows(make, text, optional, form, forms):
    return [
        *numbered(
            make,
            [
                *({field: json.dumps(value)} for field in (text, optional) for value in TEXTS),
                *(
                    {field: json.dumps(value, ensure_ascii=False)}
                    for field in (text, optional)
                    for value in texts.ODD_BUT_GOOD
                ),
                *each(text, texts.WRONG_TYPES),
                *each(optional, texts.WRONG_TYPES),
                *each("id", texts.IDS),
                *each(form, map(json.dumps, forms)),
                *each("created_at", map(json.dumps, STAMPS)),
                *each("created_at", texts.WRONG_TYPES),
            ],
        ),
        row(**make(9001)).with_more(("id", '"x"'), (text, '"again"')),
        row(**make(9002)).with_more(("id", "9003"), (text, '"again"')),
        row(**make(9004)).without(optional),
        *(Row(bare=bare) for bare in texts.NO_OBJECTS),
    ]


def odd_history():
    plain = row(**raw.history(9002, [9003, 9003]))
    moments = (f"2024-02-{1 + place // 24:02d}T{place % 24:02d}:00:00" for place in itertools.count())
    changed = [
        *({"items": ("9003", item)} for item in texts.IDS),
        *each("items", [(), "null", '"9003"', "{}"]),
        *each("user_id", texts.IDS),
        *each("updated_at", map(json.dumps, STAMPS)),
    ]
    return [
        *(
            plain.having(
                **{"created_at": json.dumps(next(moments)), **values, "user_id": values.get("user_id", "9003")}
            )
            for values in changed
        ),
        *(plain.having(created_at=json.dumps(stamp), user_id="9003") for stamp in STAMPS),
        *(Row(bare=bare) for bare in texts.NO_OBJECTS),
    ]


@pytest.fixture(scope="module")
def served():
    return {
        "tracks": odd_rows(raw.track, "name", "genres", "duration", texts.DURATIONS),
        "users": odd_rows(raw.user, "last_name", "favorite_genres", "email", texts.EMAILS),
        "listen_history": odd_history(),
    }


@pytest.fixture(scope="module")
def cleaned(spark, served, tmp_path_factory):
    root = tmp_path_factory.mktemp("odd") / "lake"
    for name in ENTITIES:
        raw.write(root, name, DATE, [one.text for one in served[name]], FETCHED)
    settings = Settings(
        lake=LakeSettings(root=str(root)), api=ApiSettings(timezone=ZONE), clean=CleanSettings(max_bad_share=1.0)
    )
    for name in ENTITIES:
        args = argparse.Namespace(entity=name, snapshot_date=None, revision=1)
        clean.main(Borrowed(DATE, settings, args, session=spark))
    return compare.found_in(root)


@pytest.fixture(scope="module")
def expected(served):
    oracle = Oracle(ZONE)
    oracle.add(DATE, served, DATE, dict.fromkeys(ENTITIES, FETCHED))
    return oracle.tables()


@pytest.mark.parametrize("table", compare.TABLES)
def test_every_odd_value_comes_out_as_the_rules_say(cleaned, expected, table):
    assert expected[table]
    assert "\n".join(compare.differences({**expected, table: cleaned[table]}, expected)) == ""
