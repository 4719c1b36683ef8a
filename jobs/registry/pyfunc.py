"""The recommender as MLflow loads it. Stands by itself: whoever loads a model need not have this project.

``predict`` takes a frame with ``user_id`` and the parameter ``k``; it gives user_id, rank (from 1), track_id,
score, users in the order given, equal scores by track id. It ranks all tracks, heard ones too: the pipeline
leaves those out, and folds new plays in. A user that the model has not seen gets no rows.
"""

import pathlib

import numpy as np
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel, PythonModelContext

K = 20


class Recommender(PythonModel):
    def load_context(self, context: PythonModelContext) -> None:
        with np.load(pathlib.Path(context.artifacts["model"]) / "factors.npz") as arrays:
            self.arrays = dict(arrays)

    def predict(
        self, context: PythonModelContext | None, model_input: pd.DataFrame, params: dict | None = None
    ) -> pd.DataFrame:
        k = int((params or {}).get("k", K))
        asked = model_input["user_id"].to_numpy(np.int64)
        users = self.arrays["user_ids"]
        at = np.searchsorted(users, asked).clip(max=max(0, len(users) - 1))
        known = users[at] == asked if len(users) else np.zeros(len(asked), bool)
        lists = [self._list(user, row, k) for user, row in zip(asked[known], at[known], strict=True)]
        nobody = self._frame(0, np.empty(0, np.int64), np.empty(0, np.float64))
        return pd.concat(lists, ignore_index=True) if lists else nobody

    def _list(self, user: int, row: int, k: int) -> pd.DataFrame:
        scores = self.arrays["track_factors"] @ self.arrays["user_factors"][row]
        best = np.argsort(-scores, kind="stable")[:k]  # track ids ascend, so equal scores do
        return self._frame(user, self.arrays["track_ids"][best], scores[best].astype(np.float64))

    def _frame(self, user: int, tracks: np.ndarray, scores: np.ndarray) -> pd.DataFrame:
        ranks = np.arange(1, len(tracks) + 1)
        users = np.full(len(tracks), user, np.int64)
        return pd.DataFrame({"user_id": users, "rank": ranks, "track_id": tracks, "score": scores})


set_model(Recommender())
