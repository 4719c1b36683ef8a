import datetime
import json
import os
import subprocess
import sys

from jobs.health.monitoring import step_figures
from lake.access import Lake
from lake.layout import spool_folder

DAY = datetime.date(2024, 3, 10)
TEN = datetime.datetime(2024, 3, 11, 10, tzinfo=datetime.UTC)


def attempt(task, status, begin=0.0, seconds=10.0, date=DAY, **more):
    started = TEN + datetime.timedelta(seconds=begin)
    ended = None if status == "killed" else seconds
    return {"date": date, "task": task, "status": status, "attempt": 1, "started_at": started, "seconds": ended, **more}


def test_failed_and_killed_attempts_are_counted_and_the_last_done_one_is_measured():
    found = step_figures.figures(
        [
            attempt("Recommend", "failed", cpu_seconds=1.0),
            attempt("Recommend", "killed", 20),
            attempt("Recommend", "done", 40, 30.0, cpu_seconds=12.5, max_rss_mb=2.0, rows_out=9, spill_mb=0.5),
            attempt("Maintain", "failed", 80),
        ]
    )
    of_recommend = {metric: value for (metric, label), value in found.items() if label == "Recommend"}
    assert of_recommend == {
        "steps_failed": 1,
        "steps_killed": 1,
        "step_restarts": 2,
        "step_duration": 30,
        "step_cpu": 12.5,
        "step_memory": 2 * 2**20,
        "step_rows": 9,
        "spark_spill": 2**19,
    }
    assert found["steps_failed", "Maintain"] == 1
    assert ("step_duration", "Maintain") not in found
    assert found["step_success_share", ""] == 0.5


def test_the_day_lasts_as_long_as_a_step_is_under_way_and_no_pause_counts():
    beside = [attempt("A", "done", 0, 10), attempt("B", "done", 5, 10), attempt("C", "done", 1, 2)]
    next_day = attempt("D", "done", 86_400, 7)
    assert step_figures.figures([*beside, next_day])["day_duration", ""] == 22


def spool(root, name, *lines):
    folder = spool_folder(root)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.jsonl").write_text("".join(json.dumps({"date": str(DAY), **line}) + "\n" for line in lines))


def gone():
    """The id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


BEGUN = {"task": "Recommend", "status": "started", "started_at": TEN.isoformat()}


def test_what_a_killed_command_left_is_killed_and_what_a_living_one_does_is_under_way(tmp_path):
    lake = Lake(str(tmp_path))
    spool(tmp_path, f"99999999999999999999-{os.getpid()}", BEGUN)
    assert step_figures.of_date(lake, DAY) == {("mail_failures", ""): 0}
    spool(tmp_path, f"1-{gone()}", BEGUN)
    assert step_figures.of_date(lake, DAY)["steps_killed", "Recommend"] == 1


def test_a_process_that_is_younger_than_the_file_did_not_write_it(tmp_path):
    spool(tmp_path, f"1-{os.getpid()}", BEGUN)
    assert step_figures.of_date(Lake(str(tmp_path)), DAY)["steps_killed", "Recommend"] == 1


def test_the_attempt_that_is_not_folded_yet_counts_as_a_night(tmp_path):
    lake, now = Lake(str(tmp_path)), datetime.datetime.now(datetime.UTC)
    for nights in (1, 2):
        run = attempt("Recommend", "failed", error="no space") | {"started_at": now - datetime.timedelta(days=nights)}
        lake.append_rows([run], "runs", f"runs/{nights}")
    begun = {**BEGUN, "started_at": now.isoformat()}
    spool(tmp_path, f"1-{gone()}", begun, {**begun, "status": "failed", "error": "no space"})
    told = step_figures.causes(lake, DAY)["steps_failed", "Recommend"]
    assert told == "no space (the same on 3 nights running)"


def test_mails_that_failed_are_no_steps_and_count_on_the_day_after_too(tmp_path):
    lake = Lake(str(tmp_path))
    day_before = DAY - datetime.timedelta(days=1)
    mails = [attempt("Notify", "failed", date=day_before), attempt("Notify", "failed"), attempt("Notify", "done")]
    lake.append_rows([*mails, attempt("DailyPipeline", "done")], "runs", "runs/x")
    assert step_figures.of_date(lake, DAY) == {("mail_failures", ""): 2}
