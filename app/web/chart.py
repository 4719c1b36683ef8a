"""The course of live NDCG beside popularity's as lines of an SVG."""

import dataclasses
import datetime
import itertools
import math

from app.stores.store import Live

WIDTH, HEIGHT = 720, 260
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 14, 34
STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
MOST_LINES = 5
LABELS = 6  # dates written below, at most


@dataclasses.dataclass(frozen=True)
class Chart:
    """Coordinates in units of the view box; ``band`` is a polygon, ``ours`` and ``popularity`` are polylines."""

    band: str
    ours: str
    popularity: str
    points: list[tuple[float, float, Live]]
    lines: list[tuple[float, str]]  # y and what it stands for
    dates: list[tuple[float, datetime.date]]
    changes: list[tuple[float, str]]  # x at which a new model's lists begin, and its version
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def chart(live: list[Live]) -> Chart | None:
    """None where there are fewer than two days: a line needs two."""
    if len(live) < 2:
        return None
    step, top = _scale(max(max(day["high"], day["popularity"]) for day in live))
    first, last = live[0]["date"], live[-1]["date"]
    span = (last - first).days

    def x(date: datetime.date) -> float:
        return round(LEFT + (date - first).days / span * (WIDTH - LEFT - RIGHT), 1)

    def y(value: float) -> float:
        return round(HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM), 1)

    def line(pairs: list[tuple[float, float]]) -> str:
        return " ".join(f"{across},{down}" for across, down in pairs)

    upper = [(x(day["date"]), y(day["high"])) for day in live]
    lower = [(x(day["date"]), y(day["low"])) for day in live]
    every = max(1, -(-len(live) // LABELS))
    return Chart(
        band=line(upper + lower[::-1]),
        ours=line([(x(day["date"]), y(day["ndcg"])) for day in live]),
        popularity=line([(x(day["date"]), y(day["popularity"])) for day in live]),
        points=[(x(day["date"]), y(day["ndcg"]), day) for day in live],
        lines=[(y(step * count), f"{step * count:.2f}") for count in range(round(top / step) + 1)],
        dates=[(x(day["date"]), day["date"]) for day in live[::-1][::every][::-1]],
        changes=[
            (x(day["date"]), day["model_version"])
            for before, day in itertools.pairwise(live)
            if day["model_version"] != before["model_version"]
        ],
    )


def _scale(highest: float) -> tuple[float, float]:
    """The distance of the lines, and the uppermost."""
    step = next((step for step in STEPS if highest / step <= MOST_LINES), STEPS[-1])
    return step, step * max(1, math.ceil(round(highest / step, 9)))
