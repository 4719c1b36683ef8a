"""The image's steps, as far as they can be tried without Docker."""

import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[2]
TEXT = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")


def test_packages_can_be_installed_before_the_code_is_there(tmp_path):
    copy(tmp_path, "RUN bin/setup --run-only\n")
    run(tmp_path, "setup.py", "egg_info")
    read = re.findall(r"[\w./-]+\.sha256|requirements\S*\.txt", (tmp_path / "bin" / "setup").read_text())
    assert {name for name in read if not (tmp_path / name).exists()} == {"requirements-dev.txt"}


def test_jars_can_be_fetched_before_the_code_is_there(tmp_path):
    copy(tmp_path, "RUN python -m tasks.run.jars\n")
    # In a folder that is no checkout, and without the one that these tests run from.
    code = "import runpy, sys; sys.argv[1:] = ['--help']; runpy.run_module('tasks.run.jars', run_name='__main__')"
    assert "--s3 FOLDER" in run(tmp_path, "-c", code)


def copy(folder: pathlib.Path, last: str) -> None:
    """The files that the image has when it comes to a step."""
    before, step, after = TEXT.partition(last)
    assert step
    assert "COPY --chown=moovitamix . ." in after
    for names, target in re.findall(r"^COPY \S+ (.*) (\S+)$", before, re.MULTILINE):
        for name in map(pathlib.Path, names.split()):
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, folder / target, dirs_exist_ok=True)
            else:
                (folder / target).mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, folder / target)


def run(folder: pathlib.Path, *command: str) -> str:
    done = subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_is_copied_and_run_is_there():
    for name in re.findall(r"bin/[\w-]+", TEXT):
        assert (ROOT / name).is_file(), name
    assert (ROOT / "tasks" / "run" / "archive.py").is_file()


def test_the_image_has_nothing_that_only_development_needs():
    """It installs the lock of what runs, of which no direct requirement is development's."""
    development = set(re.findall(r'^    "([\w-]+)', re.search(r"^DEV = \[(.*?)^\]", setup(), re.M | re.S)[1], re.M))
    assert {"pytest", "ruff", "mypy", "uv"} <= development
    assert development & locked("requirements.txt").keys() == {"scikit-learn"}  # mlflow needs it


def setup() -> str:
    return (ROOT / "setup.py").read_text()


def test_both_locks_have_the_same_versions_and_development_only_adds():
    runs, develops = locked("requirements.txt"), locked("requirements-dev.txt")
    assert runs.items() <= develops.items()
    assert len(develops) > len(runs) + 50


def locked(name: str) -> dict[str, set[str]]:
    """Versions by package: several where Pythons or systems need another one."""
    found: dict[str, set[str]] = {}
    for package, version in re.findall(r"^([\w.-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE):
        found.setdefault(package, set()).add(version)
    return found


def is_sent(path: str) -> bool:
    """Whether Docker's builder gets a file, by .dockerignore: the last pattern that its name or a folder of it matches."""
    sent = True
    parts = path.split("/")
    names = ["/".join(parts[: end + 1]) for end in range(len(parts))]
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.strip()
        if pattern and not pattern.startswith("#"):
            wanted = re.compile(regex(pattern.removeprefix("!")))
            if any(wanted.fullmatch(name) for name in names):
                sent = pattern.startswith("!")
    return sent


def regex(pattern: str) -> str:
    """A pattern of .dockerignore: ``**/`` is any folders, ``*`` anything within a name."""
    parts = re.split(r"(\*\*/|\*)", pattern)
    return "".join({"**/": "(?:[^/]+/)*", "*": "[^/]*"}.get(part, re.escape(part)) for part in parts)


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return listed.stdout.splitlines()


def test_the_image_gets_every_file_that_runs_and_nothing_of_development():
    folders = ("app", "bin", "cli", "conf", "demo_api", "jobs", "lake", "tasks")
    files = (
        "LICENSE",
        "MANIFEST.in",
        "Makefile",
        "README.md",
        "luigi.cfg",
        "pyproject.toml",
        "requirements.txt",
        "setup.py",
    )
    wanted = {name for name in tracked() if name.startswith(tuple(f"{folder}/" for folder in folders)) or name in files}
    assert {name for name in tracked() if is_sent(name)} == wanted


def test_no_secret_and_no_lake_gets_into_the_image():
    secrets = [
        ".env",
        "conf/daily.env",
        "conf/password",
        "conf/deploy/api.key",
        "conf/deploy/compose/.env",
        "jobs/.netrc",
        "app/web/templates/.x.swp",
        "bin/token",
        "tasks/credentials.json",
        "data/secrets/postgres",
        "data/lake/users/part-0.parquet",
        "mlruns.db",
        ".git/config",
        "luigi.cfg.mine",
        ".venv/bin/python",
        "conf/__pycache__/days.cpython-311.pyc",
        "tests/conftest.py",
        "id_rsa",
    ]
    assert [name for name in secrets if is_sent(name)] == []
