"""The house: which side may know which, how deep it is, how large its rooms are, and that a name has one meaning."""

import ast
import collections
import functools
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[1]
BANNED = {
    "tasks": {"pyspark", "jobs", "app"},
    "jobs": {"luigi", "tasks", "app"},
    "conf": {"luigi", "pyspark", "lake", "tasks", "jobs", "app"},
    "lake": {"luigi", "pyspark", "tasks", "jobs", "app"},
    "app": {"luigi", "pyspark", "tasks", "jobs"},
    "cli": {"luigi", "pyspark", "tasks", "jobs", "app", "lake"},  # knows the others by their modules' names
}
# Each may import itself and what stands before it.
LAYERS = ("runtime", "cleaning", "model", "recommendation", "evaluation", "registry", "training")
ABOVE = {"mart", "health", "privacy", "sql", "upkeep"}  # know all layers; of each other what stands here
BETWEEN = {"privacy": {"mart", "health"}, "health": set(), "mart": set(), "sql": set(), "upkeep": set()}
LONGEST_CHAIN = 8
LONGEST_FILE = 300
# Modules that stand for the same thing on two sides: a step's task and its job, a command and what it runs.
TWINS = {"clean", "recommend", "publish", "report", "maintain", "__init__", "__main__"}


def files(*folders: str) -> list[pathlib.Path]:
    found = [file.relative_to(ROOT) for folder in folders for file in sorted((ROOT / folder).rglob("*.py"))]
    assert found
    return found


def dotted(file: pathlib.Path) -> str:
    parts = file.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(file: pathlib.Path) -> set[str]:
    """Every dotted name that a file may load by an import, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse((ROOT / file).read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


@pytest.mark.parametrize("folder", BANNED)
def test_no_file_imports_what_its_side_must_not_know(folder):
    tops = {str(file): {name.partition(".")[0] for name in imported(file)} for file in files(folder)}
    assert {file: found & BANNED[folder] for file, found in tops.items() if found & BANNED[folder]} == {}


def test_only_the_lake_opens_and_writes_tables():
    """Elsewhere ``deltalake`` is no more than the type of a table that the lake has opened."""
    others = files("conf", "tasks", "jobs", "app")
    used = {str(file): {name for name in imported(file) if name.startswith("deltalake")} for file in others}
    assert {file: names for file, names in used.items() if names - {"deltalake", "deltalake.DeltaTable"}} == {}


@pytest.mark.parametrize("package", [*LAYERS, *sorted(ABOVE)])
def test_a_package_of_jobs_imports_only_what_stands_before_it(package):
    before = set(LAYERS[: LAYERS.index(package) + 1]) if package in LAYERS else {*LAYERS, package, *BETWEEN[package]}
    used = {
        str(file): {name.split(".")[1] for name in imported(file) if name.startswith("jobs.")} - before
        for file in files(f"jobs/{package}")
    }
    assert {file: found for file, found in used.items() if found} == {}


def test_the_top_of_jobs_shows_a_package_for_each_part_of_the_flow():
    shown = {path.name for path in (ROOT / "jobs").iterdir() if path.name != "__pycache__"}
    assert shown == {"__init__.py", "__main__.py", *LAYERS, *ABOVE}


def test_no_chain_of_imports_in_jobs_is_longer_than_eight():
    modules = {dotted(file): file for file in files("jobs")}
    known = {name: (imported(file) & modules.keys()) - {name} for name, file in modules.items()}

    @functools.cache
    def chain(name: str) -> tuple[str, ...]:
        # A package is loaded with each of its modules; only what is asked of it itself counts.
        below = [other for other in known[name] if not any(more.startswith(f"{other}.") for more in known[name])]
        return (name, *max((chain(other) for other in below), key=len, default=()))

    longest = max((chain(name) for name in modules), key=len)
    assert len(longest) <= LONGEST_CHAIN, " > ".join(longest)


def test_no_file_is_longer_than_three_hundred_lines():
    product = files("cli", "conf", "lake", "tasks", "jobs", "app", "demo_api", "bench")
    lengths = {str(file): len((ROOT / file).read_text().splitlines()) for file in product}
    assert {file: lines for file, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_no_class_of_the_product_shares_its_name_with_another():
    named = collections.defaultdict(list)
    for file in files("cli", "conf", "lake", "tasks", "jobs", "app", "demo_api", "bench"):
        for node in ast.parse((ROOT / file).read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                named[node.name].append(str(file))
    assert {name: places for name, places in named.items() if len(places) > 1} == {}


def test_no_module_shares_its_name_with_another_but_a_task_and_its_job():
    named = collections.defaultdict(list)
    for file in files("cli", "conf", "lake", "tasks", "jobs", "app"):
        named[file.stem].append(str(file))
    assert {name: places for name, places in named.items() if len(places) > 1 and name not in TWINS} == {}


def test_importing_the_pipeline_loads_no_spark():
    code = "import sys, tasks.daily; sys.exit('pyspark' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
