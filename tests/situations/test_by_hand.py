"""What people change by hand in MLflow, and a registry that fails: lists go out, and what failed says what to do.

Each case has a registry with one version, which is in production, and a date with a challenger that is better.
"""

import contextlib
import http.server
import os
import pathlib
import shutil
import sqlite3
import threading

import mlflow
import pytest

from conf.settings import Settings
from jobs.health import status
from jobs.health.monitoring import record
from jobs.model import registry_access
from jobs.model.registry_access import NAME
from jobs.registry import live_figures, models, versions
from jobs.training import promote, rollback, train
from lake.access import Lake
from lake.champion import champion_before
from lake.layout import challenger_folder, model_folder
from tests.jobs.factor_models import day, factor_model, job, live, of_champion, promoted, tags
from tests.jobs.training.test_promote import holdout
from tests.ports import free_port

pytestmark = pytest.mark.slow
PATHS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
    ("logged_models", "artifact_location"),
)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A registry with version 1, and the lake that it belongs to."""
    folder = tmp_path_factory.mktemp("by_hand")
    uri, lake = f"sqlite:///{folder}/mlflow.db", Lake(str(folder / "lake"))
    version = versions.register(uri, factor_model(), tags(1), {})
    factor_model().save(model_folder(lake.root, version))
    lake.append_rows([promoted(1, version)], "decisions", "decisions/test/1")
    versions.point(uri, {"champion": version, "previous": ""})
    lake.append_rows([*holdout(day(2), 0.05), *live(2, version, 0.1, 0.05)], "evaluations", "evaluations/test/1")
    factor_model(2.0).save(challenger_folder(lake.root, day(2)))
    return folder


@pytest.fixture
def folder(prepared: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A copy of the case's own, in which MLflow's absolute paths are its own, too."""
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    with contextlib.closing(sqlite3.connect(tmp_path / "mlflow.db")) as database, database:
        for table, column in PATHS:
            database.execute(f"UPDATE {table} SET {column} = replace({column}, ?, ?)", [str(prepared), str(tmp_path)])
    monkeypatch.setattr(promote, "refit", lambda job, challenger: factor_model(3.0))
    for name, seconds in {"AWAY": 0.1, "PAUSE": 0.1, "LOCKED": 0.1}.items():
        monkeypatch.setattr(registry_access, name, seconds)
    return tmp_path


@pytest.fixture
def lake(folder):
    return Lake(str(folder / "lake"))


@pytest.fixture
def uri(folder):
    return f"sqlite:///{folder}/mlflow.db"


def experiment_deleted(client, folder):
    client.delete_experiment(client.get_experiment_by_name(NAME).experiment_id)


def experiment_deleted_for_good(client, folder):
    with sqlite3.connect(folder / "mlflow.db") as database:
        database.execute("PRAGMA foreign_keys = OFF")
        database.execute("DELETE FROM experiments WHERE name = ?", [NAME])
        database.execute("DELETE FROM runs")
    shutil.rmtree(folder / "mlartifacts")


def experiment_renamed(client, folder):
    client.rename_experiment(client.get_experiment_by_name(NAME).experiment_id, "ours")


def model_deleted(client, folder):
    client.delete_registered_model(NAME)


def model_renamed(client, folder):
    client.rename_registered_model(NAME, "ours")


def version_deleted(client, folder):
    client.delete_model_version(NAME, "1")


def alias_removed(client, folder):
    client.delete_registered_model_alias(NAME, "champion")


def alias_of_a_version_that_is_not_there(client, folder):
    with sqlite3.connect(folder / "mlflow.db") as database:
        database.execute("UPDATE registered_model_aliases SET version = 77")


def alias_moved(client, folder):
    client.create_model_version(NAME, "/somewhere/else")
    client.set_registered_model_alias(NAME, "champion", "2")


def files_removed(client, folder):
    shutil.rmtree(folder / "mlartifacts")


def run_deleted(client, folder):
    client.delete_run(client.get_model_version(NAME, "1").run_id)


def tags_edited(client, folder):
    for tag in ("date", "holdout_ndcg", "live_until"):
        client.set_model_version_tag(NAME, "1", tag, "yesterday, I think")


def tags_removed(client, folder):
    client.delete_model_version_tag(NAME, "1", "date")


HARMLESS = [
    experiment_deleted_for_good,
    experiment_renamed,
    model_deleted,
    model_renamed,
    version_deleted,
    alias_removed,
    alias_of_a_version_that_is_not_there,
    alias_moved,
    files_removed,
    run_deleted,
    tags_edited,
    tags_removed,
]


