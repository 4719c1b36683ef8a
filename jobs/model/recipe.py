"""What a model was fitted with, from its recipe."""

import dataclasses
from collections.abc import Mapping

from conf.settings import AlsSettings
from jobs.model.factors import FactorModel

# Settings of the process that fits, not of the model.
NOT_OF_THE_MODEL = {"solver", "local_mb", "tune", "tune_seconds"}


def als_of(model: FactorModel, als: AlsSettings) -> AlsSettings:
    """The parameters that a model was fitted with; what a recipe does not name it was fitted without."""
    als = dataclasses.replace(
        als, reg_exponent=1.0, weighting="plays", half_life_days=0.0, min_user_tracks=1, min_track_users=1
    )
    names = {field.name for field in dataclasses.fields(als)} - NOT_OF_THE_MODEL
    return dataclasses.replace(als, **{name: value for name, value in model.recipe.items() if name in names})


def flat(recipe: Mapping[str, object]) -> dict[str, object]:
    """The recipe with the entries of a part, such as ``trained``, by ``trained_hash`` and the like."""
    entries: dict[str, object] = {}
    for name, value in recipe.items():
        inner = value if isinstance(value, dict) else {}
        entries |= {f"{name}_{key}": part for key, part in inner.items()} if inner else {name: value}
    return entries
