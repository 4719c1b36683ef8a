"""What a training leaves in MLflow."""

import dataclasses
import datetime

import mlflow
import numpy as np
import pytest

from conf.settings import AlsSettings
from jobs.evaluation.holdout import Holdout
from jobs.model import recipe, registry_access
from jobs.model.factors import FactorModel
from jobs.training import recording
from jobs.training.tuning.search import Trial

pytestmark = pytest.mark.slow

DAY = datetime.date(2024, 3, 1)
RECIPE = {
    "rank": 2,
    "reg": 0.1,
    "solver": "local",
    "solver_reason": "it fits",
    "tuned_on": "2024-03-01",
    "trained": {"users": 3, "tracks": 4, "pairs": 5, "plays": 9, "hash": "-12", "code": "v1-3-gabc", "seed": 42},
}
MODEL = FactorModel(np.arange(4), np.ones((4, 2), np.float32), np.arange(3), np.ones((3, 2), np.float32), RECIPE)
TRIALS = (
    Trial(AlsSettings(rank=8, iterations=2, weighting="plays"), 0.2, ((1, 0.1), (2, 0.2)), 0.5),
    Trial(AlsSettings(rank=16, iterations=1, weighting="once"), 0.3, ((1, 0.3), (2, 0.25)), 0.7),
)


def test_parameters_lineage_figures_and_each_trial_with_its_curve(tmp_path):
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    rows = [{"model": "als", "metric": "ndcg", "k": 10, "value": 0.31}]
    recording.record_training(uri, DAY, MODEL, Holdout(DAY, DAY, 7), rows, TRIALS)
    client = mlflow.MlflowClient(uri)
    (run,) = client.search_runs([client.get_experiment_by_name(registry_access.NAME).experiment_id])
    assert run.data.params["solver_reason"] == "it fits"
    assert run.data.params["trained_hash"] == "-12"
    assert run.data.params["trained_code"] == "v1-3-gabc"
    assert run.data.params["holdout_users"] == "7"
    assert (run.data.metrics["als_ndcg_10"], run.data.metrics["trained_plays"]) == (0.31, 9)

    def history(name):
        return [(metric.step, metric.value) for metric in client.get_metric_history(run.info.run_id, name)]

    assert history("trial_ndcg") == [(1, 0.2), (2, 0.3)]
    assert history("trial_rank") == [(1, 8), (2, 16)]
    assert history("trial_weighting") == [(1, 0), (2, 2)]
    assert history("trial_2_ndcg") == [(1, 0.3), (2, 0.25)]


def test_parameters_read_from_a_recipe_are_the_model_s_not_the_process_s():
    found = recipe.als_of(MODEL, AlsSettings(solver="auto", seed=1))
    assert (found.rank, found.reg, found.solver) == (2, 0.1, "auto")


def test_a_model_from_before_a_parameter_was_there_was_fitted_without_it():
    old = dataclasses.replace(MODEL, recipe={"rank": 32, "reg": 0.1, "alpha": 1.0, "iterations": 10})
    found = recipe.als_of(old, AlsSettings(reg=3.0, weighting="once", reg_exponent=0.75))
    assert (found.reg, found.reg_exponent, found.weighting) == (0.1, 1.0, "plays")
