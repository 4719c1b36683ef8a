"""Search of the model's parameters by NDCG on an inner holdout, in memory and within a time.

Coordinate search. It begins with the parameters given (the champion's) and a few that lie far apart, goes on from
the best, changes how strong regularisation and confidence are and keeps going in a direction for as long as that pays,
doubles the rank for as long as *that* pays, tries the other kinds of each, and starts over; when a round brings nothing it tries smaller steps once, and ends. A trial
looks at NDCG as the fit goes on, stops soon after it falls, and so finds its number of iterations by the way.

A library such as Optuna would bring samplers for spaces of which nothing is known, and a database. Here the parameters
are few, what each does is known, trials differ a hundredfold in cost by one of them (the rank), and a search that says
why it took each step is easier to trust: it would not save these lines.
"""

import dataclasses
import functools
import itertools
import time
from collections.abc import Callable
from typing import Any

from conf.settings import AlsSettings
from jobs.runtime.progress import progress

PAYS = 1.002  # gain that a change must bring
DOUBLING_PAYS = 1.003  # the same for twice the rank, which costs up to four times the work ever after
HIGHEST_RANK = 1024
LOWEST, HIGHEST = {"reg": 1e-4, "alpha": 1e-2, "rank": 4}, {"reg": 1e5, "alpha": 1e4, "rank": HIGHEST_RANK}
STEPS = (3.0, 3**0.5)  # factors by which reg and alpha are changed, coarse first
HALF_LIVES = (0.0, 30.0, 120.0)
# Points far apart: light and heavy confidence, regularised by the number of pairs and plainly.
CORNERS: tuple[dict, ...] = (
    {"reg": 60.0, "reg_exponent": 0.75, "alpha": 90.0, "weighting": "once"},
    {"reg": 3.0, "reg_exponent": 1.0, "alpha": 40.0, "weighting": "plays"},
    {"reg": 1.0, "reg_exponent": 1.0, "alpha": 10.0, "weighting": "log"},
    {"reg": 30.0, "reg_exponent": 0.0, "alpha": 40.0, "weighting": "plays"},
    {"reg": 0.1, "reg_exponent": 0.5, "alpha": 1.0, "weighting": "plays"},
)
EXPONENTS = (0.0, 0.5, 0.75, 1.0)
CORNER_RANKS = (16, 64)
LONGEST = 30  # iterations


@dataclasses.dataclass(frozen=True)
class Trial:
    """Parameters (``iterations`` the best of the curve), their NDCG, and NDCG by iteration."""

    als: AlsSettings
    ndcg: float
    curve: tuple[tuple[int, float], ...]
    seconds: float


@dataclasses.dataclass(frozen=True)
class Tuning:
    """The best trial, and all of them in order."""

    best: Trial
    trials: tuple[Trial, ...]


# Parameters and the moment (of time.monotonic) at which to stop -> how they do.
Judge = Callable[[AlsSettings, float], Trial]
Change = Callable[[AlsSettings], AlsSettings]


