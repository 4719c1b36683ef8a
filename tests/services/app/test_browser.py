"""The page in a real browser."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.app.lakes import HOSTILE, HOSTILE_ARTIST
from tests.services.chromium import ARGUMENTS

pytestmark = pytest.mark.services

PATHS = [
    "/",
    "/listeners",
    "/listeners/1",
    "/listeners/12",
    "/songs",
    "/songs?q=a",
    "/songs/1",
    "/songs/5",
    "/model",
    "/x",
]
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def browser(find) -> Iterator[Browser]:
    path = find("chromium", "chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser, url, request) -> Iterator[Page]:
    """A fresh window; whatever the console complains of fails the test."""
    context = browser.new_context(base_url=url, **getattr(request, "param", {}))
    page = context.new_page()
    page.set_default_timeout(10_000)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    yield page
    context.close()
    assert [text for text in complaints if "404" not in text] == []


def test_pick_read_and_follow(page):
    page.goto("/")
    page.get_by_label("Listener id").fill("1")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile("/listeners/1$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Picked for you")
    expect(page.get_by_text("Because you listened to Blue Train by Ann Frank").first).to_be_visible()
    expect(page.get_by_role("complementary")).to_contain_text("Águas de Março")
    page.get_by_role("link", name="Blue Train").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Blue Train")
    page.get_by_role("link", name="Train of Thought").click()
    expect(page).to_have_url(re.compile("/songs/4$"))


def test_songs_are_found_while_one_types_and_without_a_script_too(page, browser, url):
    page.goto("/songs")
    page.get_by_label("Song or artist").press_sequentially("blu", delay=20)
    expect(page.locator("#results")).to_contain_text("2 songs for “blu”")
    expect(page).to_have_url(re.compile("/songs\\?q=blu$"))
    plain = browser.new_context(base_url=url, java_script_enabled=False).new_page()
    plain.goto("/songs")
    plain.get_by_label("Song or artist").fill("blu")
    plain.get_by_role("button", name="Search").click()
    expect(plain.locator("#results")).to_contain_text("2 songs for “blu”")
    plain.context.close()


def test_ids_are_suggested_by_their_digits(page):
    page.goto("/")
    page.get_by_label("Listener id").press_sequentially("12")
    expect(page.locator("#listener-ids option")).to_have_count(2)
    values = page.locator("#listener-ids option").evaluate_all("options => options.map(option => option.value)")
    assert values == ["12", "120"]


def test_hostile_names_are_shown_as_text(page):
    for path in ("/listeners/1", "/songs/5", "/songs?q=script"):
        page.goto(path)
        expect(page.get_by_text(HOSTILE).first).to_be_visible()
        assert "owned" not in page.title() or page.title().startswith("<script>")
        assert page.locator("main img, main script, main b").count() == 0
    page.goto("/songs")
    page.get_by_label("Song or artist").press_sequentially("<script>", delay=5)
    expect(page.locator("#results")).to_contain_text(HOSTILE_ARTIST)
    assert page.title() == "Songs · MooVitamix"


def test_the_keyboard_is_enough(page):
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Listener id")).to_be_focused()
    page.keyboard.type("12")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/listeners/12$"))
    page.goto("/songs")
    page.keyboard.press("/")
    expect(page.get_by_label("Song or artist")).to_be_focused()


def test_whatever_has_the_focus_shows_it(page):
    page.goto("/listeners/1")
    for _ in range(12):
        page.keyboard.press("Tab")
        shown = page.evaluate(
            "() => { const style = getComputedStyle(document.activeElement); return [style.outlineStyle, style.outlineWidth] }"
        )
        assert shown == ["solid", "3px"]


@pytest.mark.parametrize("page", [{"viewport": PHONE}, {"viewport": {"width": 1280, "height": 800}}], indirect=True)
def test_nothing_is_wider_than_the_window(page):
    for path in PATHS:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def contrasts(page: Page) -> list[tuple[str, float]]:
    """The least contrast of text with what is behind it, by WCAG's formula, where it is below 4.5 to 1."""
    return page.evaluate(
        """() => {
      const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
      const rgb = (colour, under) => {
        canvas.fillStyle = under; canvas.fillRect(0, 0, 1, 1);
        canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
      };
      const light = (parts) => parts.map((part) => part / 255)
        .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
        .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
      const css = (parts) => `rgb(${parts.join(" ")})`;
      const behind = (element) => {
        const above = element.parentElement ? behind(element.parentElement) : [255, 255, 255];
        return rgb(getComputedStyle(element).backgroundColor, css(above));
      };
      const found = [];
      for (const element of document.querySelectorAll("body *")) {
        if (element.closest("svg") || !element.getClientRects().length) continue;
        if (![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) continue;
        const ground = behind(element);
        const one = light(rgb(getComputedStyle(element).color, css(ground))) + 0.05;
        const other = light(ground) + 0.05;
        const ratio = Math.max(one, other) / Math.min(one, other);
        if (ratio < 4.5) found.push([element.outerHTML.slice(0, 80), ratio]);
      }
      return found;
    }"""
    )


@pytest.mark.parametrize("page", [{"color_scheme": "light"}, {"color_scheme": "dark"}], indirect=True)
def test_text_can_be_read_in_light_and_in_dark(page):
    for path in PATHS:
        page.goto(path)
        assert contrasts(page) == []


@pytest.mark.parametrize("page", [{"color_scheme": "dark"}], indirect=True)
def test_dark_is_dark(page):
    page.goto("/")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(21, 18, 15)"


def test_every_field_picture_and_landmark_has_a_name(page):
    for path in PATHS:
        page.goto(path)
        unnamed = page.evaluate(
            """() => [...document.querySelectorAll("input, button, a, svg:not([aria-hidden]), [role=region], meter")]
                 .filter((element) => !element.closest("[aria-hidden=true]"))
                 .filter((element) => !(element.ariaLabel || element.textContent.trim() || element.labels?.length
                   || element.getAttribute("aria-labelledby")))
                 .map((element) => element.outerHTML.slice(0, 80))"""
        )
        assert unnamed == [], path
        assert page.locator("h1").count() == 1, path


def test_large_ids_are_suggested_to_the_last_digit(browser, start, tmp_path):
    from tests.app.lakes import DAY, listed, publish, small_lake

    large = 2**53 + 1  # JavaScript's numbers have 2**53 and 2**53 + 2
    publish(small_lake(tmp_path / "lake", published=False), DAY, listed(large, [4, 1]))
    with start(tmp_path / "lake") as url:
        page = browser.new_context(base_url=url).new_page()
        page.goto("/")
        page.get_by_label("Listener id").press_sequentially("9007")
        expect(page.locator("#listener-ids option")).to_have_attribute("value", str(large))
        page.get_by_label("Listener id").fill(str(large))
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(f"/listeners/{large}$"))
        expect(page.get_by_role("heading", level=1)).to_have_text("Picked for you")
        page.context.close()


def test_a_token_is_asked_for_and_is_enough(browser, start, tmp_path):
    from tests.app.lakes import small_lake

    small_lake(tmp_path / "lake")
    with start(tmp_path / "lake", MOOVITAMIX_APP_TOKEN="s3cret") as locked:
        credentials = {"username": "me", "password": "s3cret"}
        context = browser.new_context(base_url=locked, http_credentials=credentials)
        page = context.new_page()
        page.goto("/songs")
        page.get_by_label("Song or artist").press_sequentially("blu")
        expect(page.locator("#results")).to_contain_text("2 songs")
        context.close()
        context = browser.new_context(base_url=locked)
        answer = context.new_page().request.get("/songs")
        assert answer.status == 401
        context.close()
