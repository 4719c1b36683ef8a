"""The recommender as MLflow loads it. Stands by itself: whoever loads a model need not have this project.

``predict`` takes a frame with ``user_id`` and the parameter ``k``; it gives user_id, rank, track_id, score. It ranks all tracks, heard ones too: the pipeline leaves those out, and folds new plays in.
A user that the model has not seen gets no rows.
"""

import pathlib

import numpy as np
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel

K = 20


class Recommender(PythonModel):
    def load_context(self, context) -> None:
        with np.load(pathlib.Path(context.artifacts["model"]) / "factors.npz") as arrays:
            self.arrays = dict(arrays)

    def predict(self, context, model_input: pd.DataFrame, params: dict | None = None) -> pd.DataFrame:
        k = int((params or {}).get("k", K))
        lists = [self._list(int(user), k) for user in model_input["user_id"]]
        empty = pd.DataFrame({"user_id": [], "rank": [], "track_id": [], "score": []})
        return pd.concat(lists, ignore_index=True) if lists else empty

    def _list(self, user: int, k: int) -> pd.DataFrame:
        users, tracks = self.arrays["user_ids"], self.arrays["track_ids"]
        at = np.searchsorted(users, user)
        if at == len(users) or users[at] != user:
            k, scores = 0, np.empty(len(tracks), np.float32)
        else:
            scores = self.arrays["track_factors"] @ self.arrays["user_factors"][at]
        best = np.argsort(-scores, kind="stable")[:k]
        return pd.DataFrame(
            {"user_id": user, "rank": np.arange(1, len(best) + 1), "track_id": tracks[best], "score": scores[best]}
        )


set_model(Recommender())
