"""Which Python ``bin/setup`` takes and what it installs, with stand-ins for every program that it starts."""

import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parents[2]
# Says its version, makes a venv that has a copy of itself, and writes down everything else.
PYTHON = """#!/bin/sh
case "$1 $2" in
  "-c import ensurepip"*) echo {version} ;;
  "-m venv") mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; echo "venv {version} $3" >> {log} ;;
  *) echo "$@" >> {log} ;;
esac
"""
JAVA = "#!/bin/sh\necho 'openjdk version \"17.0.2\"' >&2\n"
SHIM = "#!/bin/sh\necho 'pyenv: command not found' >&2\nexit 127\n"


class Machine:
    """A folder with what setup reads, and a PATH with no program that was not put there."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder, self.log, self.bin = folder, folder / "log", folder / "path"
        for name in ("bin/setup", "setup.py", "conf/deploy/spark/delta-jars.sha256"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
        for name in ("requirements.txt", "requirements-dev.txt"):
            (folder / name).touch()
        (folder / "tasks" / "run").mkdir(parents=True)
        (folder / "tasks" / "run" / "jars.py").touch()
        self.bin.mkdir()
        for name in ("bash", "cat", "cp", "dirname", "head", "mkdir", "rm", "sed", "sha256sum"):
            (self.bin / name).symlink_to(shutil.which(name))
        self.has("java", JAVA)

    def has(self, name: str, script: str) -> None:
        (self.bin / name).write_text(script)
        (self.bin / name).chmod(0o755)

    def has_python(self, version: str, name: str = "") -> None:
        self.has(name or f"python{version}", PYTHON.format(version=version, log=self.log))

    def setup(self, *options: str, **variables: str) -> tuple[list[str], str]:
        """What was started, and what was said; it must succeed."""
        done = self.run(*options, **variables)
        assert done.returncode == 0, done.stderr
        return self.log.read_text().splitlines() if self.log.exists() else [], done.stderr

    def run(self, *options: str, **variables: str) -> subprocess.CompletedProcess:
        self.log.unlink(missing_ok=True)
        command = [self.folder / "bin" / "setup", *options]
        return subprocess.run(command, env={"PATH": str(self.bin), **variables}, capture_output=True, text=True)


@pytest.fixture
def machine(tmp_path) -> Machine:
    return Machine(tmp_path)


def test_the_first_python_that_is_there_and_runs_is_taken(machine):
    machine.has("python3.11", SHIM)
    machine.has_python("3.12")
    machine.has_python("3.13")
    started, said = machine.setup()
    assert started[0] == "venv 3.12 .venv"
    assert "with Python 3.12" in said


def test_everything_that_development_needs_is_installed_once(machine):
    machine.has_python("3.11")
    started, _ = machine.setup()
    assert [line for line in started if "-r requirements-dev.txt" in line]
    assert started[-2:] == ["-m tasks.run.jars", "-m tasks.run.archive"]
    assert machine.setup() == ([], "")


def test_the_image_gets_only_what_runs(machine):
    machine.has_python("3.11")
    started, _ = machine.setup("--run-only")
    assert [line for line in started if "-r requirements.txt" in line]
    assert not [line for line in started if "requirements-dev" in line]


def test_without_spark_no_java_is_asked_for_and_no_jar_is_fetched(machine):
    machine.has_python("3.11")
    (machine.bin / "java").unlink()
    started, _ = machine.setup("--no-spark")
    assert not [line for line in started if "tasks.run" in line]
    assert "no Java was found" in refused(machine)


def test_uv_installs_where_it_is_named(machine):
    machine.has_python("3.11")
    machine.has("uv", f'#!/bin/sh\necho "uv $@" >> {machine.log}\n')
    started, _ = machine.setup(UV="uv")
    for wanted in ("--require-hashes --no-deps -r requirements-dev.txt", "--no-deps --no-build-isolation --editable ."):
        assert [line for line in started if line.startswith("uv pip install") and line.endswith(wanted)]
    assert not [line for line in started if line.startswith("-m pip")]


def test_another_python_and_another_folder_may_be_named(machine):
    machine.has_python("3.11")
    machine.has_python("3.13", "mine")
    assert machine.setup(PYTHON="mine", VENV="other")[0][0] == "venv 3.13 other"
    assert machine.setup()[0][0] == "venv 3.11 .venv"


def test_what_is_ready_stays_unless_another_python_is_named(machine):
    machine.has_python("3.12")
    machine.setup()
    machine.has_python("3.11")
    assert machine.setup()[0] == []
    (machine.folder / ".venv" / "of-3.12").touch()
    assert machine.setup(PYTHON="python3.11")[0][0] == "venv 3.11 .venv"
    assert not (machine.folder / ".venv" / "of-3.12").exists()


@pytest.mark.parametrize(
    ("version", "options", "variables", "said"),
    [
        ("3.10", [], {}, "none of Python 3.11, 3.12, 3.13 was found"),
        ("3.11", [], {"PYTHON": "python3.9"}, "python3.9 was not found"),
        ("3.10", [], {"PYTHON": "python3.10"}, "python3.10 is Python 3.10, required is one of 3.11, 3.12, 3.13"),
        ("3.11", ["--run-olny"], {}, "--run-olny: there is no such option; allowed are --run-only and --no-spark"),
    ],
)
def test_what_it_cannot_work_with_is_one_line(machine, version, options, variables, said):
    machine.has_python(version)
    assert said in refused(machine, *options, **variables)


def refused(machine: Machine, *options: str, **variables: str) -> str:
    done = machine.run(*options, **variables)
    assert done.returncode in (1, 2)
    assert len(done.stderr.splitlines()) == 1
    assert not machine.log.exists(), "nothing was started"
    return done.stderr
