"""The course of the nights, with a command that does what it is told to."""

import datetime

import pytest

from tests.odd_days import compare, generator, nights
from tests.odd_days.generator import CLOCK_BACK, DAY, EMPTY, ENTITIES, NO_NIGHT, Day
from tests.odd_days.nights import FAILED, Nights
from tests.odd_days.rows import row
from tests.odd_days.server import Api

FIRST = datetime.date(2024, 3, 16)
FETCHED = dict.fromkeys(ENTITIES, datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC))


class Told:
    """A house whose nightly command ends, and says, what it is told to."""

    def __init__(self, folder, codes):
        self.lake, self.api, self.codes = folder, Api(""), codes
        self.asked = []

    def night(self, today, zone):
        self.asked.append(today)
        code = self.codes.pop(0)
        said = [f"{FIRST + place * DAY} is complete" for place in range(10)] if code == 0 else ["did not finish"]
        return code, "\n".join([*said, "nothing to do"])

    def check(self):
        return 0, ""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """The nights of some kinds, whose command ends with these codes; the tables are the oracle's unless ``spoil`` changes them."""

    def run(kinds, codes, spoil=lambda found: None):
        served = {"tracks": [row(id=1)], "users": [], "listen_history": []}
        of_kind = {EMPTY: "refused", NO_NIGHT: "none"}
        days = [
            Day(FIRST + place * DAY, kind, (), served, of_kind.get(kind, "runs")) for place, kind in enumerate(kinds)
        ]
        monkeypatch.setattr(generator, "days", lambda seed, count: ("UTC", days))
        made = Nights(Told(tmp_path, codes), 1, len(days), len(days))
        monkeypatch.setattr(made, "_fetched", lambda date: FETCHED)

        def found(lake):
            tables = made.oracle.tables()
            spoil(tables)
            return tables

        monkeypatch.setattr(compare, "found_in", found)
        monkeypatch.setattr(compare, "lists", lambda *_: [])
        monkeypatch.setattr(
            nights.commits, "committed_dates", lambda root, table, task, dates, revision: [*made.oracle.served]
        )
        made.run()
        return made

    return run


def test_the_command_is_called_each_night_with_the_day_after_and_finds_all_well(run):
    made = run(["a usual day"] * 3, [0, 0, 0])
    assert made.outcome.findings == []
    assert made.house.asked == [FIRST + place * DAY for place in (1, 2, 3)]


def test_days_of_no_night_and_of_a_refused_one_share_the_snapshot_of_the_next_that_runs(run):
    made = run(["a usual day", EMPTY, NO_NIGHT, "a usual day"], [0, FAILED, 0])
    assert made.outcome.findings == []
    used = {one["date"]: one["snapshot_date"] for one in made.oracle.accounting}
    assert [used[FIRST + place * DAY] for place in range(4)] == [FIRST] + [FIRST + 3 * DAY] * 3


def test_an_empty_lake_begins_with_the_last_whole_day(run):
    assert list(run([EMPTY, "a usual day"], [FAILED, 0]).oracle.served) == [FIRST + DAY]


def test_a_night_that_takes_an_empty_api_is_told(run):
    made = run(["a usual day", EMPTY, "a usual day"], [0, 0, 0])
    assert [finding for finding in made.outcome.findings if "code 0 where 30 is right" in finding]


def test_a_clock_that_jumps_back_finds_nothing_to_do(run):
    made = run(["a usual day", CLOCK_BACK], [0, 0, 0])
    assert made.outcome.findings == []
    assert made.house.asked[-2:] == [FIRST + 2 * DAY, FIRST + DAY]


def test_nights_that_fail_again_and_again_end_the_run(run):
    made = run(["a usual day"] * 9, [0, 1, 1, 1, 0, 0, 0, 0, 0])
    assert len(made.house.asked) == 4
    assert "3 nights in a row failed" in "\n".join(made.outcome.findings)


def test_a_row_too_many_is_told_once(run):
    made = run(["a usual day"] * 3, [0, 0, 0], spoil=lambda tables: tables["listens"].update(["{}"]))
    assert [line for line in made.outcome.findings if "listens" in line] == [
        f"{FIRST}, a usual day: listens: 0 rows are missing, 1 are there beside the rules'"
    ]
