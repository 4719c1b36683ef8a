"""The report in a real browser: on a desktop and a phone, by day and in dark mode. Pictures are left to be looked at."""

import os
import pathlib

import pytest
from PIL import Image

from jobs.health.monitoring.finding import Finding
from jobs.health.overview import Listener
from jobs.health.reporting.index import DayRow
from jobs.health.reporting.page import index_page, page
from tests.jobs.health.reporting.days import (
    DAY,
    HOSTILE,
    NOTHING,
    SETTINGS,
    attempt,
    before,
    overview,
    recorded,
    troubled,
)

pytestmark = pytest.mark.services

WIDTHS = {"desktop": 1200, "phone": 390}

# Contrast of each text with what lies behind it, by WCAG 2: the formula is at w3.org/TR/WCAG22/#dfn-contrast-ratio.
CONTRASTS = """() => {
  const parse = text => { const n = text.match(/[\\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n };
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour[3] > .99) return colour;
    }
    return parse(getComputedStyle(document.documentElement).backgroundColor);
  };
  const found = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    if (!own || element.closest('title, style') || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const front = parse(element instanceof SVGElement ? style.fill : style.color);
    const pair = [light(front), light(behind(element))].sort((a, b) => b - a);
    found.push([(pair[0] + .05) / (pair[1] + .05), element.textContent.trim().slice(0, 40)]);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> pathlib.Path:
    """Where pictures go: MOOVITAMIX_PICTURES names a folder to keep them in."""
    folder = pathlib.Path(os.environ.get("MOOVITAMIX_PICTURES") or tmp_path_factory.mktemp("pictures"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def troubled_day(tmp_path_factory) -> pathlib.Path:
    path = tmp_path_factory.mktemp("reports") / f"{DAY}.html"
    path.write_text(page(overview(), troubled(), SETTINGS, 1, before(1)))
    return path


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("window", WIDTHS)
def test_a_report_with_findings_can_be_read(look, troubled_day, pictures, window, scheme):
    seen = look(troubled_day, WIDTHS[window], scheme)
    assert seen.evaluate("document.documentElement.scrollWidth") <= WIDTHS[window]
    assert seen.said == []
    assert seen.asked == [troubled_day.as_uri()]
    least, text = min(seen.evaluate(CONTRASTS))
    assert least >= 4.5, text  # WCAG's AA for text
    assert seen.page.locator("figure svg[role=img][aria-label]").count() > 15
    with Image.open(seen.picture(pictures / f"report-{window}-{scheme}.png")) as picture:
        shown = picture.convert("L").crop((0, 0, 200, 200)).resize((1, 1)).getpixel((0, 0))
    assert shown < 90 if scheme == "dark" else shown > 180


def test_what_is_wrong_is_seen_on_a_phone_without_scrolling(look, troubled_day):
    seen = look(troubled_day, 390)
    verdict = seen.page.locator(".verdict").bounding_box()
    first = seen.page.locator(".card").first.bounding_box()
    assert verdict["y"] + verdict["height"] < first["y"]
    assert first["y"] + first["height"] < 900


def test_a_click_selects_the_whole_command_and_nothing_else(look, troubled_day):
    seen = look(troubled_day)
    seen.page.locator(".command").first.click()
    command = seen.page.locator(".command").first.inner_text()
    assert seen.evaluate("getSelection().toString()").strip() == command
    assert command.startswith("make ")


def test_text_of_the_charts_follows_dark_mode(look, troubled_day):
    by_day, by_night = (
        look(troubled_day, scheme=scheme).evaluate("getComputedStyle(document.querySelector('figure text')).fill")
        for scheme in ("light", "dark")
    )
    assert (by_day, by_night) == ("rgb(89, 99, 111)", "rgb(165, 175, 187)")


def test_hostile_text_runs_nothing(look, tmp_path):
    finding = Finding("quarantined_rows", HOSTILE, "warning", HOSTILE, HOSTILE)
    series = {("quarantined_rows", HOSTILE): [(DAY, 3.0)]}
    decision = {"step": HOSTILE, "decision": HOSTILE, "reason": HOSTILE, "model_version": HOSTILE}
    path = tmp_path / f"{DAY}.html"
    path.write_text(
        page(
            overview(
                decisions=[decision],
                quarantine=[(HOSTILE, HOSTILE, 2)],
                champion_reason=HOSTILE,
                listeners=[Listener(1, HOSTILE, [(HOSTILE, HOSTILE)], [(HOSTILE, HOSTILE)])],
            ),
            recorded(series, [finding], attempts=[attempt(HOSTILE, "failed", error=HOSTILE)]),
            SETTINGS,
        )
    )
    seen = look(path, 390)
    assert seen.said == []
    assert seen.asked == [path.as_uri()]
    assert seen.evaluate("document.querySelectorAll('script, img, iframe, object').length") == 0
    assert HOSTILE in seen.evaluate("document.body.innerText")
    assert seen.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_day_that_failed_says_first_what_why_and_what_to_do(look, tmp_path, pictures):
    error = (
        "listen_history: found 4613 rows, required are 5700 since the last 7 snapshots had 11401; see what the API lost"
    )
    attempts = [attempt("FetchTracks"), attempt("FetchListenHistory", "failed", minute=1, error=error)]
    path = tmp_path / f"{DAY}.html"
    path.write_text(page(overview(**NOTHING), recorded({}, attempts=attempts), SETTINGS, 0))
    seen = look(path, 390)
    seen.picture(pictures / "failed-phone.png")
    shown = seen.page.locator("main").inner_text()
    assert shown.startswith("Act now")
    assert shown.index("FetchListenHistory failed") < shown.index(error) < shown.index("luigi --module tasks.daily")
    assert seen.said == []


def test_the_index_leads_to_each_day_on_a_phone_too(look, troubled_day, pictures):
    rows = [
        DayRow(DAY, "critical", "Act now", "1,115", "0.0312", "0.0410", "keep", troubled_day.name),
        DayRow(before(1), "missing", "missing"),
        DayRow(before(2), "fine", "All is well", "1,114", "0.0612", "0.0408", "train, promote 3", f"{before(2)}.html"),
    ]
    index = troubled_day.with_name("index.html")
    index.write_text(index_page(rows, 10))
    seen = look(index, 390)
    assert seen.evaluate("document.documentElement.scrollWidth") <= 390
    assert min(seen.evaluate(CONTRASTS))[0] >= 4.5
    seen.picture(pictures / "index-phone.png")
    seen.page.get_by_text(str(DAY)).click()
    assert seen.page.title() == f"Health of {DAY}: Act now"
    seen.page.get_by_text("All days").click()
    assert seen.page.title() == "Health, day by day"
