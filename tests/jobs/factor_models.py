"""Small models and decisions for tests of the registry."""

import argparse
import datetime

import numpy as np

from conf.settings import LakeSettings, RegistrySettings, Settings
from jobs.model.factors import FactorModel
from jobs.model.stored import load
from jobs.runtime.command import Job
from lake.access import Lake
from lake.champion import champion_before

START = datetime.date(2024, 3, 1)


def day(number):
    return START + datetime.timedelta(days=number - 1)


def factor_model(scale=1.0):
    """Two tracks, two users: user 1 likes track 5 more, user 2 the other alone."""
    return FactorModel(
        np.array([5, 2**40]),
        np.array([[1, 0], [0, 1]], np.float32) * np.float32(scale),
        np.array([1, 2]),
        np.array([[2, 1], [0, 3]], np.float32),
        {"reg": 0.1, "alpha": 1.0, "rank": 2, "seen": "2024-03-01"},
    )


def tags(number, revision=1, training_run=""):
    return {"date": str(day(number)), "revision": str(revision), "training_run": training_run}


def decision(at, step, decision, version="", champion=""):
    return {
        "date": day(at),
        "step": step,
        "decision": decision,
        "model_version": version,
        "reason": "",
        "figures": "",
        "champion_version": champion,
    }


def promoted(at, version):
    return decision(at, "promote", "promote", version)


def rolled_back(at, version):
    return decision(at, "rollback", "rollback", version)


def live(at, version, als, popularity, users=10):
    """Rows of evaluations: NDCG at 10 of a date's lists and of popularity's."""
    common = {"date": day(at), "kind": "live", "metric": "ndcg", "k": 10, "low": None, "high": None, "users": users}
    return [
        {**common, "model": "als", "model_version": version, "value": als},
        {**common, "model": "popularity_als", "model_version": "", "value": popularity},
    ]


def job(date, root, uri, revision=1, **arguments):
    """A job of the registry's on a lake, with everything else as it is by default."""
    settings = Settings(lake=LakeSettings(root=str(root)), registry=RegistrySettings(uri=uri))
    return Job(date, settings, argparse.Namespace(**{"revision": revision, "no_promote": False, **arguments}))


def of_champion(lake: Lake, before: datetime.date) -> FactorModel:
    """The factors of the model in production before a date, as the lake has them."""
    found = champion_before(lake, before)
    return load(found.folder, found.version)
