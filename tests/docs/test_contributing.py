"""What CONTRIBUTING.md names is there, and the hooks before a commit are what CI checks."""

import pathlib
import re
import subprocess
import sys

import pytest
import yaml

from tests import quick, test_structure
from tests.docs.test_links import broken

ROOT = pathlib.Path(__file__).parents[2]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text()
TOPS = ("conf", "lake", "tasks", "jobs", "app", "demo_api", "tests", "bin", ".ci")
# Files and folders: those with a slash that begin with a folder of the project, and those at its top.
PATHS = sorted(
    {
        name
        for name in re.findall(r"`([\w./-]+)`", GUIDE)
        if name.partition("/")[0] in TOPS or re.fullmatch(r"[A-Za-z]+\.(md|py)", name)
    }
)
BESIDE = ("jobs/health/monitoring",)  # a recipe names files by their last part there


def find(name: str) -> bool:
    """A module may have become a package of its name."""
    places = [ROOT / name, ROOT / f"{name}.py", *(ROOT / folder / name for folder in BESIDE)]
    return any(place.exists() for place in places)


@pytest.mark.parametrize("name", PATHS)
def test_every_file_that_is_named_exists(name):
    assert find(name)


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "SECURITY.md"])
def test_every_link_leads_to_a_file_and_a_heading(page):
    assert broken(ROOT / page) == []


def test_every_target_of_make_that_is_named_exists():
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.M))
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", GUIDE, re.M))
    assert len(named) > 5
    assert named <= targets


def test_layers_are_those_that_are_held():
    said = re.search(r"`conf` · `lake` · `jobs` \((.*?)\)\.", GUIDE, re.S)
    assert said
    first, _, then = said[1].partition("then ")
    assert tuple(re.findall(r"`(\w+)`", first)) == test_structure.LAYERS
    assert set(re.findall(r"`(\w+)`", then)) == test_structure.ABOVE


def test_names_in_the_code_that_are_named_exist():
    """``KINDS`` and its like are looked for in the files of the same paragraph or item."""
    missing = []
    for item in re.split(r"\n(?=\n|\d\. |- )", GUIDE):
        text = "".join(code(name) for name in re.findall(r"`([\w./-]+)`", item))
        for name in re.findall(r"`([A-Z][A-Z_]{3,})`", item):
            if text and name not in text:
                missing.append(name)
    assert missing == []


def code(name: str) -> str:
    path = ROOT / name
    return path.read_text() if name.endswith(".py") and path.is_file() else ""


def test_what_quick_leaves_out_is_told():
    assert all(f"`{fixture}`" in GUIDE for fixture in quick.FIXTURES)
    assert all((ROOT / "tests" / folder).is_dir() for folder in quick.FOLDERS)


def test_the_hooks_are_the_checks_of_ci():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    command = ["make", "-n", "lint", "format-check", "types"]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    checks = {line.removesuffix(" .") for line in made.stdout.splitlines() if line.startswith(".venv/bin/")}
    assert len(checks) == 3
    assert {hook["entry"].removesuffix(" --force-exclude") for hook in hooks} - {"git diff --check --cached"} == checks


@pytest.mark.parametrize(
    ("file", "schema"),
    [("bug.yml", "issue-forms"), ("feature.yml", "issue-forms"), ("config.yml", "issue-config")],
)
def test_a_template_of_issues_is_what_github_reads(file, schema):
    program = pathlib.Path(sys.executable).with_name("check-jsonschema")
    path = ROOT / ".github" / "ISSUE_TEMPLATE" / file
    done = subprocess.run(
        [program, "--builtin-schema", f"vendor.github-{schema}", path], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
