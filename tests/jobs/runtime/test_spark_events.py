import json
import os
import time

import pyarrow as pa

from jobs.runtime.spark_events import MIB, EventLogs, find, read
from lake.layout import SPARK_EVENTS

TAG = "SparkConnect_OperationTag_User_me_Session_{}_Operation_1"


def job(session, *stages):
    tags = {"spark.job.tags": f"other,{TAG.format(session)}"} if session else {}
    return json.dumps(
        {"Event": "SparkListenerJobStart", "Stage IDs": stages, "Properties": tags}, separators=(",", ":")
    )


def task(stage, milliseconds=1000, shuffled=0, spilled=0):
    metrics = {
        "Executor Run Time": milliseconds,
        "Disk Bytes Spilled": spilled,
        "Shuffle Write Metrics": {"Shuffle Bytes Written": shuffled},
    }
    end = {"Event": "SparkListenerTaskEnd", "Stage ID": stage, "Task Metrics": metrics}
    return json.dumps(end, separators=(",", ":"))


LINES = [
    '{"Event":"SparkListenerLogStart"}',
    job("a", 0, 1),
    task(0, 1500, shuffled=2 * MIB),
    task(1, 500),
    job("b", 2),
    task(2, 250, spilled=MIB),
    '{"Event":"SparkListenerTaskEnd","Stage ID":1,"Task Metrics":null}',  # it was killed
    task(1)[:60],  # a line that was cut off
]


def test_a_session_has_what_the_tasks_of_its_jobs_did():
    application = read(LINES)
    assert application.of("a") == {"spark_task_seconds": 2.0, "shuffle_mb": 2.0, "spill_mb": 0.0}
    assert application.of("b") == {"spark_task_seconds": 0.25, "shuffle_mb": 0.0, "spill_mb": 1.0}


def test_an_application_without_sessions_has_all():
    lines = [job("", 0), job("", 1), task(0), task(1)]
    assert read(lines).of("")["spark_task_seconds"] == 2.0


def test_a_session_that_ran_nothing_has_zeros():
    assert read(LINES).of("c") == {"spark_task_seconds": 0.0, "shuffle_mb": 0.0, "spill_mb": 0.0}


def written(folder, name, lines=LINES):
    path = folder / name
    with pa.output_stream(str(path), compression="zstd") as stream:
        stream.write("\n".join(lines).encode())
    return path


def test_a_log_that_is_compressed_and_cut_off_is_read_as_far_as_it_goes(tmp_path):
    whole = written(tmp_path, "local-1.zstd.inprogress", LINES * 2000)
    whole.write_bytes(whole.read_bytes()[:-20])
    where = {"folder": tmp_path.as_uri(), "application": "local-1", "session": "a"}
    assert EventLogs().totals([where])["spark_task_seconds"] > 100


def test_logs_are_removed_once_nobody_writes_them(tmp_path):
    folder = tmp_path / SPARK_EVENTS
    folder.mkdir()
    names = ("local-1.zstd", "local-2.zstd.inprogress", "local-3.zstd.inprogress", "local-4.zstd")
    paths = [written(folder, name) for name in names]
    days_ago = time.time() - 3 * 86_400
    os.utime(paths[2], (days_ago, days_ago))
    logs = EventLogs()
    for number in (1, 2):
        logs.totals([{"folder": str(folder), "application": f"local-{number}", "session": "a"}])
    logs.remove()
    # The third was left behind by a server that was killed, the fourth is another command's, and yet to be read.
    assert [path.exists() for path in paths] == [False, True, False, True]


def test_a_clusters_own_logs_are_read_and_left_alone(tmp_path):
    path = written(tmp_path, "app-1.zstd")
    logs = EventLogs()
    assert logs.totals([{"folder": str(tmp_path), "application": "app-1", "session": "a"}])["shuffle_mb"] == 2.0
    logs.remove()
    assert path.exists()


def test_what_other_applications_left_goes_once_it_is_a_day_old(tmp_path):
    """A server ends its log after the command whose steps it did: nobody asks for it again."""
    names = ("local-1.zstd", "local-2.zstd", "local-3.zstd.inprogress", "local-4.zstd.inprogress")
    folder = tmp_path / SPARK_EVENTS
    folder.mkdir()
    paths = [written(folder, name) for name in names]
    days_ago = time.time() - 3 * 86_400
    for number in (1, 2):
        os.utime(paths[number], (days_ago, days_ago))
    logs = EventLogs()
    logs.totals([{"folder": str(folder), "application": "local-1", "session": "a"}])
    logs.remove()
    assert [path.name for path in paths if path.exists()] == ["local-4.zstd.inprogress"]


def test_what_is_not_there_or_not_on_this_machine_has_no_totals(tmp_path):
    assert find("hdfs://host/logs", "local-1") is None
    assert EventLogs().totals([{"folder": str(tmp_path), "application": "local-1", "session": ""}]) == {}