def decided(lake):
    return next(row for row in lake.rows("decisions") if row["date"] == day(2))


def of_registry(lake, uri):
    """The finding of the date, and whether there are more than one."""
    found = [one for one in record.judge(lake, day(2), Settings()).findings if one.metric == "registry_failures"]
    assert len(found) <= 1
    return found[0] if found else None


@pytest.mark.parametrize("change", HARMLESS)
def test_a_change_in_mlflow_costs_no_list_and_no_promotion(folder, lake, uri, change):
    change(mlflow.MlflowClient(uri, uri), folder)
    # Whoever the aliases name, the table says who is in production.
    assert champion_before(lake, day(2)).version == "1"
    assert of_champion(lake, day(2)).equals(factor_model())
    assert "1" in [version.version for version in models.listing(lake, uri, 10).versions]
    assert registry_access.usable(uri) == ""
    figures = promote.main(job(day(2), lake.root, uri))
    assert figures["decision"] == "promote", figures
    assert "not_tidied" not in figures
    assert int(figures["model_version"]) > 1
    assert of_champion(lake, day(3)).equals(factor_model(3.0))
    with registry_access.connected(uri) as client:
        assert versions.aliases(client)["champion"] == figures["model_version"]
    assert of_registry(lake, uri) is None


def test_a_registry_that_was_thrown_away_goes_on_above_what_the_lake_knows(folder, lake, uri):
    (folder / "mlflow.db").unlink()
    shutil.rmtree(folder / "mlartifacts")
    assert promote.main(job(day(2), lake.root, uri))["model_version"] == "2"


def test_a_model_that_was_renamed_keeps_its_files(folder, lake, uri):
    model_renamed(mlflow.MlflowClient(uri, uri), folder)
    promote.main(job(day(2), lake.root, uri))
    with registry_access.connected(uri):
        assert mlflow.artifacts.list_artifacts("models:/ours/1")


def test_a_run_that_was_deleted_does_not_cost_other_versions_their_live_figures(folder, lake, uri):
    second = versions.register(uri, factor_model(), tags(2), {})
    run_deleted(mlflow.MlflowClient(uri, uri), folder)
    rows = [*live(2, "1", 0.1, 0.05), *live(3, second, 0.2, 0.05)]
    assert live_figures.record_live(uri, rows) == 2


def test_a_version_left_by_a_kill_whose_files_are_gone_is_registered_anew(folder, lake, uri):
    left = versions.register(uri, factor_model(3.0), tags(2), {})
    shutil.rmtree(folder / "mlartifacts")
    assert promote.main(job(day(2), lake.root, uri))["model_version"] == str(int(left) + 1)


# What makes the registry fail, and a word of the line that says what to do.
FAILING = {}


def failing(advice):
    def named(change):
        FAILING[change.__name__] = (contextlib.contextmanager(change), advice)
        return change

    return named


@failing("restore it: MLFLOW_TRACKING_URI=sqlite:///")
def the_experiment_deleted(folder):
    uri = f"sqlite:///{folder}/mlflow.db"
    experiment_deleted(mlflow.MlflowClient(uri, uri), folder)
    yield uri


@failing("let this user write there")
def the_artifacts_folder_not_writable(folder):
    shutil.rmtree(folder / "mlartifacts")
    (folder / "mlartifacts").write_text("in the way of a folder, as root may write any")
    yield f"sqlite:///{folder}/mlflow.db"


