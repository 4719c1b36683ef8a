"""A job's lines on their way to the day's log and to Luigi's scheduler."""

import datetime
import time

import pytest

from tasks.observe.job_output import PATIENCE, following, percent, plain
from tasks.observe.logs import StepLog

DATE = datetime.date(2024, 3, 1)


class Task:
    """What of a task is needed here."""

    task_family, date = "TrainModel", DATE

    def __init__(self, folder):
        self.day_log = folder / "day.log"
        self.told = []

    def set_status_message(self, text):
        self.told.append(text)

    def set_progress_percentage(self, share):
        self.told.append(share)

    class settings:
        class logs:
            format = "text"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("progress: 40 solving users, iteration 4 of 10", (40, "solving users, iteration 4 of 10")),
        ("2024-03-02 01:00:00,000 progress: 7 reading", (7, "reading")),
        ("progress: 140 too far", (100, "too far")),
        ("the API's progress: 40 per cent", None),
        ("progress: much", None),
        ("progress: 40", None),
    ],
)
def test_a_line_of_progress_is_told_from_others(line, said):
    assert percent(line) == said


def test_the_lines_of_this_run_are_read_and_the_last_progress_told(tmp_path):
    task, file = Task(tmp_path), tmp_path / "TrainModel.log"
    file.write_text("of an earlier run\n")
    with following(task, file, file.stat().st_size), file.open("a") as output:
        output.write("progress: 10 reading\nWARN spilled\nprogress: 90 writing\nerror: cut o")
    assert task.told == [90, f"writing\nlog: {file}"]
    said = [line.split(" ", 2)[1:] for line in task.day_log.read_text().splitlines()]
    assert said == [
        ["TrainModel", "progress: 10 reading"],
        ["TrainModel", "WARN spilled"],
        ["TrainModel", "progress: 90 writing"],
        ["TrainModel", "error: cut o"],
    ]


@pytest.mark.slow
def test_a_scheduler_that_fails_or_hangs_is_no_matter(tmp_path):
    task, file = Task(tmp_path), tmp_path / "TrainModel.log"
    file.write_text("progress: 10 reading\n")

    def fail(_):
        raise ConnectionError

    task.set_progress_percentage = fail
    with following(task, file, 0):
        pass
    assert task.told == []
    task.set_progress_percentage = lambda _: time.sleep(60)
    began = time.monotonic()
    with following(task, file, 0):
        pass
    assert time.monotonic() - began < PATIENCE + 5


def test_what_a_browser_would_take_for_html_is_taken_out():
    assert plain("<img src=x onerror=alert(1)> & more") == " img src=x onerror=alert(1)    more"


def test_a_line_of_the_log_says_when_who_and_what(tmp_path):
    step = StepLog(tmp_path / "logs" / "day.jsonl", DATE, "CleanUsers", "json")
    assert step.line("2024-03-02T01:00:00.000+00:00", 'a "quoted" text', "warning") == (
        '{"time": "2024-03-02T01:00:00.000+00:00", "date": "2024-03-01", "task": "CleanUsers", '
        '"level": "warning", "message": "a \\"quoted\\" text"}\n'
    )
    step.write(["one", "two"])
    assert len(step.file.read_text().splitlines()) == 2


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path):
    (tmp_path / "logs").write_text("a file where a folder should be")
    StepLog(tmp_path / "logs" / "day.log", DATE, "CleanUsers", "text").write(["one"])
