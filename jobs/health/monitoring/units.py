"""A figure as text, by its unit."""

from conf.figures import METRICS
from conf.figures.metric import Unit


def figure(metric: str, value: float) -> str:
    """``12.3%``, ``2 min 5 s``, ``3 days``, ``1,234``, ``1.5 GB`` or ``0.0512``."""
    return shown(value, METRICS[metric].unit)


def shown(value: float, unit: Unit) -> str:
    if unit == "share":
        return f"{value:.1%}"
    if unit == "seconds":
        return duration(value)
    if unit == "days":
        return f"{value:g} day{'s' if value != 1 else ''}"
    if unit == "bytes":
        return size(value)
    if unit == "score":
        return f"{value:.4f}"
    return f"{value:,.0f}"


def duration(seconds: float) -> str:
    """Seconds, minutes and seconds, or hours and minutes."""
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def size(count: float) -> str:
    """In the decimal unit that leaves one to three digits before the point."""
    for name in ("bytes", "kB", "MB", "GB"):
        if abs(count) < 1000:
            return f"{count:.0f} {name}" if name == "bytes" else f"{count:.1f} {name}"
        count /= 1000
    return f"{count:,.1f} TB"


def times(count: float) -> str:
    """``once``, ``twice``, ``3 times``."""
    return {1: "once", 2: "twice"}.get(round(count), f"{count:.0f} times")
