"""Fewer rows than on the days before."""

import dataclasses
import datetime
import re

import pytest

from conf.contract import ENTITIES
from conf.settings import ApiSettings
from lake.layout import MANIFEST, raw_folder
from tasks import api as fetching


@pytest.fixture
def manifest(fetch) -> fetching.Manifest:
    return fetch()


def of(manifest: fetching.Manifest, *rows: int) -> list[fetching.Manifest]:
    return [dataclasses.replace(manifest, rows=count) for count in rows]


def test_fall_beyond_the_share_is_refused(manifest, api):
    recent = of(manifest, 20_000, 200, 180)
    (low,) = of(manifest, 99)
    found = "tracks: found 99 rows, required are 100 since the last 3 snapshots had 200; see what the API lost, "
    with pytest.raises(fetching.VolumeFell, match=f"^{re.escape(found)}or give --accept-volume-change$"):
        fetching.check_volume(low, recent, api)
    fetching.check_volume(low, recent, api, accept=True)
    fetching.check_volume(*of(manifest, 100), recent, api)


def test_share_is_a_setting(manifest, api):
    with pytest.raises(fetching.VolumeFell):
        fetching.check_volume(*of(manifest, 189), of(manifest, 200), dataclasses.replace(api, max_volume_fall=0.05))


def test_growth_and_first_days_pass(manifest, api):
    fetching.check_volume(*of(manifest, 10_000), of(manifest, 10), api)
    fetching.check_volume(*of(manifest, 1), [], api)


def test_empty_api_is_refused_unless_accepted(manifest, api):
    (empty,) = of(manifest, 0)
    with pytest.raises(
        fetching.VolumeFell, match=r"^tracks: found 0 rows at http.*; see why the API is empty, or give"
    ):
        fetching.check_volume(empty, [], api)
    fetching.check_volume(empty, [], api, accept=True)


@pytest.mark.parametrize("accepted", [0, 10])
def test_what_people_accepted_is_the_usual_from_then_on(manifest, api, accepted):
    """Else somebody would have to accept the same fall every night, until the median has come down."""
    recent = of(manifest, accepted, 200, 200, 200)
    fetching.check_volume(*of(manifest, accepted), recent, api)
    fetching.check_volume(*of(manifest, 200), recent, api)
    with pytest.raises(fetching.VolumeFell):
        fetching.check_volume(*of(manifest, 4), of(manifest, 200, accepted, 200), api)


def test_falls_that_are_allowed_day_by_day_do_not_add_up(manifest, api):
    with pytest.raises(fetching.VolumeFell):
        fetching.check_volume(*of(manifest, 60), of(manifest, 101, 150, 200, 200), api)


def test_recent_snapshots_are_the_newest_before_the_date(api: ApiSettings, tmp_path):
    days = [datetime.date(2024, 3, day) for day in (1, 2, 3, 5)]
    for day in days:
        fetching.fetch_snapshot(ENTITIES["users"], raw_folder(tmp_path, "users", day), day, api)
    recent = fetching.recent_manifests(tmp_path, "users", datetime.date(2024, 3, 5), days=2)
    assert [manifest.date for manifest in recent] == [days[2], days[1]]
    assert fetching.recent_manifests(tmp_path, "tracks", days[0]) == []
    (raw_folder(tmp_path, "users", days[1]) / MANIFEST).write_text("{")  # one that cannot be read costs no later fetch
    recent = fetching.recent_manifests(tmp_path, "users", datetime.date(2024, 3, 5), days=2)
    assert [manifest.date for manifest in recent] == [days[2], days[0]]
