"""Small charts as inline SVG, drawn by matplotlib in colours that the page then fills in.

A chart is drawn in sentinel colours; they become the page's CSS variables, so that one drawing is right by day and in
dark mode. Text stays text. What clashes or tells when it was drawn (ids, metadata, size) is taken out: the same figures
give the same bytes.
"""

import datetime
import io
import math
import re
from typing import Any, Literal

import matplotlib
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from jobs.health.reporting import words
from jobs.health.reporting.panels import Panel, extent

SIZE = (3.4, 1.35)  # inches, at 100 units each
# Colours that no chart has by chance, and what the page has in their place.
COLOURS = {
    "#010203": "var(--soft-ink)",  # text
    "#010204": "var(--line)",  # grid
    "#010205": "var(--accent)",  # the figure
    "#010206": "var(--faint)",  # what is drawn beside it
    "#010207": "var(--band)",  # what is usual
    "#010208": "var(--critical)",
    "#010209": "var(--warning)",
    "#01020a": "var(--paper)",
}
TEXT, GRID, LINE, BESIDE, BAND, CRITICAL, WARNING, PAPER = COLOURS
MARKS = {"critical": (CRITICAL, "D"), "warning": (WARNING, "^")}
STYLE: Any = {"svg.fonttype": "none", "svg.hashsalt": "moovitamix", "font.size": 9, "path.simplify": False}


class Painter:
    """Draws one panel after another on the same figure: a new one each time takes three times as long."""

    def __init__(self) -> None:
        self.figure = Figure(figsize=SIZE, dpi=72)
        FigureCanvasSVG(self.figure)
        self.drawn = 0

    def draw(self, panel: Panel) -> Markup:
        """The panel as an ``<svg>`` with its description."""
        self.drawn += 1
        with matplotlib.rc_context(STYLE):
            self.figure.clear()
            _panel(self.figure.add_axes((0.135, 0.15, 0.84, 0.8)), panel)
            buffer = io.StringIO()
            self.figure.savefig(
                buffer,
                format="svg",
                transparent=True,
                metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
            )
        return inline(buffer.getvalue(), panel.description, f"c{self.drawn}")


def _panel(axes: Axes, panel: Panel) -> None:
    days = list(range(len(panel.dates)))
    values = _gaps(panel.values)
    if panel.band:
        most = 1.0 if panel.unit == "share" else math.inf
        axes.axhspan(panel.band.low, min(panel.band.high, most), color=BAND, linewidth=0, clip_on=False)
    if any(value is not None for value in panel.beside):
        axes.plot(days, _gaps(panel.beside), color=BESIDE, linewidth=1.2, linestyle=(0, (3, 2)), clip_on=False)
    axes.plot(days, values, color=LINE, linewidth=1.6, solid_joinstyle="round", clip_on=False)
    alone = [day for day in days if _stands_alone(values, day)]
    axes.plot(alone, [values[day] for day in alone], ".", color=LINE, markersize=5, clip_on=False)
    for day, date in enumerate(panel.dates):
        if date in panel.flags and not math.isnan(values[day]):
            colour, shape = MARKS.get(panel.flags[date], MARKS["warning"])
            axes.plot(
                [day], [values[day]], shape, color=colour, markersize=7, markeredgecolor=PAPER, clip_on=False, zorder=5
            )
    _frame(axes, panel)


def _gaps(values: list[float | None]) -> list[float]:
    return [math.nan if value is None else value for value in values]


def _stands_alone(values: list[float], day: int) -> bool:
    """Whether a line would not show the day: both neighbours are missing."""
    around = [values[near] for near in (day - 1, day + 1) if 0 <= near < len(values)]
    return not math.isnan(values[day]) and all(math.isnan(value) for value in around)


def _frame(axes: Axes, panel: Panel) -> None:
    """A few quiet lines across, with round values; the first, the middle and the last day."""
    bounds = [panel.band.low, panel.band.high] if panel.band else []
    most = 1.0 if panel.unit == "share" else math.inf
    low, high = extent([*panel.values, *panel.beside, *(min(bound, most) for bound in bounds)], most)
    whole = panel.unit in ("count", "days", "rows")
    ticks = MaxNLocator(nbins=3, steps=[1, 2, 2.5, 5, 10], integer=whole).tick_values(low, high)
    ticks = [tick for tick in ticks if low <= tick <= min(high + 0.15 * (high - low), most)]
    axes.set_ylim(low, max([high, *ticks]))
    axes.set_yticks(ticks, [words.tick(tick, panel.unit) for tick in ticks])
    last = len(panel.dates) - 1
    axes.set_xlim(0, max(last, 1))
    axes.set_xticks([0, last // 2, last], [day(panel.dates[at]) for at in (0, last // 2, last)])
    sides: tuple[Literal["left", "center", "right"], ...] = ("left", "center", "right")
    for text, side in zip(axes.get_xticklabels(), sides, strict=True):
        text.set_horizontalalignment(side)
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    for line in axes.get_ygridlines():
        line.set_clip_on(False)
    axes.set_axisbelow(True)
    axes.set_frame_on(False)
    axes.tick_params(left=False, bottom=False, labelcolor=TEXT, pad=3)


def day(date: datetime.date) -> str:
    return f"{date.day} {date:%b}"


def inline(svg: str, description: str, prefix: str) -> Markup:
    """A drawing as it may stand beside others in a page: no size or font of its own, ids that are its own."""
    body = svg[svg.index("<svg") :]
    body = body[body.index(">") + 1 :].strip()
    body = re.sub(r'<style type="text/css">.*?</style>', "", body, flags=re.DOTALL)
    body = re.sub(r'style="([^"]*)"', lambda found: _style(found[1]), body)
    for sentinel, variable in COLOURS.items():
        body = body.replace(sentinel, variable)
    used = set(re.findall(r'"url\(#([^)]+)\)"|href="#([^"]+)"', body))
    names = {name for pair in used for name in pair if name}
    body = re.sub(r' id="([^"]+)"', lambda found: f' id="{prefix}{found[1]}"' if found[1] in names else "", body)
    body = re.sub(r"url\(#|href=\"#", lambda found: found[0] + prefix, body)
    body = body.replace("xlink:href", "href")
    body = re.sub(r' transform="rotate\(-0 [^"]*\)"', "", body)
    body = re.sub(r' (d|x|y|x1|y1|width|height)="[^"]*"', lambda found: re.sub(r"(\d+\.\d)\d+", r"\1", found[0]), body)
    body = re.sub(r"\s*\n\s*", " ", body).replace("> <", "><")
    body = re.sub(r"<g/>|<defs></defs>|</?g>", "", body)
    width, height = (round(72 * side, 1) for side in SIZE)
    said = escape(description)
    return Markup(  # noqa: S704 - matplotlib escapes the text that it writes, and ours is escaped here
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{said}"><title>{said}</title>{body}'
    )


def _style(style: str) -> str:
    """Without the font, which is the page's."""
    kept = [part for part in style.split("; ") if not part.startswith(("font-family", "font-size", "font:"))]
    return f'style="{"; ".join(kept)}"' if kept else ""
