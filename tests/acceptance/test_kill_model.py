"""Training and promotion that are killed at any moment leave the old champion or the new one whole, in the table and
under the alias, and the same command finishes.

The full form, twenty kills, is ``make test-kill``.
"""

import contextlib
import dataclasses
import datetime
import itertools
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

import mlflow
import numpy as np
import pandas as pd
import pytest

from jobs.model import registry_access, stored
from jobs.model.factors import FactorModel
from jobs.registry import versions
from lake.access import Lake
from lake.champion import champion_before, named
from lake.layout import model_folder
from tasks.base import spark_environment
from tasks.run import spark_server
from tests.ports import free_port

pytestmark = pytest.mark.acceptance

ROOT = pathlib.Path(__file__).parents[2]
DATE = datetime.date(2024, 3, 10)
BEFORE = DATE - datetime.timedelta(days=5)
USERS, TRACKS = 60, 80
STEPS = ("train", "promote", "promote")
FLAGS = {
    "train": ["--evaluate-min-users=20", "--als-rank=4", "--als-iterations=2", "--als-tune=never"],
    "promote": ["--evaluate-min-users=20"],
}


@dataclasses.dataclass
class House:
    """A lake with its registry and server. A step is run again under a revision of its own, as if it were the first time."""

    root: str
    uri: str
    remote: str
    log: pathlib.Path
    seconds: dict[str, float] = dataclasses.field(default_factory=dict)
    revisions: itertools.count = dataclasses.field(default_factory=lambda: itertools.count(1))

    def start(self, step: str, revision: int) -> subprocess.Popen:
        command = [sys.executable, "-m", "jobs", step, f"--date={DATE}", f"--revision={revision}", *FLAGS[step]]
        command += [f"--lake-root={self.root}", f"--registry-uri={self.uri}", f"--spark-remote={self.remote}"]
        with self.log.open("ab") as output:
            return subprocess.Popen(
                command, cwd=ROOT, env=spark_environment(), stdout=output, stderr=output, start_new_session=True
            )

    def finish(self, step: str, revision: int) -> None:
        assert self.start(step, revision).wait(timeout=300) == 0, self.log.read_text()[-3000:]


def plays(generator):
    """Half of the users play one half of the tracks, half the other; each has some that are new on the date."""
    rows = []
    for user in range(USERS):
        theirs = generator.permutation(TRACKS // 2)[:25] + (user % 2) * (TRACKS // 2)
        for number, track in enumerate(theirs.tolist()):
            date = BEFORE if number < 20 else DATE
            moment = datetime.datetime.combine(date, datetime.time(10), datetime.UTC)
            row = {"user_id": user, "track_id": track, "listened_at": moment, "position": number}
            rows.append({**row, "updated_at": moment, "first_seen": date})
    return rows


def some_champion(generator):
    """Factors by chance: any challenger is better."""
    recipe = {"rank": 4, "reg": 0.1, "alpha": 1.0, "seen": str(BEFORE - datetime.timedelta(days=1))}
    tracks, users = (generator.normal(size=(count, 4)).astype(np.float32) for count in (TRACKS, USERS))
    return FactorModel(np.arange(TRACKS), tracks, np.arange(USERS), users, recipe)


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("house")
    port = free_port()
    server = spark_server.start(port, folder / "spark.log", "local[2]")
    house = House(str(folder / "lake"), f"sqlite:///{folder}/mlflow.db", f"sc://127.0.0.1:{port}", folder / "steps.log")
    try:
        furnish(house)
        for step in ("train", "promote"):
            begun = time.monotonic()
            house.finish(step, 1)
            house.seconds[step] = time.monotonic() - begun
        next(house.revisions)
        yield house
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait(timeout=60)


def furnish(house):
    generator, lake = np.random.default_rng(5), Lake(house.root)
    held = {"genres": "rock", "served_from": DATE}
    tracks, users = [{**held, "track_id": n} for n in range(TRACKS)], [{**held, "user_id": n} for n in range(USERS)]
    lake.append_rows(tracks, "tracks_served", f"tracks_served/CleanTracks/{DATE}")
    lake.append_rows(users, "users_served", f"users_served/CleanUsers/{DATE}")
    cleaned = {"date": DATE, "snapshot_date": DATE, "revision": 1}
    lake.append_rows([{**cleaned, "entity": name} for name in ("tracks", "users")], "accounting", "accounting/test/1")
    lake.append_rows(plays(generator), "listens", "listens/test/1")
    model = some_champion(generator)
    tags = {"date": str(BEFORE), "revision": "1", "training_run": ""}
    version = versions.register(house.uri, model, tags, {})
    model.save(model_folder(house.root, version))
    row = {"date": BEFORE, "step": "promote", "decision": "promote", "model_version": version, "reason": ""}
    lake.append_rows([row], "decisions", "decisions/test/1")
    versions.point(house.uri, {"champion": version, "previous": ""})


def require_whole(house):
    """The champion of the table, from the lake, and that of the alias, from the registry, load and recommend."""
    current = champion_before(Lake(house.root), DATE + datetime.timedelta(days=1))
    assert np.isfinite(stored.load(current.folder, current.version).track_factors).all()
    with registry_access.connected(house.uri) as client:
        named_so = versions.aliases(client)["champion"]
        model = mlflow.pyfunc.load_model(f"models:/{registry_access.NAME}@champion")
    assert len(model.predict(pd.DataFrame({"user_id": [0, 1]}), params={"k": 3})) == 6
    return current.version, named_so


def killed_once(house, step):
    revision = next(house.revisions)
    old = require_whole(house)[0]
    running = house.start(step, revision)
    time.sleep(random.uniform(0.2, 0.9) * house.seconds[step])
    with contextlib.suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)
    running.wait(timeout=60)
    newest = max(version_numbers(house))
    assert set(map(int, require_whole(house))) <= {int(old), newest}
    house.finish(step, revision)
    current, named_so = require_whole(house)
    assert current == named_so
    if step == "promote":
        assert int(current) == max(version_numbers(house)) == int(old) + 1
        require_agreement(house, current)


def version_numbers(house):
    with registry_access.connected(house.uri) as client:
        return [int(version.version) for version in versions.newest_first(client)]


def require_agreement(house, version):
    """The lake's copy is the registry's model; its similar tracks are there; both aliases name what the table does."""
    lake = Lake(house.root)
    assert FactorModel.load(model_folder(house.root, version)).equals(stored.fetch(house.uri, version))
    assert len(lake.rows("similar_tracks", [("model_version", "=", version)], ["rank"])) == 20 * TRACKS
    with registry_access.connected(house.uri) as client:
        assert versions.aliases(client) == named(lake.rows("decisions"))


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_a_random_moment_a_champion_stands_and_the_same_command_finishes(house, step):
    killed_once(house, step)


@pytest.mark.chaos
@pytest.mark.parametrize("number", range(20))
def test_killed_at_each_of_many_moments_a_champion_stands_and_the_same_command_finishes(house, number):
    killed_once(house, STEPS[number % 3])
