"""``moovitamix``: what its help shows, what it completes, and that each command is a module with a line about itself."""

import os
import pathlib
import subprocess
import sys

import pytest

from cli.commands import COMMANDS, GROUPS
from cli.flag_completion import completed
from conf.command_line import about

ROOT = pathlib.Path(__file__).parents[2]
LONGEST = 64  # of a line about a command, so that the help has one line for each in 80 columns


def moovitamix(*words: str, **environment: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "cli.entry", *words]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60
    )


def test_the_help_shows_every_command_in_its_group_within_a_hundred_columns():
    done = moovitamix("--help", COLUMNS="100")
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert [line[:-1] for line in lines if line[:-1] in GROUPS] == list(GROUPS)
    assert {line.split()[0] for line in lines if line.startswith("  ") and line.split()[:1]} >= set(COMMANDS)
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_a_line_about_itself(name):
    said = COMMANDS[name].about or about(COMMANDS[name].module)
    assert 10 < len(said) <= LONGEST


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("moovitamix st", "status"),
        ("moovitamix status --da", "--date"),
        ("moovitamix da", "day"),
        ("moovitamix settings ap", "api"),
        ("moovitamix settings api.ba", "api.base_url"),
    ],
)
def test_a_shell_completes_commands_and_their_flags(typed, found):
    place = str(len(typed.split()) - 1)
    done = moovitamix(_MOOVITAMIX_COMPLETE="bash_complete", COMP_WORDS=typed, COMP_CWORD=place)
    assert f"plain,{found}" in done.stdout.splitlines()


def test_a_module_that_cannot_be_loaded_completes_nothing():
    assert completed("no.such.module", "--") == []


def test_the_version_is_that_of_the_package():
    assert moovitamix("--version").stdout.startswith("moovitamix, version ")
