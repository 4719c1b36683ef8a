"""The sides do not know each other's engine: tasks never import pyspark, jobs never luigi, conf and app neither."""

import ast
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[1]
BANNED = {
    "tasks": {"pyspark"},
    "jobs": {"luigi"},
    "conf": {"luigi", "pyspark"},
    "app": {"luigi", "pyspark", "tasks", "jobs"},
}


def imported(file: pathlib.Path) -> set[str]:
    """Top-level names of the packages that a file imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize("folder", BANNED)
def test_no_file_imports_what_its_side_must_not_know(folder):
    files = sorted((ROOT / folder).rglob("*.py"))
    assert files
    assert {str(file): imported(file) & BANNED[folder] for file in files if imported(file) & BANNED[folder]} == {}


def test_importing_the_pipeline_loads_no_spark():
    code = "import sys, tasks.daily; sys.exit('pyspark' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
