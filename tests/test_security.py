"""What can be said of security without a network: pinned requirements, and exceptions from the rules that say why."""

import pathlib
import re
import tomllib

import pytest

ROOT = pathlib.Path(__file__).parents[1]
PACKAGES = ("conf", "lake", "tasks", "jobs", "app", "demo_api")


def requirements(name: str = "requirements-dev.txt") -> list[str]:
    """Entries of a lock, each with the lines that continue it."""
    text = re.sub(r"(?m)^\s*#.*\n?", "", (ROOT / name).read_text())
    return [entry for entry in text.replace("\\\n", " ").splitlines() if entry.strip()]


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_one_version_with_its_hashes(lock):
    loose = [
        entry[:60]
        for entry in requirements(lock)
        if not re.match(r"[\w.-]+==[\w.!+-]+( ; .*)? +--hash=sha256:[0-9a-f]{64}", entry)
    ]
    assert len(requirements(lock)) > 50
    assert loose == []


def test_setup_installs_nothing_without_its_hash():
    script = (ROOT / "bin" / "setup").read_text()
    assert len(re.findall("pip install", script)) == 2  # by pip, or by uv
    installs = [line for line in script.splitlines() if line.startswith('"${install[@]}"')]
    assert len(installs) == 2
    assert "--require-hashes --no-deps" in installs[0]
    assert "--no-deps --no-build-isolation --editable ." in installs[1]  # this project itself


def test_every_direct_requirement_is_pinned():
    named = {re.split(r"==", entry)[0].lower().replace("_", "-") for entry in requirements()}
    wanted = {
        re.match(r"[\w-]+", name)[0].lower().replace("_", "-")
        for name in re.findall(r'^\s+"([A-Za-z][\w.\[\]-]*[<>=~!][^"]*)",', (ROOT / "setup.py").read_text(), re.M)
    }
    assert len(wanted) > 10
    assert wanted - named == set()


def test_security_rules_are_on_and_what_they_let_pass_is_explained():
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    assert "S" in lint["select"]
    # Commands are lists that the project builds, programs are found by PATH on purpose; assert is pytest's.
    assert {rule for rule in lint["ignore"] if re.match(r"S\d", rule)} == {"S101", "S603", "S607"}
    unexplained = [
        f"{file.relative_to(ROOT)}: {line.strip()}"
        for package in PACKAGES
        for file in sorted((ROOT / package).rglob("*.py"))
        for line, after in pairs(file.read_text().splitlines())
        if re.search(r"noqa: S\d", line) and not re.search(r"noqa: S\d+ - \w", line) and not after
    ]
    assert unexplained == []


def pairs(lines: list[str]) -> list[tuple[str, bool]]:
    """Each line, and whether one of the two before it has the same exception with its reason."""
    explained = [bool(re.search(r"noqa: S\d+ - \w", line)) for line in lines]
    return [(line, any(explained[max(0, at - 2) : at])) for at, line in enumerate(lines)]
