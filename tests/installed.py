"""The project as a wheel, installed where no checkout is: what somebody has who does not clone it."""

import os
import pathlib
import shutil
import subprocess
import sys
import venv

ROOT = pathlib.Path(__file__).parents[1]


def tracked(*folders: str) -> list[str]:
    """The project's files, also those that are not committed yet."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *folders]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return sorted(name for name in names if (ROOT / name).is_file())


def build(folder: pathlib.Path) -> pathlib.Path:
    """A wheel of the tracked files, built without a network. What an earlier build has left must not get into it."""
    source = folder / "source"
    for name in tracked():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run([*command, f"--wheel-dir={folder}", source], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("*.whl")
    return wheel


def install(wheel: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    """The Python of a new environment that has the wheel, and the packages of this one behind it.

    A ``.pth`` file of this one is not read there, so that an editable install leads nowhere.
    """
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    command = [sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", "--quiet", wheel]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (site,) = folder.glob("lib/python*/site-packages")
    behind = [path for path in sys.path if path.endswith("site-packages")]
    (site / "behind.pth").write_text("".join(f"{path}\n" for path in behind))
    here = pathlib.Path(sys.executable).parent
    for name in ("spark-submit", "spark-class", "find-spark-home", "find_spark_home.py", "load-spark-env.sh"):
        if (here / name).exists():
            (folder / "bin" / name).symlink_to(here / name)
    if (
        archive := pathlib.Path(sys.prefix, "spark.jsa")
    ).exists():  # as make setup has it; without it Spark starts slower
        (folder / archive.name).symlink_to(archive)
    return python


def environment() -> dict[str, str]:
    """This process' variables, without those that lead to the checkout."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
