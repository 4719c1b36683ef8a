"""When to train a challenger.

One of these must hold, and the cool-down have passed: there is no champion; live NDCG has fallen below a
share of the champion's own reference, or below a multiple of popularity's, by more than chance; the
champion is too old; too many plays are of tracks that it does not know.
"""

import dataclasses
import datetime

import numpy as np

from conf.settings import Evaluate, Retrain
from jobs.intervals import bootstrap
from jobs.rules import Decision

LONGEST_COOLDOWN = 8  # times the setting: however often challengers are refused


@dataclasses.dataclass(frozen=True)
class UserDays:
    """Live NDCG by user and day, (n,) each: of the model's lists and of popularity for the same users."""

    als: np.ndarray
    popularity: np.ndarray

    def __len__(self) -> int:
        return len(self.als)


@dataclasses.dataclass(frozen=True)
class Situation:
    """What is known at ``date``. ``reference`` is None until the champion's first ``window_days`` are over."""

    date: datetime.date
    champion_version: str
    champion_since: datetime.date | None
    window: UserDays
    reference: UserDays | None
    unknown_play_share: float | None
    last_training: datetime.date | None
    refusals: int


def decide(now: Situation, retrain: Retrain, evaluate: Evaluate) -> Decision:
    """``train`` or ``keep``."""
    figures = measure(now, retrain, evaluate)
    reason = next(filter(None, (rule(now, figures, retrain, evaluate) for rule in RULES)), "")
    if not reason:
        return Decision("keep", _all_well(now, figures, evaluate), figures)
    rest = cooldown_ends(now, retrain)
    if rest and now.date < rest:
        return Decision(
            "keep", f"cooling down until {rest} after the training of {now.last_training}; otherwise: {reason}", figures
        )
    return Decision("train", reason, figures)


def cooldown_ends(now: Situation, retrain: Retrain) -> datetime.date | None:
    """The first date on which training is allowed again; each refusal in a row doubles the wait, up to a limit."""
    if now.last_training is None:
        return None
    times = min(2**now.refusals, LONGEST_COOLDOWN)
    return now.last_training + datetime.timedelta(days=retrain.cooldown_days * times)


def measure(now: Situation, retrain: Retrain, evaluate: Evaluate) -> dict:
    """The figures that the rules look at; those that cannot be had are absent."""
    figures: dict = {"user_days": len(now.window), "refusals": now.refusals}
    if now.champion_since:
        figures["champion_age_days"] = (now.date - now.champion_since).days
    if now.unknown_play_share is not None:
        figures["unknown_play_share"] = now.unknown_play_share
    if not len(now.window):
        return figures
    figures["ndcg"] = float(now.window.als.mean())
    figures["popularity"] = float(now.window.popularity.mean())
    figures["below_popularity"] = paired(now.window.als - retrain.min_lift * now.window.popularity)
    if now.reference is not None and len(now.reference):
        figures["reference"] = float(now.reference.als.mean())
        figures["below_reference"] = unpaired(now.window.als, retrain.min_ratio * now.reference.als)
    return figures


def paired(differences: np.ndarray) -> list[float]:
    """Bootstrap interval of the mean difference."""
    low, high = bootstrap(differences[:, None])
    return [float(low[0]), float(high[0])]


def unpaired(ours: np.ndarray, theirs: np.ndarray, resamples: int = 1000) -> list[float]:
    """Bootstrap interval of the difference of two means, each side resampled by itself."""
    generator = np.random.default_rng(len(ours))

    def means(values: np.ndarray) -> np.ndarray:
        return np.array([generator.choice(values, len(values)).mean() for _ in range(resamples)])

    low, high = np.percentile(means(ours) - means(theirs), (2.5, 97.5))
    return [float(low), float(high)]


def _no_champion(now: Situation, figures: dict, retrain: Retrain, evaluate: Evaluate) -> str:
    return "" if now.champion_version else "no champion"


def _below_reference(now: Situation, figures: dict, retrain: Retrain, evaluate: Evaluate) -> str:
    if len(now.window) < evaluate.min_users or "below_reference" not in figures:
        return ""
    ndcg, reference, (low, high) = figures["ndcg"], figures["reference"], figures["below_reference"]
    if not (ndcg < retrain.min_ratio * reference and high < 0):
        return ""
    return (
        f"live NDCG@{evaluate.k} {ndcg:.4f} over {evaluate.window_days} days is below {retrain.min_ratio:.2f} of "
        f"{reference:.4f}, the reference of model {now.champion_version}, interval of the difference {low:+.4f} to {high:+.4f}"
    )


def _below_popularity(now: Situation, figures: dict, retrain: Retrain, evaluate: Evaluate) -> str:
    if len(now.window) < evaluate.min_users:
        return ""
    ndcg, popularity, (low, high) = figures["ndcg"], figures["popularity"], figures["below_popularity"]
    if not (ndcg < retrain.min_lift * popularity and high < 0):
        return ""
    return (
        f"live NDCG@{evaluate.k} {ndcg:.4f} over {evaluate.window_days} days is below {retrain.min_lift:.2f} times "
        f"popularity's {popularity:.4f}, interval of the difference {low:+.4f} to {high:+.4f}"
    )


def _too_old(now: Situation, figures: dict, retrain: Retrain, evaluate: Evaluate) -> str:
    age = figures.get("champion_age_days", 0)
    return (
        f"model {now.champion_version} is {age} days old, the limit is {retrain.max_age_days}"
        if age > retrain.max_age_days
        else ""
    )


def _unknown_tracks(now: Situation, figures: dict, retrain: Retrain, evaluate: Evaluate) -> str:
    share = figures.get("unknown_play_share", 0.0)
    if share <= retrain.max_unknown_play_share:
        return ""
    return (
        f"{share:.0%} of the day's plays are of tracks that model {now.champion_version} does not know, "
        f"the limit is {retrain.max_unknown_play_share:.0%}"
    )


RULES = (_no_champion, _below_reference, _below_popularity, _too_old, _unknown_tracks)


def _all_well(now: Situation, figures: dict, evaluate: Evaluate) -> str:
    if "ndcg" not in figures:
        return f"model {now.champion_version} has no live figures yet"
    few = "" if len(now.window) >= evaluate.min_users else f", too few to decide ({evaluate.min_users} needed)"
    return (
        f"live NDCG@{evaluate.k} {figures['ndcg']:.4f} beside popularity's {figures['popularity']:.4f} "
        f"over {len(now.window)} user days{few}; no rule calls for training"
    )
