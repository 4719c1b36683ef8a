"""Importing the tasks changes nothing of a process; what listens to a run is installed once, by what starts it."""

import subprocess
import sys

from tests.tasks.test_luigid import ROOT

# What a process has that the observers, and Luigi's own command, change.
STATE = """
import atexit, logging, sys
import luigi, luigi.worker
from luigi.cmdline_parser import CmdlineParser

ours = []
register = atexit.register
def registered(function, *args, **kwargs):
    if function.__module__.startswith("tasks."):
        ours.append(function.__qualname__)
    return register(function, *args, **kwargs)
atexit.register = registered

def state():
    names = [None, "luigi", "luigi-interface", "moovitamix"]
    loggers = [logging.getLogger(name) for name in names]
    config = luigi.configuration.get_config()
    return {
        "logging": [(list(log.handlers), log.level, log.propagate, log.disabled) for log in loggers],
        "events": {of: {event: list(called) for event, called in events.items()}
                   for of, events in luigi.Task._event_callbacks.items()},
        "exit": list(ours),
        "excepthook": sys.excepthook,
        "luigi": [CmdlineParser.get_task_obj, luigi.worker.check_complete_cached, luigi.Task.deps],
        "context": config.has_option("worker", "task_process_context"),
    }

before = state()
"""
IMPORT = """
import importlib, pkgutil, tasks
for module in pkgutil.walk_packages(tasks.__path__, "tasks."):
    importlib.import_module(module.name)
assert "tasks.daily" in sys.modules and "tasks.observe.mail" in sys.modules
assert {name: (value, state()[name]) for name, value in before.items() if value != state()[name]} == {}
"""
TWICE = """
from tasks import observe
observe.install()
once = state()
assert {name for name in once if once[name] != before[name]} == {"logging", "events", "exit", "context"}
observe.install()
assert state() == once
"""


def python(code: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)


def test_importing_the_tasks_changes_nothing():
    done = python(STATE + IMPORT)
    assert (done.returncode, done.stderr) == (0, "")


def test_installing_twice_is_installing_once():
    done = python(STATE + TWICE)
    assert (done.returncode, done.stderr) == (0, "")
