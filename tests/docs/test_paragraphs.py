"""No paragraph of the documents is longer than a reader takes in at once."""

import pathlib
import re

import pytest

from tests.docs.test_links import PAGES

ROOT = pathlib.Path(__file__).parents[2]
LONGEST = 120  # words
ALL = [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md"]


def paragraphs(text: str) -> list[str]:
    """What stands between blank lines, each item of a list by itself; code and tables are no paragraphs."""
    text = re.sub(r"^ *```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE)
    text = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("|"))
    return [found for found in re.split(r"\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )", text) if found.strip()]


def test_code_and_tables_are_left_out_and_items_are_told_apart():
    assert paragraphs("a b\n\n- c\n- d\n  e\n\n```\nx\n\ny\n```\n| t |\n") == ["a b", "- c", "- d\n  e"]


@pytest.mark.parametrize("page", ALL, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_paragraph_is_too_long(page):
    counted = {found[:60]: len(found.split()) for found in paragraphs(page.read_text())}
    assert {begin: words for begin, words in counted.items() if words > LONGEST} == {}
