"""Every command that the pages give to type is run by a test as it stands, or stands here with what holds it."""

import ast
import os
import pathlib
import re
import subprocess

import pytest

from tests.docs.typed import READ, ROOT, SERVE, commands

DEMO = "tests/acceptance/test_demo_days.py"
# A test that does what the command does: with the same program, and words of the test's own for folders and ports.
ELSEWHERE = {
    r"make run$|venv/bin/moovitamix demo|python -m venv|venv/bin/pip": f"{DEMO}::demo_days",
    r"make check-lake": f"{DEMO}::test_the_lake_is_what_it_says_it_is",
    r"make sql$": "tests/tasks/run/test_sql_prompt.py::",
    r"make (up|status|down)-local": "tests/services/local/test_services.py::services",
    r"make rollback": "tests/jobs/training/test_rollback.py::",
    r"make forget": "tests/services/forget/test_real_run.py::",
    r"make chaos|\.venv/bin/python -m pytest -m services tests/services/chaos": "tests/services/chaos/test_chaos.py::",
    r"make odd-days": "tests/odd_days/test_nights.py::",
    r"\.venv/bin/python -m pytest -m services tests/services/prometheus": "tests/services/prometheus/test_rules.py::",
    r"bin/daily": "tests/services/cron/test_cron.py::test_cron_runs_the_day_once_and_then_finds_nothing_to_do",
    r"sed ": "tests/docs/test_typed.py::test_the_crontab_is_what_the_guide_makes_of_it",
    r"\$SPARK ": "tests/services/local/test_services.py::test_the_steps_ran_by_luigid_on_two_workers_of_a_cluster",
    r"\.venv/bin/python -m tasks.run.spark_server": "tests/services/cluster/test_day.py::",
    r"make mail-check|\.venv/bin/python -m jobs notify": "tests/jobs/health/mailing/test_notify.py::",
    r"\.venv/bin/luigi .*--scheduler-host": "tests/services/local/test_services.py::",
    r"prometheus --config": "tests/services/prometheus/test_scraping.py::test_every_target_is_up",
    r"promtool check": "tests/services/prometheus/test_rules.py::test_rules_and_settings_are_what_prometheus_can_read",
    r"venv/bin/python -m tasks.run.jars": "tests/tasks/run/test_jars.py::",
}
# What cannot be run by a test, and why.
NOT_RUN = {
    r"make (up|down)( |$)": "Docker's service is needed; tests/deployment holds compose's file and the image's to their schema and rules",
    r".*grafana server": "Grafana is in no package that apt has; tests/conf/test_dashboard.py holds what it is given",
    r"make setup$": "it makes the environment that the tests run in: CI begins with it",
    r"make setup-s3": "make test-services begins with it",
    r"\$EDITOR|export ": "they start nothing",
}


@pytest.mark.parametrize("command", commands())
def test_a_command_is_run_or_it_is_said_what_holds_it(command):
    held = [pattern for pattern in (*ELSEWHERE, *NOT_RUN) if re.match(pattern, command)]
    assert (command in READ) + (command in SERVE) + len(held) == 1


@pytest.mark.parametrize("pattern", ELSEWHERE)
def test_what_holds_a_command_is_there(pattern):
    path, _, name = ELSEWHERE[pattern].partition("::")
    names = {node.name for node in ast.walk(ast.parse((ROOT / path).read_text())) if isinstance(node, ast.FunctionDef)}
    assert not name or name in names
    assert any(re.match(pattern, command) for command in commands())


@pytest.mark.parametrize("pattern", NOT_RUN)
def test_no_reason_is_left_of_a_command_that_is_gone(pattern):
    assert any(re.match(pattern, command) for command in commands())


def test_the_crontab_is_what_the_guide_makes_of_it(tmp_path):
    """The line as it stands, with a program in the place of crontab that keeps what it is given."""
    [line] = [command for command in commands() if command.startswith("sed ")]
    program = tmp_path / "crontab"
    program.write_text(f"#!/bin/sh\ncat > {tmp_path}/given\n")
    program.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(["sh", "-c", line], cwd=ROOT, env={**os.environ, "PATH": path}, check=True)
    lines = [text for text in (tmp_path / "given").read_text().splitlines() if text and not text.startswith("#")]
    assert any(f"{ROOT}/bin/daily" in text for text in lines)
    assert all(re.match(r"(\S+ ){5}|@reboot |[A-Z_]+=", text) for text in lines)
    assert pathlib.Path(f"{ROOT}/bin/daily").is_file()
