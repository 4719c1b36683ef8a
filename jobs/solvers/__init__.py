"""What fits the factors, behind one interface: a solver is a function from interactions to a model."""

from collections.abc import Callable

from pyspark.sql import DataFrame

from conf.settings import Als
from jobs.factors import FactorModel
from jobs.solvers import mllib

# user_id, track_id, weight (each pair once) and the parameters -> the fitted model.
Solver = Callable[[DataFrame, Als], FactorModel]

SOLVERS: dict[str, Solver] = {"auto": mllib.fit, "mllib": mllib.fit}


def fit(interactions: DataFrame, als: Als) -> FactorModel:
    """Fit by the solver that ``[als] solver`` names."""
    return SOLVERS[als.solver](interactions, als)
