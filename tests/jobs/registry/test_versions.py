import http.server
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import threading

import mlflow
import pytest

from conf.errors import Refused
from jobs.model import registry_access, stored
from jobs.model.factors import FactorModel
from jobs.registry import versions
from jobs.training import recording
from lake.access import Lake
from tests.jobs.factor_models import day, factor_model, tags
from tests.ports import free_port

ALONE = """
import sys
class Barred:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("conf", "lake", "jobs", "tasks"):
            raise ImportError(f"{name} is asked for")
sys.meta_path.insert(0, Barred())
import mlflow, pandas
mlflow.set_tracking_uri(sys.argv[1])
model = mlflow.pyfunc.load_model("models:/recommender@champion")
print(model.predict(pandas.DataFrame({"user_id": [2, 99, 1]}), params={"k": 1}).to_json(orient="records"))
"""


def champion_of(uri):
    with registry_access.connected(uri) as client:
        return versions.aliases(client)


@pytest.mark.slow
def test_the_champion_loads_where_this_project_is_not(uri, tmp_path):
    version = versions.register(uri, factor_model(), tags(1), {"als_ndcg_10": 0.05})
    versions.point(uri, {"champion": version, "previous": ""})
    bare = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", ALONE, uri], cwd=tmp_path, env=bare, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == (
        '[{"user_id":2,"rank":1,"track_id":1099511627776,"score":3.0},{"user_id":1,"rank":1,"track_id":5,"score":2.0}]'
    )


def test_a_version_says_what_it_was_made_of(uri):
    recipe = {**factor_model().recipe, "solver": "local", "trained": {"pairs": 812, "hash": "1f2e"}}
    version = versions.register(
        uri, factor_model(), {**tags(1, training_run="r1"), **versions.lineage(recipe)}, {"als_ndcg_10": 0.05}
    )
    with registry_access.connected(uri) as client:
        found = client.get_model_version(registry_access.NAME, version)
        run = client.get_run(found.run_id)
    assert found.tags == {
        **tags(1, training_run="r1"),
        "rank": "2",
        "seen": "2024-03-01",
        "trained_pairs": "812",
        "trained_hash": "1f2e",
    }
    assert run.data.metrics == {"als_ndcg_10": 0.05}
    info = mlflow.models.get_model_info(f"models:/recommender/{version}")
    assert [column.name for column in info.signature.outputs] == ["user_id", "rank", "track_id", "score"]
    assert info.signature.params.to_dict()[0]["name"] == "k"
    assert info.saved_input_example_info is not None


def test_only_a_version_of_the_very_same_promotion_is_taken_up(uri):
    version = versions.register(uri, factor_model(), tags(1), {})
    assert versions.left(uri, tags(1)) == version
    for other in (tags(2), tags(1, revision=2), tags(1, training_run="another")):
        assert versions.left(uri, other) == ""


def test_a_registry_that_was_emptied_goes_on_counting_where_the_lake_is(uri):
    version = versions.register(uri, factor_model(), tags(1), {}, above=2)
    assert version == "3"
    assert versions.register(uri, factor_model(), tags(2), {}, above=2) == "4"
    assert versions.left(uri, tags(1), above=3) == ""


def test_aliases_follow_and_name_only_what_is_there(uri):
    first, second = (versions.register(uri, factor_model(), tags(number), {}) for number in (1, 2))
    versions.point(uri, {"champion": second, "previous": first})
    assert champion_of(uri) == {"champion": second, "previous": first}
    versions.point(uri, {"champion": first, "previous": ""})
    assert champion_of(uri) == {"champion": first}
    versions.point(uri, {"champion": first, "previous": "77"})
    assert champion_of(uri) == {"champion": first}


def test_a_model_comes_back_from_the_registry_as_it_was(uri, tmp_path):
    version = versions.register(uri, factor_model(), tags(1), {})
    found = stored.fetch(uri, version)
    assert found.equals(factor_model())
    assert found.recipe == factor_model().recipe
    shutil.rmtree(tmp_path / "mlartifacts")
    with pytest.raises(Refused, match=f"model {version}: the registry at {uri} does not have it whole"):
        stored.fetch(uri, version)


