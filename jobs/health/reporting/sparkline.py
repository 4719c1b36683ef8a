"""A figure's last days as one line of SVG, small enough to stand beside its value.

Written out here and not drawn by matplotlib: a polyline needs no library, and a page has many of them.
"""

from markupsafe import Markup

from jobs.health.reporting.panels import extent

WIDTH, HEIGHT, EDGE = 120, 28, 3


def sparkline(values: list[float | None]) -> Markup:
    """The values from left to right, broken where one is missing, the last one dotted; it says nothing to a screen reader."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return Markup("")
    low, high = extent(known)
    step = (WIDTH - 2 * EDGE) / max(len(values) - 1, 1)

    def at(place: int, value: float) -> tuple[float, float]:
        return EDGE + place * step, HEIGHT - EDGE - (value - low) / (high - low) * (HEIGHT - 2 * EDGE)

    path, drawing = "", False
    for place, value in enumerate(values):
        if value is not None:
            x, y = at(place, value)
            path += f"{'L' if drawing else 'M'}{x:.1f} {y:.1f}"
        drawing = value is not None
    place = max(place for place, value in enumerate(values) if value is not None)
    x, y = at(place, known[-1])
    return Markup(  # noqa: S704 - made of numbers alone
        f'<svg class="spark" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">'
        f'<path d="{path}"/><circle cx="{x:.1f}" cy="{y:.1f}" r="2.5"/></svg>'
    )
