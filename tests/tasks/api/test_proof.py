"""An API that changes while it is read: torn snapshots are noticed, fetched again, and refused in the end."""

import json
import random

import pytest

from tasks import api as fetching
from tests.tasks.api.conftest import data, lines, track
from tests.tasks.api.fault_server import Answer, at

PATH = "/tracks"


def ids(folder) -> list[int]:
    return [json.loads(line)["id"] for line in lines(folder)]


def other(number: int) -> dict:
    """The track of the same id in other data."""
    return track(number) | {"name": f"another {number}"}


def swap(rows: list, one: int, two: int) -> None:
    rows[one], rows[two] = rows[two], rows[one]


def to_the_end(rows: list, place: int) -> None:
    rows.append(rows.pop(place))


def replaced(rows: list) -> None:
    rows[:] = [other(row["id"]) for row in rows]


def delete_and_insert(rows: list, place: int) -> None:
    """One key goes and another comes: the total stays."""
    del rows[place]
    rows.append(track(1000))


# What happens once to the data, just before the sixth of 22 or more requests: 10 pages, and all of them again, the first and the last twice.
TEARS = {
    "two rows change places": lambda rows: swap(rows, 5, 90),
    "an updated row moves to the end": lambda rows: to_the_end(rows, 12),
    "a row from the end moves to the front": lambda rows: rows.insert(0, rows.pop()),
    "all rows are shuffled": lambda rows: random.Random(1).shuffle(rows),
    "a row is inserted at the front": lambda rows: rows.insert(0, track(1000)),
    "a row is deleted": lambda rows: rows.pop(3),
    "the last row is deleted": lambda rows: rows.pop(),
    "a page of rows is deleted at the end": lambda rows: rows.__delitem__(slice(80, None)),
    "a key goes missing and another comes": lambda rows: delete_and_insert(rows, 12),
    "a restart with other data": replaced,
    "one row is edited": lambda rows: rows.__setitem__(2, other(3)),
}


@pytest.mark.parametrize("tear", TEARS)
@pytest.mark.parametrize("number", [6, 11])
def test_torn_once_is_fetched_again(fetch, server, folder, tear, number):
    server.fault = at(number, lambda: TEARS[tear](server.rows[PATH]))
    manifest = fetch(concurrency=1)
    assert [json.loads(line) for line in lines(folder)] == server.rows[PATH]
    assert manifest.rows == len(server.rows[PATH])


@pytest.mark.parametrize("tear", TEARS)
def test_torn_once_counts_as_an_attempt(fetch, server, tear):
    server.fault = at(11, lambda: TEARS[tear](server.rows[PATH]))
    assert fetch(concurrency=1).attempts == 2


def test_torn_always_is_refused(fetch, server, folder):
    server.fault = lambda request: to_the_end(server.rows[PATH], 12) if request.page == 5 else None
    with pytest.raises(fetching.Torn) as caught:
        fetch()
    message = str(caught.value)
    assert message.startswith("tracks: page ")
    assert "holds other rows when it is asked again; fetched 3 times" in message
    assert message.endswith("run again when the API is quiet, and see that one server answers")
    assert sum((request.page, request.nth) == (10, 1) for request in server.seen) == 1
    assert list(folder.parent.iterdir()) == []


def test_shrinking_always_is_refused(fetch, server, folder):
    server.fault = lambda request: server.rows[PATH].pop() and None
    with pytest.raises(fetching.Torn, match=r"^tracks: the total fell from \d+ to \d+; fetched 2 times"):
        fetch(attempts=2)
    assert list(folder.parent.iterdir()) == []


def test_shrinking_once_gives_what_is_left(fetch, server, folder):
    server.fault = at(4, lambda: server.rows[PATH].__delitem__(slice(50, None)))
    assert fetch().rows == 50
    assert ids(folder) == list(range(1, 51))


@pytest.mark.parametrize("number", [1, 2, 6, 10, 11, 14, 22])
@pytest.mark.parametrize("grown", [1, 5, 6, 40])
def test_growth_at_the_end_is_kept(fetch, server, folder, number, grown):
    server.fault = at(number, lambda: server.rows[PATH].extend(track(200 + more) for more in range(grown)))
    manifest = fetch(concurrency=1)
    assert (manifest.attempts, manifest.total, manifest.rows) == (1, 95 + grown, 95 + grown)
    assert ids(folder) == [*range(1, 96), *range(200, 200 + grown)]


