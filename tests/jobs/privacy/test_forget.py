"""A person is gone from every place, others are not; killed anywhere, the same command goes on."""

import gzip
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest

from conf.errors import BadSetting, Refused
from conf.settings import Settings
from jobs.cleaning.suppressed import read
from jobs.model.factors import FactorModel
from jobs.privacy import forget, model_files, registry_copies, table_rows, texts, traces
from jobs.privacy.person import Person
from lake.access import Lake
from lake.layout import challenger_folder, forgetting_file, forgotten_file, lock_file, model_folder, raw_folder
from lake.suppression import hashed
from tests.jobs.privacy import lakes

ROOT = pathlib.Path(__file__).parents[3]
TOLD = ("zora@quill.example", "zora@old.example", "Zora Quill", "Quill")


@pytest.fixture(scope="module", autouse=True)
def key():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOOVITAMIX_SUPPRESSION_KEY", lakes.KEY)
        yield


@pytest.fixture
def root(tmp_path):
    return lakes.everything(tmp_path)


def users_of(lake, table):
    return sorted({row["user_id"] for row in lake.rows(table, columns=["user_id"])})


def every_byte(folder):
    """Names and contents of all files, unpacked where they are packed."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            yield path, gzip.decompress(data) if path.suffix == ".gz" and data[:2] == b"\x1f\x8b" else data


def state(root):
    """What anybody can read of a lake, but for times and ids of the work."""
    lake = Lake(str(root))
    found = {name: sorted(map(str, lake.rows(name))) for name in (*table_rows.TOUCHED, "accounting")}
    found["raw"] = {
        str(path.relative_to(root)): data for path, data in every_byte(root / "raw") if path.name.endswith(".gz")
    }
    found["models"] = [FactorModel.load(folder).user_ids.tolist() for folder in sorted((root / "models").iterdir())]
    found["texts"] = [data for path, data in every_byte(root) if path.parts[-2] in ("logs", "reports", "_spool")]
    return found


@pytest.fixture(scope="module")
def gone(tmp_path_factory):
    """A lake from which 17 is gone, and what was printed."""
    folder = tmp_path_factory.mktemp("gone")
    root = lakes.everything(folder)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "jobs", "forget", "--user=17", f"--lake-root={root}", "--registry-uri"]
    done = subprocess.run(
        [*command, f"sqlite:///{folder}/mlflow.db"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return root, done


def test_rows_of_the_person_are_gone_and_those_of_others_are_there(gone):
    lake = Lake(str(gone[0]))
    assert users_of(lake, "users") == [1, 18, 170]
    assert users_of(lake, "users_served") == [1, 18, 170]
    assert users_of(lake, "listens") == [1, 18]
    assert users_of(lake, "recommendations") == [1, 18, 170]
    assert users_of(lake, "evaluation_users") == [18]
    assert [json.loads(row["row"])["user_id"] for row in lake.rows("quarantine")] == [170]


def test_no_file_holds_the_persons_email_or_name(gone):
    root, done = gone
    kept = {path for path, data in every_byte(root.parent) if any(text.encode() in data for text in TOLD)}
    assert kept == set()
    assert not any(text in done.stdout + done.stderr for text in TOLD)


def test_markers_stand_and_only_the_newest_version_is_left(gone):
    lake = Lake(str(gone[0]))
    assert lake.committed("recommendations/Recommend/2024-03-02")
    assert lake.committed("users/CleanUsers/2024-03-02")
    assert lake.committed("users_served/CleanUsers/2024-03-01")
    for table in ("users", "users_served"):
        log = gone[0] / table / "_delta_log"
        assert len({re.match(r"\d{20}", file.name)[0] for file in log.glob("0*")}) == 1


def test_raw_rows_are_out_and_the_manifest_says_how_many(gone):
    for day in lakes.DAYS:
        folder = raw_folder(gone[0], "listen_history", day)
        manifest = json.loads((folder / "_manifest.json").read_text())
        (file,) = manifest["files"]
        lines = gzip.decompress((folder / file["name"]).read_bytes()).splitlines()
        assert [json.loads(line)["user_id"] for line in lines] == [1, 18]
        assert (manifest["rows"], file["rows"]) == (2, 2)
        assert (manifest["suppressed"]["rows"], manifest["suppressed"]["units"]) == (4, 7)
        assert len(manifest["suppressed"]["at"]) == 1
        assert file["sha256"] == hashlib.sha256((folder / file["name"]).read_bytes()).hexdigest()
        assert sorted(path.name for path in folder.iterdir()) == ["_manifest.json", "part-00000.1.jsonl.gz"]
    assert not list((gone[0] / "raw" / "users").glob(".*"))


def test_the_accounting_moves_the_persons_plays_to_suppressed(gone):
    rows = {(row["date"].day, row["entity"]): row for row in Lake(str(gone[0])).rows("accounting")}
    names = ("fetched", "clean", "duplicate", "quarantined", "later", "suppressed")
    found = {key: tuple(row[name] for name in names) for key, row in rows.items()}
    assert found == {
        (1, "users"): (4, 3, 0, 0, 0, 1),
        (2, "users"): (4, 3, 0, 0, 0, 1),
        (1, "listen_history"): (10, 2, 0, 1, 0, 7),
        (2, "listen_history"): (9, 2, 0, 0, 0, 7),
    }
    assert json.loads(rows[1, "listen_history"]["reasons"]) == {"items_null": 1}
    assert json.loads(rows[2, "listen_history"]["reasons"]) == {}


def test_models_and_the_registrys_copies_know_the_person_no_more(gone):
    root = gone[0]
    logged = root.parent / "mlartifacts" / "models" / "m-1" / "artifacts"
    for folder in (model_folder(root, "1"), challenger_folder(root, lakes.DAYS[1]), logged / "artifacts" / "model"):
        model = FactorModel.load(folder)
        assert model.user_ids.tolist() == [1, 18, 170]
        np.testing.assert_array_equal(model.user_factors, [[0, 1], [4, 5], [6, 7]])
        assert model.recipe == {"reg": 0.1}
    example = json.loads((logged / "input_example.json").read_text())
    assert example == {"inputs": {"columns": ["user_id"], "data": [[1]]}, "params": {"k": 17}}


def test_texts_name_the_person_no_more(gone):
    root = gone[0]
    assert (root / "reports" / "2024-03-02.html").read_text() == "<h3>Listener 18 </h3>"
    assert (root / "logs" / "2024-03-02" / "day.log").read_text() == "cannot read *** of user ***, 17 rows\n"
    assert (root / "logs" / "note.log").read_text() == "17 rows of Zora\n"


def test_what_was_found_and_that_nothing_is_left_is_printed_by_place(gone):
    lines = {line[:34].strip(): line[34:].split() for line in gone[1].stdout.splitlines()}
    # looked at, there were, left: of a table's rows, the files of older versions counted in before.
    assert lines["raw listen_history"] == ["4", "8", "0"]
    assert lines["raw users"] == ["6", "2", "0"]
    assert lines["table users"] == ["3", "2", "0"]
    assert lines["table users_served"] == ["3", "2", "0"]
    assert lines["table recommendations"] == ["6", "2", "0"]
    assert lines["table quarantine"] == ["1", "2", "0"]
    assert lines["models"] == ["2", "2", "0"]
    assert lines["reports"] == ["1", "1", "0"]
    assert lines["logs"][1:] == ["1", "0"]
    assert lines["_spool"] == ["1", "1", "0"]


def test_the_record_says_when_and_how_much_and_not_who(gone):
    (line,) = forgotten_file(gone[0]).read_text().splitlines()
    entry = json.loads(line)
    assert entry["hash"] == hashed(lakes.KEY, 17)
    assert entry["found"]["raw listen_history"] == 8
    assert set(entry["left"].values()) == {0}
    assert set(entry) == {"id", "begun_at", "done_at", "hash", "found", "left"}
    assert not forgetting_file(gone[0]).exists()


STEPS = [
    (forget.suppression, "add"),
    (table_rows, "remove"),
    (forget, "account"),
    (forget, "empty_raw"),
    (model_files, "remove_from_lake"),
    (registry_copies, "remove"),
    (texts, "remove"),
    (table_rows, "purge"),
    (forget.intent, "finish"),
]


# After one step is before the next: only the last has nothing after it.
@pytest.mark.slow
@pytest.mark.parametrize(("module", "name", "when"), [*((*step, "before") for step in STEPS), (*STEPS[-1], "after")])
def test_killed_in_the_middle_it_goes_on(root, tmp_path, gone, monkeypatch, module, name, when):
    job = lakes.job(root, f"sqlite:///{tmp_path}/mlflow.db", 17)
    step = getattr(module, name)

    def killed(*args):
        if when == "after":
            step(*args)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, name, killed)
        with pytest.raises(KeyboardInterrupt):
            forget.main(job)
    assert forget.main(job)["left"] == 0
    assert state(root) == state(gone[0])
    assert len(forgotten_file(root).read_text().splitlines()) == (2 if (name, when) == ("finish", "after") else 1)


@pytest.mark.slow
def test_what_was_begun_for_another_is_finished_first(root, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(forget, "empty_raw", lambda *args: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            forget.main(lakes.job(root, f"sqlite:///{tmp_path}/mlflow.db", 17))
    forget.main(lakes.job(root, f"sqlite:///{tmp_path}/mlflow.db", 18))
    assert users_of(Lake(str(root)), "users") == [1, 170]
    hashes = [json.loads(line)["hash"] for line in forgotten_file(root).read_text().splitlines()]
    assert hashes == [hashed(lakes.KEY, 17), hashed(lakes.KEY, 18)]


def test_a_folder_from_a_backup_is_held_against_the_list_before_it_is_cleaned(gone, tmp_path):
    root = tmp_path / "lake"
    (root).mkdir()
    (root / "_suppressed.json").write_bytes((gone[0] / "_suppressed.json").read_bytes())
    lakes.write(root)
    snapshot = forget_snapshot(root, "listen_history")
    assert (snapshot.rows, snapshot.suppressed_rows, snapshot.suppressed_units) == (2, 4, 7)
    assert [json.loads(line)["user_id"] for line in read(pathlib.Path(snapshot.files[0]))] == [1, 18]


def forget_snapshot(root, entity):
    from conf.contract import ENTITIES
    from jobs.cleaning.snapshot import open_snapshot
    from jobs.cleaning.suppressed import hold_against_list

    hold_against_list(str(root), ENTITIES[entity], lakes.DAYS[0])
    return open_snapshot(str(root), ENTITIES[entity], lakes.DAYS[0], "UTC")


def test_without_a_key_nothing_is_begun(root, tmp_path, monkeypatch):
    before = state(root)
    monkeypatch.delenv("MOOVITAMIX_SUPPRESSION_KEY")
    with pytest.raises(BadSetting, match="MOOVITAMIX_SUPPRESSION_KEY_FILE"):
        forget.main(lakes.job(root, f"sqlite:///{tmp_path}/mlflow.db", 17))
    assert state(root) == before


def test_while_a_run_is_under_way_nothing_is_begun(root, tmp_path):
    import fcntl

    with lock_file(root).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Refused, match=r"a run is under way \(the nightly run\)"):
            forget.main(lakes.job(root, f"sqlite:///{tmp_path}/mlflow.db", 17))


def test_what_is_left_is_refused_by_place_and_the_work_stays_open(root, tmp_path, monkeypatch):
    monkeypatch.setattr(texts, "remove", lambda *args: None)
    with pytest.raises(Refused, match="the user is still in _spool, logs, reports; run again"):
        forget.main(lakes.job(root, f"sqlite:///{tmp_path}/mlflow.db", 17))
    assert forgetting_file(root).exists()
    assert not forgotten_file(root).exists()


def test_a_text_that_another_listener_or_an_artist_has_too_is_not_the_persons(root):
    lake = Lake(str(root))
    twin = {**lake.rows("users", [("user_id", "=", 17)])[0], "user_id": 5}
    lake.append_rows([twin], "users", "users/B/1")
    lake.append_rows([{"track_id": 8, "name": "Live", "artist": "Zora Quill & Band"}], "tracks", "tracks/B/1")
    assert forget.whom(lake, 17) == Person(17, ("zora@old.example",))


def test_the_search_finds_what_lies_in_a_file_that_no_version_reads(root, tmp_path):
    person = forget.whom(Lake(str(root)), 17)
    settings = Settings(
        lake=lakes.LakeSettings(root=str(root)), registry=lakes.RegistrySettings(uri=f"sqlite:///{tmp_path}/m.db")
    )
    Lake(str(root)).delete("users", ("user_id", "=", 17))
    found = {place.name: place.found for place in traces.everywhere(str(root), person, settings)}
    assert (found["table users"], found["logs of tables"] > 0, found["remains of fetches"]) == (2, True, 1)
