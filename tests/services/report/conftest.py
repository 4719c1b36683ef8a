"""A real Chromium, and pages to look at."""

import io
import pathlib
import re
from collections.abc import Callable, Iterator

import pytest
from PIL import Image

from tests.services.chromium import ARGUMENTS

CHROMIUM = pathlib.Path("/usr/bin/chromium")


class Seen:
    """A page as somebody has it before them, and what the browser had to say of it."""

    def __init__(self, context, address: str) -> None:
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page = context.new_page()
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.said.append(dialog.message), dialog.dismiss()))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(address)

    def evaluate(self, script: str):
        return self.page.evaluate(script)

    def picture(self, target: pathlib.Path, until: float | None = None) -> pathlib.Path:
        """Of the whole page, or of what is above ``until``; of few colours, so that it is small."""
        size = self.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": size[0], "height": until or size[1]}
        taken = io.BytesIO(self.page.screenshot(full_page=True, clip=clip))
        with Image.open(taken) as picture:
            picture.convert("RGB").quantize(200, dither=Image.Dither.NONE).save(target, optimize=True)
        return target


@pytest.fixture(scope="session")
def chromium() -> Iterator:
    if not CHROMIUM.exists():
        pytest.fail(f"{CHROMIUM} is missing: bin/install-servers installs it")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def look(chromium) -> Iterator[Callable[..., Seen]]:
    """Opens a file, or an address of this machine, in a window of some width, by day or in dark mode.

    What asks anybody else gets no answer.
    """
    contexts = []

    def opened(where: pathlib.Path | str, width: int = 1200, scheme: str = "light", scale: float = 1.0) -> Seen:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, device_scale_factor=scale
        )
        contexts.append(context)
        context.route(re.compile(r"^https?://(?!127\.0\.0\.1:)"), lambda route: route.abort())
        return Seen(context, where if isinstance(where, str) else where.absolute().as_uri())

    yield opened
    for context in contexts:
        context.close()
