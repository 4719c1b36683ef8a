"""The example for Airflow, read with stand-ins for its two classes: Airflow itself pins other packages than ours."""

import os
import pathlib
import runpy
import sys
import types

from conf.errors import BadSetting
from tasks.run import nightly

ROOT = pathlib.Path(__file__).parents[2]


class Recorded:
    made: list[dict] = []  # noqa: RUF012 - one list for all, which the test reads

    def __init__(self, **options: object) -> None:
        self.made.append(options)

    def __enter__(self) -> "Recorded":
        return self

    def __exit__(self, *_: object) -> None: ...


def test_the_task_of_a_date_calls_the_wrapper_with_options_that_it_has(monkeypatch, capsys):
    names = ("airflow", "airflow.sdk", *("airflow.providers", "airflow.providers.standard"))
    names += ("airflow.providers.standard.operators", "airflow.providers.standard.operators.bash")
    for name in names:
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    sys.modules["airflow.sdk"].DAG = Recorded  # type: ignore[attr-defined]
    sys.modules[names[-1]].BashOperator = Recorded  # type: ignore[attr-defined]
    monkeypatch.setenv("MOOVITAMIX_HOME", str(ROOT))
    Recorded.made.clear()
    runpy.run_path(str(ROOT / "examples" / "airflow" / "moovitamix_daily.py"))
    dag, task = Recorded.made
    assert dag["max_active_runs"] == 1
    command, option, date = str(task["bash_command"]).split(maxsplit=2)
    assert os.access(command, os.X_OK)
    assert date == "{{ ds }}"
    assert task["skip_on_exit_code"] == nightly.ALREADY_RUNNING
    monkeypatch.setattr(sys, "argv", ["daily", option, "tomorrow"])
    assert nightly.main() == BadSetting.code
    assert "found 'tomorrow', required is a day as YYYY-MM-DD" in capsys.readouterr().err
