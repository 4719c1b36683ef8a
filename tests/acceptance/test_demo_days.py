"""What ``make run`` does: two demo days from nothing, as somebody new sees them.

They run from an installed wheel in an empty folder: there a module, a template or a path that only a checkout has is missed.
"""

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import nbformat
import pytest
from deltalake import DeltaTable
from nbclient import NotebookClient

from tasks.run.probe import answers
from tasks.run.spark_server import running
from tests import installed
from tests.app.serving import eventually
from tests.docs import typed
from tests.ports import free_port

pytestmark = pytest.mark.acceptance

ROOT = pathlib.Path(__file__).parents[2]


class Demo:
    def __init__(self, python: pathlib.Path, empty: pathlib.Path, port: int) -> None:
        self.python, self.empty, self.port = python, empty, port
        self.folder = empty / "data" / "demo"
        self.run = self.start()

    def start(self) -> subprocess.CompletedProcess:
        command = [self.python, "-m", "tasks.run.demo", "--days=2", f"--port={self.port}"]
        return subprocess.run(command, cwd=self.empty, env=installed.environment(), capture_output=True, text=True)

    @property
    def environment(self) -> dict[str, str]:
        """Its commands are found by their names."""
        path = f"{self.python.parent}{os.pathsep}{os.environ['PATH']}"
        return {**installed.environment(), "PATH": path}

    def typed(self, command: str) -> str:
        """What a line for the shell prints in the folder of the installed package's user."""
        done = subprocess.run(
            ["sh", "-c", command], cwd=self.empty, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ask(self, remote: str, query: str, form: str = "table") -> subprocess.CompletedProcess:
        command = [
            sys.executable,
            "-m",
            "tasks.run.sql_prompt",
            f"--lake-root={self.folder / 'lake'}",
            f"--spark-remote={remote}",
        ]
        return subprocess.run(
            [*command, f"--query={query}", f"--format={form}"], cwd=ROOT, capture_output=True, text=True
        )

    def rows(self, table: str) -> list[dict]:
        return DeltaTable(self.folder / "lake" / table).to_pyarrow_table().to_pylist()


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> pathlib.Path:
    """The site-packages of an environment that has the project as a wheel."""
    wheel = installed.build(tmp_path_factory.mktemp("wheel"))
    python = installed.install(wheel, tmp_path_factory.mktemp("installed") / "venv")
    return next(python.parents[1].glob("lib/python*/site-packages"))


@pytest.fixture(scope="module")
def before(site) -> set[pathlib.Path]:
    return files(site)


def files(site: pathlib.Path) -> set[pathlib.Path]:
    """The files of an installed package, but for what Python and its compilers cache."""
    return {path for path in site.rglob("*") if "__pycache__" not in path.parts}


@pytest.fixture(scope="module")
def demo_days(site, before, tmp_path_factory) -> Demo:
    demo = Demo(site.parents[2] / "bin" / "python", tmp_path_factory.mktemp("empty"), free_port())
    assert demo.run.returncode == 0, demo.run.stderr
    return demo


@pytest.fixture(scope="module")
def server(demo_days) -> Iterator[str]:
    """A Spark Connect server for everything that is asked of the demo's lake."""
    with running(free_port(), demo_days.folder / "logs" / "asked.log") as url:
        yield url


def test_the_lake_is_what_it_says_it_is(demo_days, server):
    lake = str(demo_days.folder / "lake")
    said = as_typed("make check-lake", ROOT=lake, LUIGI_CONFIG_PATH=kept(demo_days, server))
    assert re.search(r"^\d+ checks, 0 broken", said, re.MULTILINE)
    assert int(re.search(r"ok +([\d,]+) +0  listens: tracks are there", said)[1].replace(",", "")) > 80_000


def test_all_that_an_installed_package_writes_is_in_the_folder_of_its_user(demo_days, site, before):
    assert files(site) == before
    assert [path.name for path in demo_days.empty.iterdir()] == ["data"]
    assert [path.name for path in (demo_days.empty / "data").iterdir()] == ["demo"]
    assert demo_days.rows("recommendations")


def test_each_step_is_shown_with_its_place_and_time(demo_days):
    steps = re.findall(r"^\[ *(\d+)/\d+\] (\w+) +\d{4}-\d{2}-\d{2} +\d+\.\d s", demo_days.run.stderr, re.MULTILINE)
    assert [int(place) for place, _ in steps] == list(range(1, len(steps) + 1))
    assert [task for _, task in steps].count("Recommend") == 2


def test_it_ends_with_rows_figures_decisions_listeners_and_where_to_look(demo_days):
    text = demo_days.run.stdout
    for wanted in (
        "quarantined",
        "live",
        "NDCG@10",
        "popularity",
        "retrain",
        "recommended:",
        "report",
        "moovitamix status",
    ):
        assert wanted in text
    assert text.count("listener ") == 3
    report = re.search(r"report +(\S+)", text)
    assert report
    assert pathlib.Path(report[1]).exists()


def test_dirty_rows_of_the_demo_are_in_quarantine_and_none_is_lost(demo_days):
    found = {reason for row in demo_days.rows("quarantine") for reason in row["reasons"]}
    assert {
        "id_null",
        "id_wrong_type",
        "email_malformed",
        "duration_malformed",
        "unknown_track",
        "items_empty",
    } <= found
    for row in demo_days.rows("accounting"):
        assert row["fetched"] == sum(row[name] for name in ("clean", "duplicate", "quarantined", "later", "suppressed"))


def test_the_model_beats_popularity_by_half_on_the_holdout(demo_days):
    decision = next(row for row in demo_days.rows("decisions") if row["step"] == "promote")
    figures = json.loads(decision["figures"])
    assert decision["decision"] == "promote"
    assert figures["challenger"] >= 1.5 * figures["popularity"]


def test_it_ends_with_three_queries_that_work_as_printed(demo_days, server):
    printed = re.findall(r"(moovitamix sql --query=.*)", demo_days.run.stdout)
    assert len(printed) == 3
    shown = [demo_days.typed(f"{command} --spark-remote={server}") for command in printed]
    assert [answer.splitlines()[0].split(" | ")[0].strip() for answer in shown] == ["rank", "day", "entity"]
    assert [answer.splitlines()[-1] for answer in shown] == ["(10 rows)", "(7 rows)", "(10 rows)"]


def as_typed(command: str, **environment: str) -> str:
    """What a line for the shell prints; the set-up, which the tests have behind them, is left out."""
    without_setup = command.replace("make ", "make --silent -o setup ", 1)
    done = subprocess.run(
        ["sh", "-c", without_setup], cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("command", typed.once(typed.READ))
def test_a_command_of_the_pages_works_as_it_stands(demo_days, server, command):
    """On the demo's lake, and of its last day. A day that is done does nothing."""
    lake, registry = demo_days.folder / "lake", f"sqlite:///{demo_days.folder / 'mlflow.db'}"
    here = re.sub(r" (ROOT|DATE)=\S+| --date \S+", "", command)
    if " --lake-root " in here:
        here = re.sub(r"--lake-root \S+", f"--lake-root {lake}", here)
        here = re.sub(r" --registry-uri \S+", "", here)
        here += f" --registry-uri {registry}" * ("jobs models" in here or "luigi" in here)
    if command.startswith("venv/bin/"):
        said = demo_days.typed(command.removeprefix("venv/bin/"))
    else:
        given = {"REMOTE": server, "ROOT": str(lake), "REGISTRY": registry}
        said = as_typed(here, **given, LUIGI_CONFIG_PATH=kept(demo_days, server))
    assert said.strip() or "--local-scheduler" in command  # of a day that is done there is nothing to say


def kept(demo_days: Demo, server: str) -> str:
    """Settings by which a command uses the server that is there, in place of one of its own."""
    path = demo_days.empty.parent / "kept.cfg"
    path.write_text(f"[spark]\nremote = {server}\n")
    return str(path)


@pytest.mark.parametrize("command", typed.once(typed.SERVE))
def test_a_command_that_serves_answers_as_it_stands(demo_days, command):
    """But for its port, which is a free one, and the lake, which is the demo's."""
    port, lake = free_port(), demo_days.folder / "lake"
    here = command.replace(" data/lake/", f" {lake}/").replace("make ", "make --silent -o setup ", 1)
    here = re.sub(r" ROOT=\S+| 8090$|(?<=demo_api) --port \d+", "", here).removeprefix("venv/bin/")
    flag = {"demo_api": " --port={}", "luigid": " --port={}", "http.server": " {}", "moovitamix": " --app-port={}"}
    here += next((form for name, form in flag.items() if name in command), " PORT={}").format(port)
    environment = {**os.environ, "ROOT": str(lake), "REGISTRY": f"sqlite:///{demo_days.folder / 'mlflow.db'}"}
    folder = ROOT
    if command.startswith("venv/bin/"):
        folder, environment = demo_days.empty, {**demo_days.environment, "MOOVITAMIX_POSTGRES_URL": ""}
    with subprocess.Popen(["sh", "-c", here], cwd=folder, env=environment, start_new_session=True) as process:
        try:
            eventually(lambda: process.poll() is not None or answers(port), 60)
            assert process.poll() is None, here
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)


def test_each_query_of_the_docs_has_the_columns_of_its_answer(demo_days, server):
    page = (ROOT / "docs" / "how-to" / "query.md").read_text()
    answered = re.findall(r"```sql\n(.*?)\n```\n\n```\n(.*?)\n", page, re.DOTALL)
    assert len(answered) == page.count("```sql") > 10
    # The page's moment was of another demo.
    queries = [re.sub(r"TIMESTAMP AS OF '[^']*'", "VERSION AS OF 1", query) for query, _ in answered]
    done = demo_days.ask(server, "; SELECT 0 AS next_one; ".join(queries), "csv")
    assert done.returncode == 0, done.stderr
    headers = [part.splitlines()[0].split(",") for part in done.stdout.split("next_one\n0\n")]
    assert headers == [[name.strip() for name in header.split(" | ")] for _, header in answered]


def test_an_error_is_one_line_with_its_place_and_code_1(demo_days, server):
    done = demo_days.ask(server, "SELECT nam FROM tracks")
    assert done.returncode == 1
    assert done.stdout == ""
    first, *marked = done.stderr.splitlines()
    assert first.startswith("error: [UNRESOLVED_COLUMN.WITH_SUGGESTION]")
    assert marked == ["  SELECT nam FROM tracks", "         ^ line 1, column 8"]


def test_the_notebook_runs(demo_days, server, monkeypatch):
    monkeypatch.setenv("LAKE", str(demo_days.folder / "lake"))
    monkeypatch.setenv("REMOTE", server)
    notebook = nbformat.read(ROOT / "docs" / "explore.ipynb", as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(ROOT / "docs")}}).execute()
    shown = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert len(shown) == 6
    assert int(shown[-1]["data"]["text/plain"]) > 0  # plays of the second day


def test_the_tables_shut_no_reader_out(demo_days):
    for log in (demo_days.folder / "lake").glob("*/_delta_log"):
        protocol = DeltaTable(log.parent).protocol()
        assert (protocol.min_reader_version, protocol.reader_features) == (1, None), log.parent.name


def test_what_it_started_is_stopped(demo_days):
    assert not answers(demo_days.port)


def test_again_it_shows_the_same_without_running_a_step(demo_days):
    again = demo_days.start()
    assert again.returncode == 0
    assert again.stderr == ""
    assert again.stdout == demo_days.run.stdout
