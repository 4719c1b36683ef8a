"""Contract drift: in more than half of the rows it fails the fetch, in fewer it is cleaning's."""

import pytest

from conf.contract import ENTITIES
from tasks import api as fetching
from tasks.api import drift
from tasks.api.drift import Fields, check_contract
from tests.tasks.api.conftest import session, track


def check(name: str, rows: list) -> None:
    fields = Fields()
    fields.add(rows)
    check_contract(ENTITIES[name], len(rows), fields.counts())


def changed(count: int, **values: object) -> list[dict]:
    """Ten tracks, some of them with other values; ... takes a field out."""
    rows = [track(number) for number in range(10)]
    for row in rows[:count]:
        row.update(values)
    return [{name: value for name, value in row.items() if value is not ...} for row in rows]


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"artist": ...}, r"tracks\.artist: found absent in 6 of 10 rows, expected string"),
        ({"id": "7"}, r"tracks\.id: found string in 6 of 10 rows, expected number"),
        ({"id": True}, r"tracks\.id: found boolean in 6 of 10 rows, expected number"),
        ({"id": None}, r"tracks\.id: found null in 6 of 10 rows, expected number"),
        ({"duration": 201}, r"tracks\.duration: found number in 6 of 10 rows, expected string"),
        ({"album": ["x"]}, r"tracks\.album: found array of string in 6 of 10 rows, expected string or null"),
        ({"album": {"id": 1}}, r"tracks\.album: found object in 6 of 10 rows, expected string or null"),
        ({"album": ...}, r"tracks\.album: found absent in 6 of 10 rows, expected string or null"),
        ({"created_at": 1704067200}, r"tracks\.created_at: found number in 6 of 10 rows, expected string"),
    ],
)
def test_more_than_half_of_the_rows(values, found):
    with pytest.raises(fetching.ContractDrift, match=f"^{found}; see what changed in the API"):
        check("tracks", changed(6, **values))
    check("tracks", changed(5, **values))


@pytest.mark.parametrize(
    ("items", "fails"),
    [
        ([1, 2.5], False),
        ([], False),
        ([1, None], False),
        (["1", "2"], True),
        ([{"id": 1}], True),
        ("1,2", True),
        (None, True),
    ],
)
def test_arrays_of_ids(items, fails):
    rows = [session(number) | {"items": items} for number in range(3)]
    if fails:
        with pytest.raises(fetching.ContractDrift, match=r"listen_history\.items: .*expected array of number"):
            check("listen_history", rows)
    else:
        check("listen_history", rows)


def test_field_that_may_be_null_may_be_null_everywhere():
    check("tracks", changed(10, album=None, genres=None, songwriters=None))


def test_rows_that_are_no_objects():
    check("tracks", [*changed(0), *["text"] * 10])
    with pytest.raises(fetching.ContractDrift, match=r"found absent in 11 of 21 rows"):
        check("tracks", [*changed(0), *["text"] * 11])


def test_absent_and_mistyped_rows_count_together():
    bad = [*changed(4, artist=...)[:4], *[track(1) | {"artist": 5}] * 2]
    with pytest.raises(fetching.ContractDrift, match=r"tracks\.artist: found absent or number in 6 of 11 rows"):
        check("tracks", bad + changed(0)[:5])
    check("tracks", bad + changed(0)[:6])


def test_drift_fails_the_fetch_and_leaves_nothing(fetch, server, folder):
    for row in server.rows["/tracks"]:
        row["duration"] = 201
    with pytest.raises(fetching.ContractDrift, match=r"tracks\.duration: found number in 95 of 95 rows"):
        fetch()
    assert list(folder.parent.iterdir()) == []
    assert max(request.nth for request in server.seen) == 3  # nothing was fetched a second time


def test_new_field_is_kept_and_reported(fetch, server, folder):
    for row in server.rows["/tracks"][:3]:
        row["mood"] = "calm"
    manifest = fetch()
    assert manifest.new_fields == ("mood",)
    assert manifest.fields["mood"] == {"string": 3}


def test_new_fields_without_end_do_not_fill_memory(monkeypatch):
    monkeypatch.setattr(drift, "MOST_FIELDS", 20)
    fields = Fields()
    for number in range(100):
        fields.add([track(number) | {f"field {number}": 1}])
    assert len(fields.counts()) == 20
    assert fields.counts()["id"] == {"number": 100}