def test_the_newest_run_of_a_training_is_the_one(uri):
    with registry_access.connected(uri) as client:
        ours = registry_access.experiment(client, uri)
        for date in (day(1), day(1), day(2)):
            with mlflow.start_run(experiment_id=ours) as run:
                mlflow.set_tags({"date": str(date), "step": "train"})
            if date == day(1):
                newest = run.info.run_id
    assert versions.training_run(uri, day(1)) == newest
    assert versions.training_run(uri, day(3)) == ""


def test_a_file_that_is_no_database_is_one_line(tmp_path):
    (tmp_path / "mlflow.db").write_text("this is no database, but text")
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    assert registry_access.reachable(uri) == f"the registry at {uri} cannot be reached: file is not a database"
    with (
        pytest.raises(Refused, match="cannot be reached: file is not a database; restore the file, or move it away"),
        registry_access.connected(uri),
    ):
        pass


def test_a_database_of_something_else_is_refused(tmp_path):
    with sqlite3.connect(tmp_path / "other.db") as database:
        database.execute("CREATE TABLE alembic_version (version_num TEXT)")
        database.execute("INSERT INTO alembic_version VALUES ('1f2e')")
    with (
        pytest.raises(Refused, match="does not do what was asked"),
        registry_access.connected(f"sqlite:///{tmp_path}/other.db"),
    ):
        pass


def test_nobody_answers_and_no_password_is_shown():
    said = registry_access.reachable(f"http://me:se%20cret@127.0.0.1:{free_port()}/mlflow?token=abc")
    assert said.endswith("/mlflow cannot be reached: connection refused")
    assert not any(secret in said for secret in ("se%20cret", "se cret", "abc", "me:"))


@pytest.fixture
def answering():
    """The address of a server that answers everything with the status that it is set to."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(int(self.path.split("/")[1]))
            self.end_headers()

        do_POST = do_GET

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://me:secret@127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "said"),
    [(401, "HTTP 401; see MLFLOW_TRACKING_USERNAME"), (404, "HTTP 404; that is no MLflow"), (503, "HTTP 503")],
)
def test_a_server_that_does_not_serve_says_why_at_once(answering, status, said):
    found = registry_access.reachable(f"{answering}/{status}")
    assert f"/{status} cannot be reached: {said}" in found
    assert "secret" not in found


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        (["cannot be reached: connection refused", "cannot be reached: HTTP 503", ""], 3),
        (["cannot be reached: HTTP 401; see"], 1),
        (["cannot be reached: HTTP 404; that is no MLflow server"], 1),
    ],
)
def test_a_training_waits_for_a_server_that_comes_back_and_for_no_other(monkeypatch, answers, asked):
    left = iter(answers)
    monkeypatch.setattr(registry_access, "reachable", lambda uri: next(left))
    monkeypatch.setattr(registry_access, "PAUSE", 0)
    assert registry_access.awaited("http://host") == answers[asked - 1]
    assert list(left) == []


def test_a_training_does_not_wait_for_ever(monkeypatch):
    monkeypatch.setattr(registry_access, "reachable", lambda uri: "connection refused")
    assert registry_access.awaited("http://host", seconds=0) == "connection refused"


@pytest.mark.parametrize("uri", ["postgresql://me:secret@host/db", "http://me:secret@host:5000"])
def test_a_text_that_quotes_the_address_loses_user_and_password(uri):
    shown = registry_access.without_credentials(uri, f"no access to {uri} with secret\nand more")
    assert "secret" not in shown
    assert shown.startswith("no access to " + uri.replace("me:secret@", ""))


def test_a_database_that_was_being_made_when_a_run_was_killed_is_not_taken_for_one(empty_database, tmp_path):
    (tmp_path / ".mlflow.db.1").write_bytes(empty_database.read_bytes()[:5000])
    assert not registry_access.begun(f"sqlite:///{tmp_path}/mlflow.db")
    assert registry_access.begun(f"sqlite:///{empty_database}")


def test_a_training_that_was_not_begun_is_a_row_without_a_figure(tmp_path):
    lake = Lake(str(tmp_path))
    recording.not_trained(lake, day(1), "the registry cannot be reached")
    assert [(row["metric"], row["users"]) for row in lake.rows("evaluations")] == [("registry_unreachable", 0)]
    assert lake.committed("evaluations/TrainModel/2024-03-01")


def test_what_the_model_is_saved_as_is_what_the_registry_takes(uri, tmp_path):
    factor_model().save(tmp_path / "saved")
    assert FactorModel.load(pathlib.Path(tmp_path / "saved")).equals(factor_model())
    assert not factor_model(2.0).equals(factor_model())