class Search:
    """One search; ``judge`` does the work, so this is the same for the same NDCGs, but for the time."""

    def __init__(
        self,
        judge: Judge,
        seconds: float,
        typical: float = 10.0,
        timed: bool = True,
        highest_rank: int = HIGHEST_RANK,
    ) -> None:
        """``typical``: pairs of a typical row; ``timed``: whether half-lives can be told apart."""
        self.judge, self.typical, self.timed, self.highest_rank = judge, typical, timed, highest_rank
        self.seconds, self.deadline = seconds, time.monotonic() + seconds
        self.trials: dict[AlsSettings, Trial] = {}
        self.taken: Trial | None = None

    @property
    def best(self) -> Trial:
        """The last trial that was better than the one before it by enough."""
        if self.taken is None:
            raise LookupError("nothing has been tried yet")
        return self.taken

    def run(self, start: AlsSettings) -> Tuning:
        self.attempt(start)
        for corner, rank in itertools.product(CORNERS, CORNER_RANKS):
            self.attempt(dataclasses.replace(start, rank=rank, **corner))
        for step in STEPS:
            while self.round(step) and not self.over():
                pass
        return Tuning(self.best, tuple(self.trials.values()))

    def round(self, step: float) -> bool:
        """Strengths, rank, kinds: one change after another from the best; whether any brought something."""
        before = self.best
        self.climb(self.strengths(step))
        while self.double(step):
            pass
        self.climb(self.kinds())
        return self.best is not before

    def climb(self, changes: list[Change]) -> None:
        for change in changes:
            while self.attempt(change(self.best.als)):
                pass

    def strengths(self, step: float) -> list[Change]:
        factors = (step, 1 / step)
        one = [functools.partial(scaled, name=name, factor=factor) for name in ("reg", "alpha") for factor in factors]
        return [*one, *(functools.partial(both_scaled, factor=factor) for factor in factors)]

    def kinds(self) -> list[Change]:
        change, partial = dataclasses.replace, functools.partial
        return [
            *(partial(self.with_exponent, exponent=exponent) for exponent in EXPONENTS),
            *(partial(change, weighting=weighting) for weighting in ("plays", "log", "once")),
            *(partial(change, half_life_days=days) for days in HALF_LIVES if self.timed),
            partial(scaled, name="rank", factor=0.5),
        ]

    def with_exponent(self, als: AlsSettings, exponent: float) -> AlsSettings:
        """Another exponent that regularises a typical row as much as before."""
        reg = als.reg * self.typical ** (als.reg_exponent - exponent)
        return dataclasses.replace(als, reg=float(f"{reg:.3g}"), reg_exponent=exponent)

    def double(self, step: float) -> bool:
        """Twice the rank, with the same, more and less regularisation; whether that pays."""
        twice = scaled(self.best.als, "rank", 2)
        return any(self.attempt(scaled(twice, "reg", factor), DOUBLING_PAYS) for factor in (1.0, step, 1 / step))

    def attempt(self, als: AlsSettings, gain: float = PAYS) -> bool:
        """Try what has not been tried, and take it where it is better than the best by that gain."""
        als = dataclasses.replace(als, iterations=LONGEST, rank=min(als.rank, self.highest_rank))
        if self.over() or als in self.trials:
            return False
        trial = self.trials[als] = self.judge(als, self.deadline)
        elapsed = 1 - (self.deadline - time.monotonic()) / max(self.seconds, 1e-9)
        progress(elapsed, f"choosing parameters, trial {len(self.trials)}: {describe(trial)}")
        better = self.taken is None or trial.ndcg > self.taken.ndcg * gain
        self.taken = trial if better else self.taken
        return better

    def over(self) -> bool:
        # The first trial is made whatever the time: there must be an answer.
        return bool(self.trials) and time.monotonic() >= self.deadline


def scaled(als: AlsSettings, name: str, factor: float) -> AlsSettings:
    """A parameter times ``factor``, within its limits and to three digits."""
    value = min(max(getattr(als, name) * factor, LOWEST[name]), HIGHEST[name])
    rounded: dict[str, Any] = {name: int(value) if name == "rank" else float(f"{value:.3g}")}
    return dataclasses.replace(als, **rounded)


def both_scaled(als: AlsSettings, factor: float) -> AlsSettings:
    """What weighs in the balance between them stays: heavier pairs bear more regularisation."""
    return scaled(scaled(als, "alpha", factor), "reg", factor)


def describe(trial: Trial) -> str:
    als = trial.als
    return (
        f"rank {als.rank}, reg {als.reg:g} x n^{als.reg_exponent:g}, alpha {als.alpha:g}, {als.weighting}, "
        f"half-life {als.half_life_days:g}, {als.iterations} iterations: NDCG {trial.ndcg:.5f} in {trial.seconds:.1f} s"
    )
