"""A day on which nobody is there, or nothing can be listed, is published as others are."""

import dataclasses

import pytest

from conf.settings import LakeSettings
from conf.tables import marker
from jobs.mart.publication import publish
from lake.access import Lake
from tests.services.postgres.small_lake import day, write

pytestmark = pytest.mark.services


def test_a_day_without_lists_is_the_newest_and_the_next_one_has_lists(settings, ask, root):
    publish(Lake(root), day(0), settings)
    write(root, day(1))
    Lake(root).delete("recommendations", ("date", "=", day(1)))  # the lake keeps users and tracks that left
    assert publish(Lake(root), day(1), settings)["rows_out"] == 0
    assert ask("SELECT count(*) FROM current_recommendations") == [(0,)]
    assert ask("SELECT date, users, recommendations FROM publications ORDER BY date DESC LIMIT 1") == [(day(1), 0, 0)]
    write(root, day(2))
    publish(Lake(root), day(2), settings)
    assert ask("SELECT count(DISTINCT user_id) FROM current_recommendations") == [(42,)]


def test_a_first_day_on_which_nothing_was_served_is_published(settings, ask, tmp_path):
    lake = Lake(str(tmp_path / "empty"))
    for table, task in (
        ("tracks", "CleanTracks"),
        ("users", "CleanUsers"),
        ("listens", "CleanListens"),
        ("recommendations", "Recommend"),
    ):
        lake.mark(table, marker(table, task, day(0)))
    empty = dataclasses.replace(settings, lake=LakeSettings(root=lake.root))
    assert publish(lake, day(0), empty)["rows_out"] == 0
    assert ask("SELECT date, users, listed FROM publications") == [(day(0), 0, True)]