def test_growth_from_nothing(fetch, server, folder):
    server.rows[PATH] = []
    server.fault = at(2, lambda: server.rows[PATH].extend(data()[PATH]))
    assert fetch().rows == 95


def test_growth_with_every_request_ends(fetch, server, folder):
    server.fault = lambda request: server.rows[PATH].append(track(1000 + request.number))
    manifest = fetch()
    assert manifest.attempts == 1
    kept = ids(folder)
    assert len(kept) == manifest.rows == manifest.total
    assert kept == [row["id"] for row in server.rows[PATH][: manifest.rows]]


def test_growth_by_leaps_is_followed(fetch, server, folder):
    """At first twelve more than are held, then forty more while those are read."""
    leaps = {5: range(200, 212), 11: range(300, 340)}
    server.fault = lambda request: server.rows[PATH].extend(map(track, leaps.get(request.number, ())))
    assert fetch(concurrency=1).attempts == 1
    assert ids(folder) == [*range(1, 96), *range(200, 212), *range(300, 340)]


def test_growth_faster_than_it_can_be_read_is_refused(fetch, server):
    server.fault = lambda request: server.rows[PATH].extend(track(1000 + more) for more in range(30))
    with pytest.raises(fetching.Torn, match=r"the total grew to \d+ faster than its rows could be read"):
        fetch(attempts=1)


def test_growth_in_the_middle_is_torn(fetch, server, folder):
    server.fault = at(8, lambda: server.rows[PATH].insert(25, track(1000)))
    assert fetch(concurrency=1).attempts == 2
    assert ids(folder) == [row["id"] for row in server.rows[PATH]]


def test_repeated_rows_of_the_source_pass(fetch, server, folder):
    rows = server.rows[PATH]
    rows[50] = rows[49]  # beside each other, across two pages
    rows[90] = rows[3]
    rows[94] = {"id": 7}
    manifest = fetch()
    assert (manifest.rows, manifest.attempts, manifest.repeated) == (95, 1, 6)
    assert len(lines(folder)) == 95


def test_repeated_row_whose_pages_change_is_torn(fetch, server, folder):
    """Only the pages with a repeated key, the first and the last are asked again here."""
    server.fault = at(6, lambda: swap(server.rows[PATH], 25, 75))
    manifest = fetch(concurrency=1, verify_pages=0)
    assert manifest.attempts == 2
    assert sorted(ids(folder)) == list(range(1, 96))


def test_first_page_is_asked_again_where_no_other_is(fetch, server):
    server.fault = at(11, lambda: replaced(server.rows[PATH]))
    assert fetch(concurrency=1, verify_pages=0).attempts == 2
    assert [request.page for request in server.seen][10] == 1


@pytest.mark.parametrize("rows", [5, 15, 25, 95])
def test_two_servers_with_different_data(fetch, server, folder, rows):
    both = [data()[PATH][:rows], [other(number) for number in range(1, rows + 1)]]

    def take_turns(request):
        server.rows[PATH] = both[request.number % 2]

    server.fault = take_turns
    with pytest.raises(fetching.Torn, match="holds other rows when it is asked again"):
        fetch()
    assert list(folder.parent.iterdir()) == []


def test_two_servers_with_different_totals(fetch, server):
    both = [data()[PATH], data()[PATH][:90]]

    def take_turns(request):
        server.rows[PATH] = both[request.number % 2]

    server.fault = take_turns
    with pytest.raises(fetching.Torn, match="the total fell from 95 to 90"):
        fetch()


def test_restart_in_the_middle(fetch, server, folder):
    """Connections break, and then the data are others."""

    def restart(request):
        if request.number == 7:
            replaced(server.rows[PATH])
        return Answer(reset=True) if 7 <= request.number < 10 else None

    server.fault = restart
    manifest = fetch()
    assert (manifest.attempts, manifest.retries) == (2, 3)
    assert [json.loads(line) for line in lines(folder)] == server.rows[PATH]
