"""Figures of health as text, by the units that conf/figures declares."""

from conf.figures import METRICS
from conf.figures.metric import Metric, Unit
from jobs.health.monitoring.units import shown

PREFIXES = {"T": 1e12, "G": 1e9, "M": 1e6, "k": 1e3, "": 1.0}


def title(metric: str, label: str = "") -> str:
    """``In quarantine: users``; one that is declared no more goes by its name."""
    name = metric_of(metric).title
    if not label:
        return name
    return f"{name} {label}" if name.endswith((" of", " by")) else f"{name}: {label}"


def metric_of(name: str) -> Metric:
    """Its declaration; of one that is declared no more, a count that nobody watches."""
    words = name.replace("_", " ")
    return METRICS.get(name) or Metric(name, words, "count", words, "never")


def figure(value: float | None, unit: Unit) -> str:
    """A value with its unit, or a dash where there is none."""
    return "–" if value is None else shown(value, unit)


def tick(value: float, unit: Unit) -> str:
    """A round value at an axis, where there is room for six letters."""
    if unit == "share":
        return f"{100 * value:.3g} %"
    if unit == "seconds":
        return f"{value:.3g} s" if value < 600 else f"{value / 60:.3g} min"
    if unit == "score":
        return f"{value:.3g}"
    prefix, scaled = next(
        (prefix, value / size) for prefix, size in PREFIXES.items() if abs(value) >= size or size == 1
    )
    return f"{scaled:.3g} {prefix}B" if unit == "bytes" else f"{scaled:.3g}{' ' * bool(prefix)}{prefix}"


def change(value: float | None, usual: float | None, unit: Unit) -> str:
    """The value against the usual: ``+3 %``, ``as usual``; of shares the difference in points. Empty where one is missing."""
    if value is None or usual is None:
        return ""
    if unit == "share":
        points = 100 * (value - usual)
        return "as usual" if abs(points) < 0.05 else f"{points:+.1f} points"
    if unit in ("days", "count"):
        step = round(value - usual)
        return "as usual" if not step else f"{step:+,}"
    if not usual:
        return "as usual" if not value else ""
    ratio = 100 * (value / usual - 1)
    return "as usual" if abs(ratio) < 0.5 else f"{ratio:+,.0f} %"