@failing("is locked; end the program that holds the file")
def the_file_locked(folder):
    with contextlib.closing(sqlite3.connect(folder / "mlflow.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield f"sqlite:///{folder}/mlflow.db"


@failing("restore the file, or move it away")
def the_file_corrupt(folder):
    file = folder / "mlflow.db"
    stored = file.read_bytes()
    file.write_bytes(stored[:100] + b"\xff" * (len(stored) - 100))
    yield f"sqlite:///{file}"


@failing("let this user write the file and its folder")
def the_file_read_only(folder):
    """By its header, which says that a later SQLite alone may write it: root may write a file without the bits."""
    file = folder / "mlflow.db"
    with file.open("r+b") as stored:
        stored.seek(18)
        stored.write(b"\x03")
    yield f"sqlite:///{file}"


class Failing(http.server.BaseHTTPRequestHandler):
    """A server that answers everything with an error, or only what is more than a search for experiments."""

    def answer(self):
        found = self.server.all_fails or "experiments/search" not in self.path
        self.send_response(500 if found else 200)
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_POST = do_PATCH = do_DELETE = answer

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def server(all_fails):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Failing) as serving:
        serving.all_fails = all_fails
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()


@failing("HTTP 500")
def the_server_answers_500(folder):
    with server(True) as uri:
        yield uri


@failing("HTTP 500")
def the_server_answers_500_to_what_is_asked_of_it(folder):
    with server(False) as uri:
        yield uri


@failing("connection refused; see the server, and [registry] uri")
def the_server_away(folder):
    yield f"http://127.0.0.1:{free_port()}"


@pytest.mark.parametrize("name", FAILING)
def test_a_registry_that_fails_costs_no_list_and_the_finding_says_what_to_do(folder, lake, name, monkeypatch):
    monkeypatch.setitem(os.environ, "MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    change, advice = FAILING[name]
    with change(folder) as uri:
        figures = promote.main(job(day(2), lake.root, uri))
        assert figures["decision"] == "none"
        assert figures["reason"].endswith("; the challenger was not promoted")
        assert champion_before(lake, day(3)).version == "1"
        assert of_champion(lake, day(3)).equals(factor_model())
        assert [version.version for version in models.listing(lake, uri, 10).versions] == ["1"]
    finding = of_registry(lake, uri)
    assert finding.headline == "the registry failed"
    assert advice in finding.text
    assert "\n" not in finding.text


def test_a_training_is_not_begun_where_the_experiment_was_deleted(folder, lake, uri):
    experiment_deleted(mlflow.MlflowClient(uri, uri), folder)
    assert "restore it" in train.main(job(day(3), lake.root, uri))["reason"]
    figures = promote.main(job(day(3), lake.root, uri))
    assert figures["reason"].endswith("; nothing was trained")
    [row] = [row for row in lake.rows("decisions") if row["date"] == day(3)]
    assert row["champion_version"] == "1"


def test_a_rollback_holds_though_the_registry_fails(folder, lake, uri, capsys):
    promote.main(job(day(2), lake.root, uri))
    with contextlib.closing(sqlite3.connect(folder / "mlflow.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        rollback.main(job(day(3), lake.root, uri, to="", because=""))
    assert champion_before(lake, day(4)).version == "1"
    assert "the aliases were not moved: the registry at" in capsys.readouterr().out


def test_a_file_that_is_locked_for_a_moment_is_waited_for(folder, lake, uri, monkeypatch):
    monkeypatch.setattr(registry_access, "AWAY", 60)
    other = sqlite3.connect(folder / "mlflow.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    release = threading.Timer(1, other.close)
    release.start()
    assert registry_access.usable(uri) == ""
    release.join()


STEERING = {
    "MLFLOW_RUN_ID": "0123456789abcdef0123456789abcdef",
    "MLFLOW_EXPERIMENT_ID": "4711",
    "MLFLOW_EXPERIMENT_NAME": "of somebody else",
    "MLFLOW_TRACKING_URI": "http://127.0.0.1:1",
    "MLFLOW_REGISTRY_URI": "http://127.0.0.1:1",
    "MLFLOW_ACTIVE_MODEL_ID": "m-0123456789abcdef",
    "MLFLOW_ENABLE_ASYNC_LOGGING": "true",
    "MLFLOW_ENABLE_WORKSPACES": "true",
    "MLFLOW_LOCK_MODEL_DEPENDENCIES": "true",
    "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING": "perhaps",
}


def test_another_programs_mlflow_variables_change_nothing(folder, lake, uri, monkeypatch):
    for name, value in STEERING.items():
        monkeypatch.setenv(name, value)
    figures = promote.main(job(day(2), lake.root, uri))
    assert (figures["decision"], figures["pruned"]) == ("promote", "")
    assert {name: os.environ[name] for name in STEERING} == STEERING
    with registry_access.connected(uri) as client:
        run = client.get_run(client.get_model_version(NAME, figures["model_version"]).run_id)
        assert client.get_experiment(run.info.experiment_id).name == NAME
        assert run.data.metrics["als_ndcg_10"] == 0.05


def test_make_status_tells_what_failed(folder, lake, uri):
    experiment_deleted(mlflow.MlflowClient(uri, uri), folder)
    promote.main(job(day(2), lake.root, uri))
    rows = [{"date": day(2), "user_id": 1, "rank": 1, "track_id": 5, "score": 1.0, "source": "als", "because": []}]
    lake.append_rows(rows, "recommendations", "recommendations/Recommend/2024-03-02")
    record.record(lake, day(2), Settings())
    assert "the registry failed: the registry at sqlite:///" in status.text(job(day(2), lake.root, uri))
