"""The reference of commands names every command, job and target, with the line that its help has."""

import pathlib
import re

import pytest

from cli.commands import COMMANDS
from conf.command_line import about
from jobs.__main__ import JOBS

ROOT = pathlib.Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "commands.md").read_text()
TARGETS = re.findall(r"^([a-z][a-z0-9-]*):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
# Every shell block of the pages that a reader types from, and the commands that the sentences name.
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("tutorial.md")),
    *sorted((ROOT / "docs" / "how-to").glob("*.md")),
]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_stands_in_the_reference_with_what_it_does(name):
    assert f"| `moovitamix {name}` | {COMMANDS[name].about or about(COMMANDS[name].module)} |" in PAGE


@pytest.mark.parametrize("target", [target for target in TARGETS if not target.startswith("bench-")])
def test_a_target_stands_in_the_reference(target):
    assert re.search(rf"`make {target}`", PAGE) or target == "help"


@pytest.mark.parametrize("job", JOBS)
def test_a_job_stands_in_the_reference(job):
    assert f"`{job}`" in PAGE


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_only_commands_that_there_are(page):
    text = page.read_text()
    assert set(re.findall(r"\bmake ([a-z][a-z-]+)\b(?=[` \n])", code(text))) <= set(TARGETS)
    assert set(re.findall(r"python -m jobs ([a-z_]+)", text)) <= set(JOBS)
    assert set(re.findall(r"(?:^|[`/])moovitamix ([a-z][a-z-]+)(?=[` \n])", code(text), re.MULTILINE)) <= set(COMMANDS)


def code(text: str) -> str:
    """What is written as code, in blocks or in a sentence."""
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL))
