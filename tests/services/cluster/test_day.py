"""A whole day on a standalone cluster whose workers do not have the project: by spark-submit, and by Spark Connect."""

import datetime
import re
from collections import Counter

import pytest

from lake.access import Lake
from lake.layout import report_file
from tasks.daily import done
from tests.chaos.compare import differences, tables
from tests.services.cluster.look import ASKED, OF_THE_PROJECT
from tests.services.cluster.machines import DATE, WORKERS

pytestmark = pytest.mark.services
DAY = datetime.date.fromisoformat(DATE)
# Of a first day: with no lists of the day before, the evaluation starts no Spark.
STEPS = ("clean tracks", "clean users", "clean listen_history", "train", "promote", "recommend")


@pytest.fixture(params=["submitted", "connected"])
def ran(request):
    return request.getfixturevalue(request.param)


def test_each_worker_has_the_packages_and_cannot_import_the_project(ran, cluster):
    assert set(ran.looked) == set(WORKERS)
    for seen in ran.looked.values():
        assert set(seen["modules"]) == set(ASKED) - set(OF_THE_PROJECT)
        assert seen["python"] == str(cluster.folder / "python" / "bin" / "python")


def test_each_submitted_step_ran_on_both_workers(submitted):
    assert set(submitted.applications) == {f"{step} {DATE}" for step in STEPS}
    for step, tasks in submitted.applications.items():
        assert all(tasks.get(worker) for worker in WORKERS), f"{step}: {tasks}"


def test_the_connect_server_ran_the_steps_on_both_workers(connected):
    assert set(connected.applications) == {"moovitamix"}
    tasks = connected.applications["moovitamix"]
    assert all(tasks.get(worker, 0) > 20 for worker in WORKERS), tasks


def test_executors_have_the_memory_that_was_set(submitted, connected, cluster):
    for worker in WORKERS:
        started = re.findall(
            r"Launch command: .*", (cluster.folder / f"{worker.replace('work', 'worker')}.log").read_text()
        )
        assert len(started) == len(STEPS) + 2  # the Connect server and, once, look.py
        assert all('"-Xmx700M"' in command for command in started)


def test_the_day_is_complete_with_a_whole_list_for_every_user(ran):
    assert done(str(ran.lake), [DAY], 1) == {DAY}
    assert report_file(ran.lake, DAY).exists()
    lake = Lake(str(ran.lake))
    lists = lake.rows("recommendations")
    assert Counter(row["user_id"] for row in lists) == {row["user_id"]: 20 for row in lake.rows("users")}
    assert {row["source"] for row in lists} == {"als", "popular"}


def test_the_lake_is_what_it_says_it_is(ran, cluster, server):
    said = cluster.do(
        "python", "-m", "jobs", "check", f"--date={DATE}", f"--lake-root={ran.lake}", f"--spark-remote={server}"
    )
    assert re.search(r"^\d+ checks, 0 broken", said, re.MULTILINE)


def test_the_tables_are_those_of_one_machine_to_the_last_digit(ran, local):
    """Both have the same processor: BLAS and compiled code of another may round otherwise."""
    assert differences(tables(ran.lake), tables(local)) == []
