"""A model that learnt nothing true does not stay: in production it is noticed and replaced, as a challenger refused.

The days run on the demo's listeners, as the jobs run them, on one snapshot: what each day knew is what had been
played by then. The untrue models are the real solver's, fitted on plays whose tracks' names were dealt out anew.
"""

import argparse
import datetime

import numpy as np
import pytest
from deltalake import DeltaTable
from pyspark.sql import DataFrame

from conf import settings
from conf.contract import TRACKS, USERS
from conf.settings import AlsSettings, RetrainSettings, Settings
from demo_api.snapshot import take_snapshot
from jobs.cleaning import clean, served
from jobs.evaluation import evaluate
from jobs.model.factors import FactorModel
from jobs.model.solvers import fit
from jobs.recommendation import recommend
from jobs.runtime.command import Job
from jobs.training import decide, promote, train
from jobs.training.decision import Decision
from lake.access import Lake
from lake.champion import champion_before
from tests.jobs import raw

pytestmark = pytest.mark.acceptance

FIRST = datetime.date(2026, 10, 1)
DATES = [FIRST + datetime.timedelta(days=day) for day in range(5)]


PLANTED = Decision("promote", "planted", {"challenger": 0.0, "popularity": 0.0})
PAIRS = "user_id bigint, track_id bigint, weight float"


class Service:
    """The jobs of a day, called one after another in this process."""

    def __init__(self, spark, folder):
        self.spark, self.root = spark, folder / "lake"
        self.settings = Settings(
            lake=settings.LakeSettings(root=str(self.root)),
            registry=settings.RegistrySettings(uri=f"sqlite:///{folder}/mlflow.db"),
            als=AlsSettings(rank=16, iterations=5, tune="never"),
            retrain=RetrainSettings(cooldown_days=2),
        )

    def call(self, job, date, **options):
        given = {"revision": 1, "partial": False, "force_train": False, "no_promote": False, **options}
        return job.main(Job(date, self.settings, argparse.Namespace(**given)))

    def day(self, date, **options):
        """Evaluate, decide, train and promote where that is decided, recommend; returns what was decided."""
        self.call(evaluate, date)
        decided = [self.call(decide, date, **options)]
        if decided[0]["decision"] == "train":
            self.call(train, date)
            decided.append(self.call(promote, date))
        self.call(recommend, date)
        return decided

    def rows(self, table):
        return DeltaTable(self.root / table).to_pyarrow_table().to_pylist()

    def champion(self, date):
        """The version in production before a date."""
        return champion_before(Lake(str(self.root)), date).version

    def live(self, date, model):
        found = [
            row["value"]
            for row in self.rows("evaluations")
            if (row["date"], row["kind"], row["model"], row["metric"], row["k"]) == (date, "live", model, "ndcg", 10)
        ]
        return found[0] if found else None


@pytest.fixture(scope="module")
def service(spark, tmp_path_factory):
    """The days' tables, cleaned, and on the first day a champion that learnt nothing."""
    made, snapshot = Service(spark, tmp_path_factory.mktemp("shuffled")), take_snapshot(1, DATES[-1])
    for entity in ("tracks", "users", "listen_history"):
        raw.write(made.root, entity, DATES[-1], getattr(snapshot, entity))
        made.call(clean, DATES[-1], entity=entity, snapshot_date=None)
    # Every play was known on the day on which it was heard, and each day had the same catalogue.
    DeltaTable(made.root / "listens").update({"first_seen": "CAST(listened_at AS DATE)"})
    lake = Lake(str(made.root))
    accounted = [{**row, "date": date} for row in lake.rows("accounting") for date in DATES[:-1]]
    lake.append_rows(accounted, "accounting", "accounting/test/1")
    for entity in (TRACKS, USERS):
        DeltaTable(made.root / served.table_of(entity)).update({"served_from": f"DATE '{DATES[0]}'"})
        for date in DATES[:-1]:
            lake.mark(served.table_of(entity), served.marker_of(entity, date))
    with pytest.MonkeyPatch.context() as patch:
        for job in (train, promote):
            patch.setattr(job, "fit", dealt_anew)
        patch.setattr(promote, "judge", lambda *_: PLANTED)
        patch.setattr(promote, "check", lambda *_: None)
        made.day(DATES[0])
    return made


def dealt_anew(interactions: DataFrame, als: AlsSettings) -> FactorModel:
    """What the solver makes of the plays when every track's name is given to another track."""
    pairs = interactions.select("user_id", "track_id", "weight").toPandas()
    tracks = np.unique(pairs["track_id"])
    others = np.random.default_rng(1).permutation(tracks)
    pairs["track_id"] = others[np.searchsorted(tracks, pairs["track_id"])]
    return fit(interactions.sparkSession.createDataFrame(pairs, PAIRS), als)


def test_a_champion_that_learnt_nothing_is_noticed_and_replaced_by_one_that_did(service):
    assert service.champion(DATES[1]) == "1"
    noticed = service.day(DATES[1])
    assert [found["decision"] for found in noticed] == ["keep"]
    assert noticed[0]["reason"].startswith(f"cooling down until {DATES[2]}")
    assert "below 1.00 times popularity's" in noticed[0]["reason"]

    answered = service.day(DATES[2])
    assert [found["decision"] for found in answered] == ["train", "promote"]
    assert service.live(DATES[2], "als") < service.live(DATES[2], "popularity_als")
    assert service.champion(DATES[3]) == "2"

    service.day(DATES[3])
    assert service.live(DATES[3], "als") > service.live(DATES[3], "popularity_als")


def test_a_challenger_that_learnt_nothing_is_refused(service, monkeypatch):
    monkeypatch.setattr(train, "fit", dealt_anew)
    decided = service.day(DATES[4], force_train=True)
    assert [found["decision"] for found in decided] == ["train", "refuse"]
    assert "is below popularity's" in decided[1]["reason"]
    assert service.champion(DATES[4] + datetime.timedelta(days=1)) == "2"
