import datetime

import mlflow
import numpy as np
import pandas as pd

from jobs import registry
from jobs.factors import FactorModel

MODEL = FactorModel(
    np.array([5, 2**40]),
    np.array([[1, 0], [0, 1]], np.float32),
    np.array([1, 2]),
    np.array([[2, 1], [0, 3]], np.float32),
    {"reg": 0.1, "alpha": 1.0, "rank": 2},
)
DAY = datetime.date(2024, 3, 1)


def test_a_registered_model_loads_by_its_alias_and_a_date_run_again_registers_none(tmp_path):
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    first = registry.register(uri, DAY, 1, MODEL, {"challenger": 0.05, "champion": None})
    assert registry.register(uri, DAY, 1, MODEL, {}) == first
    second = registry.register(uri, DAY + datetime.timedelta(days=1), 1, MODEL, {})
    registry.point(uri, second, first)
    client = mlflow.MlflowClient(uri)
    assert str(client.get_model_version_by_alias("recommender", "previous").version) == first
    assert str(client.get_model_version_by_alias("recommender", "champion").version) == second
    mlflow.set_tracking_uri(uri)
    found = mlflow.pyfunc.load_model("models:/recommender@champion").predict(
        pd.DataFrame({"user_id": [2, 1, 99]}), params={"k": 1}
    )
    assert found.to_dict("records") == [
        {"user_id": 2, "rank": 1, "track_id": 2**40, "score": 3.0},
        {"user_id": 1, "rank": 1, "track_id": 5, "score": 2.0},
    ]
