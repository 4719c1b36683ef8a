"""HTML from templates; every text from the data is escaped."""

import datetime
import pathlib
import unicodedata
from collections.abc import Mapping
from typing import Any

import jinja2
from fastapi import Response
from fastapi.responses import HTMLResponse

from app.web.sleeves import sleeve

LONGEST = 160  # characters of a name on a page; the API gives it whole


def _day(date: datetime.date) -> str:
    return f"{date.day} {date:%B %Y}"


def _short(date: datetime.date) -> str:
    return f"{date.day} {date:%b}"


def _cut(text: str) -> str:
    """A text as long as a page bears."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"


def _plain(text: str) -> str:
    """For a title, where no element keeps marks of direction to themselves."""
    return "".join(" " if unicodedata.category(letter) in ("Cc", "Cf") else letter for letter in _cut(text))


def _minutes(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02d}"


_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(pathlib.Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters.update(day=_day, short=_short, minutes=_minutes, sleeve=sleeve, cut=_cut, plain=_plain)


def render(
    template: str, status: int = 200, headers: Mapping[str, str] | None = None, published: Any = None, **values: Any
) -> Response:
    """``published``: what the page says at its foot of the day and model it comes from."""
    text = _ENVIRONMENT.get_template(template).render(published=published, **values)
    return HTMLResponse(text, status, dict(headers or {}))
