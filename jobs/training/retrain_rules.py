"""When to train a challenger.

One of these must hold, and the cool-down have passed: there is no champion; live NDCG has fallen below a
share of the champion's own reference, or below a multiple of popularity's, by more than chance; the
champion is too old; too many plays are of tracks that it does not know.
"""

import dataclasses
import datetime

import numpy as np

from conf.settings import EvaluateSettings, RetrainSettings
from jobs.evaluation.intervals import BOUNDS, SEED, ratios, share
from jobs.training.decision import Decision, over

LONGEST_COOLDOWN = 8  # times the setting: however often challengers are refused


@dataclasses.dataclass(frozen=True)
class UserDays:
    """Live NDCG by user and day, (n,) each: of the model's lists and of popularity for the same users."""

    user_ids: np.ndarray
    als: np.ndarray
    popularity: np.ndarray

    @property
    def users(self) -> int:
        return len(np.unique(self.user_ids))

    def by_user(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sum of ``values`` and number of days of each user: days of one user are drawn together, being alike."""
        _, row, days = np.unique(self.user_ids, return_inverse=True, return_counts=True)
        return np.bincount(row, weights=values, minlength=len(days)), days


@dataclasses.dataclass(frozen=True)
class Situation:
    """What is known at ``date``. ``reference`` is None until the champion's first ``window_days`` are over."""

    date: datetime.date
    champion_version: str
    champion_since: datetime.date | None
    window: UserDays
    reference: UserDays | None
    unknown_play_share: float | None
    listeners: int  # whose plays that is a share of
    last_training: datetime.date | None
    refusals: int


def decide(now: Situation, retrain: RetrainSettings, evaluate: EvaluateSettings) -> Decision:
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


def forced(decided: Decision) -> Decision:
    """Train because the operator asks for it; the reason says what the rules decided."""
    return Decision(
        "train",
        f"--force-train; by the rules: {decided.decision}, {decided.reason}",
        {**decided.figures, "forced": True},
    )


def cooldown_ends(now: Situation, retrain: RetrainSettings) -> datetime.date | None:
    """The first date on which training is allowed again; each refusal in a row doubles the wait, up to a limit."""
    if now.last_training is None:
        return None
    times = min(2**now.refusals, LONGEST_COOLDOWN)
    return now.last_training + datetime.timedelta(days=retrain.cooldown_days * times)


def measure(now: Situation, retrain: RetrainSettings, evaluate: EvaluateSettings) -> dict:
    """The figures that the rules look at; those that cannot be had are absent. ``too_few`` names those of too few users."""
    window, reference = now.window, now.reference
    figures: dict = {"users": window.users, "user_days": len(window.als), "refusals": now.refusals}
    if now.champion_since:
        figures["champion_age_days"] = (now.date - now.champion_since).days
    counted = {"window": window.users}
    if now.unknown_play_share is not None:
        figures |= {"unknown_play_share": now.unknown_play_share, "listeners": now.listeners}
        counted["plays"] = now.listeners
    if window.users:
        figures["ndcg"] = float(window.als.mean())
        figures["popularity"] = float(window.popularity.mean())
        figures["below_popularity"] = paired(window, window.als - retrain.min_lift * window.popularity)
    if window.users and reference is not None and reference.users:
        figures |= {"reference": float(reference.als.mean()), "reference_users": reference.users}
        figures["below_reference"] = unpaired(window, reference, retrain.min_ratio)
        counted["reference"] = reference.users
    few = [name for name, users in counted.items() if users < evaluate.min_users]
    return {**figures, "min_users": evaluate.min_users, "too_few": few}


def paired(days: UserDays, differences: np.ndarray) -> list[float]:
    """Bootstrap interval of the mean difference, (n,) over the user days; whole users are drawn."""
    _, low, high = share(*days.by_user(differences))
    return [low, high]


def unpaired(ours: UserDays, theirs: UserDays, times: float) -> list[float]:
    """Bootstrap interval of our mean less so many times theirs, each side's users drawn by themselves."""
    left, right = ratios(*ours.by_user(ours.als)), ratios(*theirs.by_user(theirs.als), seed=SEED + 1)
    count = min(len(left), len(right))  # of very many users there are fewer resamples
    low, high = np.percentile(left[:count] - times * right[:count], BOUNDS)
    return [float(low), float(high)]


def _no_champion(now: Situation, figures: dict, retrain: RetrainSettings, evaluate: EvaluateSettings) -> str:
    return "" if now.champion_version else "no champion"


def _below_reference(now: Situation, figures: dict, retrain: RetrainSettings, evaluate: EvaluateSettings) -> str:
    if "below_reference" not in figures or {"window", "reference"} & set(figures["too_few"]):
        return ""
    ndcg, reference, (low, high) = figures["ndcg"], figures["reference"], figures["below_reference"]
    if not (ndcg < retrain.min_ratio * reference and high < 0):
        return ""
    return (
        f"live NDCG@{evaluate.k} {ndcg:.4f} over {evaluate.window_days} days is below {retrain.min_ratio:.2f} of "
        f"{reference:.4f}, the reference of model {now.champion_version}, interval of the difference {low:+.4f} to {high:+.4f}"
    )


def _below_popularity(now: Situation, figures: dict, retrain: RetrainSettings, evaluate: EvaluateSettings) -> str:
    if "window" in figures["too_few"]:
        return ""
    ndcg, popularity, (low, high) = figures["ndcg"], figures["popularity"], figures["below_popularity"]
    if not (ndcg < retrain.min_lift * popularity and high < 0):
        return ""
    return (
        f"live NDCG@{evaluate.k} {ndcg:.4f} over {evaluate.window_days} days is below {retrain.min_lift:.2f} times "
        f"popularity's {popularity:.4f}, interval of the difference {low:+.4f} to {high:+.4f}"
    )


def _too_old(now: Situation, figures: dict, retrain: RetrainSettings, evaluate: EvaluateSettings) -> str:
    age = figures.get("champion_age_days", 0)
    return (
        f"model {now.champion_version} is {age} days old, the limit is {retrain.max_age_days}"
        if age > retrain.max_age_days
        else ""
    )


def _unknown_tracks(now: Situation, figures: dict, retrain: RetrainSettings, evaluate: EvaluateSettings) -> str:
    unknown = figures.get("unknown_play_share", 0.0)
    if unknown <= retrain.max_unknown_play_share or "plays" in figures["too_few"]:
        return ""
    return (
        f"{unknown:.0%} of the day's plays are of tracks that model {now.champion_version} does not know, "
        f"the limit is {retrain.max_unknown_play_share:.0%}"
    )


RULES = (_no_champion, _below_reference, _below_popularity, _too_old, _unknown_tracks)


def _all_well(now: Situation, figures: dict, evaluate: EvaluateSettings) -> str:
    if "ndcg" not in figures:
        return f"model {now.champion_version} has no live figures yet"
    return (
        f"live NDCG@{evaluate.k} {figures['ndcg']:.4f} beside popularity's {figures['popularity']:.4f}"
        f"{over(figures['users'], evaluate.min_users)}; no rule calls for training"
    )
