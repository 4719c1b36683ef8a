"""Every command, job and target of make, with a mistyped name, flag, value, date and folder: one line, code 2, nothing done."""

import pathlib
import re
import subprocess

import pytest

from cli.commands import COMMANDS
from jobs.__main__ import JOBS
from tests.cli.typist import Typist

pytestmark = pytest.mark.slow

ROOT = pathlib.Path(__file__).parents[2]
LAKE = "--lake-keep-raw-days=never"
NO_LAKE = {"demo", "demo-drift", "demo-health", "demo-api", "services", "settings"}
MAKES_LAKE = {"day", "backfill", "nightly"}  # where none is yet
VALUES = {
    "demo": "--days=none",
    "demo-drift": "--drift-after=0",
    "demo-health": "--port=70000",
    "demo-api": "--port=http",
    "services": "upp",
    "settings": "api.pagesize",
    "sql": "--format=xml",
    "forget": "--user=ann",
    "trend": "--since=monday",
    "clean": "--entity=trakcs",
    "mlflow": "--port=none",
    "mlflow_page": "--port=none",
    "app": "--app-port=none",
    "metrics": "--metrics-port=none",
    "exporter": "--metrics-port=none",
}
REQUIRED = {
    "forget": ["--user=7"],
    "clean": ["--entity=tracks"],
    "backfill": ["--start=2024-03-01", "--end=2024-03-02"],
}
STEPS = {"clean", "evaluate", "decide", "train", "promote", "recommend", "publish", "maintain"}
DATED = {"day", "nightly", "status", "summary", "health", "report", "trend", "rollback", "mail", "notify"} | STEPS
FLAGS = {"demo": "--dais=2", "demo-drift": "--drift-aftr=2", "demo-health": "--rot=x", "demo-api": "--prot=1"}
FLAGS |= {"services": "--rot=x", "settings": "--shema"}
ALL = [["moovitamix", name] for name in COMMANDS] + [["jobs", name] for name in JOBS]


@pytest.fixture(scope="module")
def typist():
    hand = Typist()
    yield hand
    hand.close()


@pytest.fixture
def refused(typist, tmp_path):
    """Types a command line in a folder with an empty lake; the line that refused it."""
    (tmp_path / "lake").mkdir()

    def type_(*words: str) -> str:
        typed = typist.type(list(words), tmp_path)
        assert (typed.code, typed.out) == (2, ""), typed
        [line] = typed.err.splitlines()
        assert line.startswith("error: ")
        assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")] == ["lake"]
        return line

    return type_


def needed(name: str) -> list[str]:
    return REQUIRED.get(name, []) + (["--date=2024-03-01"] if name in STEPS else [])


def here(name: str) -> list[str]:
    return [] if name in NO_LAKE else ["--lake-root=lake"]


def id_of(words: list[str]) -> str:
    return " ".join(words)


@pytest.mark.parametrize("words", ALL, ids=id_of)
def test_a_mistyped_name_is_answered_with_the_nearest(refused, words):
    name = words[1]
    mistyped = f"{name[:2]}{name[3:]}" if len(name) > 3 else f"{name}x"
    assert refused(words[0], mistyped).endswith(f"did you mean {name}?")


@pytest.mark.parametrize("words", ALL, ids=id_of)
def test_so_is_a_mistyped_flag(refused, words):
    flag = FLAGS.get(words[1], "--lake-rot=lake")
    line = refused(*words, *needed(words[1]), flag)
    assert re.search(rf"{flag.partition('=')[0]}: there is no such flag; did you mean --[a-z-]+\?$", line)


@pytest.mark.parametrize("words", ALL, ids=id_of)
def test_a_wrong_value_is_named_with_what_is_allowed(refused, words):
    value = VALUES.get(words[1], LAKE)
    own = [word for word in needed(words[1]) if word.partition("=")[0] != value.partition("=")[0]]
    assert re.search(r"found|there is no such|did you mean", refused(*words, *here(words[1]), *own, value))


BEGUN = DATED - {"rollback", "mail", "notify"}  # a rollback may be for a day to come


@pytest.mark.parametrize(
    ("words", "date"),
    [(words, date) for words in ALL if words[1] in DATED for date in ("2024-13-01", "yesterday")]
    + [(words, "2999-01-01") for words in ALL if words[1] in BEGUN],
    ids=lambda value: value if isinstance(value, str) else id_of(value),
)
def test_a_wrong_date_is_refused(refused, words, date):
    others = [word for word in needed(words[1]) if not word.startswith("--date")]
    line = refused(*words, *here(words[1]), *others, f"--date={date}")
    assert re.search(r"--date: (found '.*', required is a day as YYYY-MM-DD|2999-01-01 has not come yet)", line)


@pytest.mark.parametrize("words", [words for words in ALL if words[1] not in NO_LAKE | MAKES_LAKE], ids=id_of)
def test_a_folder_that_is_not_there_is_answered_with_the_nearest(refused, words, tmp_path):
    line = refused(*words, *needed(words[1]), "--lake-root=lak")
    assert line.endswith(f"found no folder at lak, required is the folder of a lake; did you mean {tmp_path}/lake?")


@pytest.mark.parametrize("name", sorted(MAKES_LAKE))
def test_a_file_in_the_place_of_the_folder_is_refused(typist, tmp_path, name):
    (tmp_path / "file").touch()
    typed = typist.type(["moovitamix", name, *needed(name), "--lake-root=file"], tmp_path)
    assert (typed.code, (typed.err + typed.out).count("\n")) == (2, 1), typed
    assert "is a file, required is a folder" in typed.err + typed.out


def make(*words: str) -> subprocess.CompletedProcess:
    # What is set up already is not set up again.
    command = ["make", "--no-print-directory", "-o", "setup", "-o", "setup-s3", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


def refused_by_make(*words: str) -> str:
    """The line that refused it; make adds one of its own, that the recipe failed."""
    done = make(*words)
    lines = [line for line in done.stderr.splitlines() if not line.startswith("make: ***")]
    assert (done.returncode, done.stdout, len(lines)) == (2, "", 1), done
    return lines[0]


def test_a_mistyped_target_is_answered_with_the_nearest():
    assert refused_by_make("statsu") == "error: make statsu: there is no such target; did you mean make status?"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["status", "ROOT=data/demo/lak"], "found no folder at data/demo/lak"),
        (["health", "ROOT=.", "DATE=soon"], "required is a day as YYYY-MM-DD"),
        (["report", "ROOT=.", "DATE=2999-01-01"], "has not come yet"),
        (["app", "ROOT=.", "PORT=none"], "[app] port: found 'none'"),
        (["metrics", "ROOT=.", "PORT=none"], "[metrics] port: found 'none'"),
        (["mlflow", "ROOT=.", "PORT=none"], "--port: found 'none'"),
        (["sql", "ROOT=nowhere", "Q=SELECT 1"], "found no folder at nowhere"),
        (["sql", "ROOT=.", "FORMAT=xml", "Q=SELECT 1"], "--format: found 'xml'"),
        (["rollback", "ROOT=.", "DATE=soon"], "required is a day as YYYY-MM-DD"),
        (["forget"], "make forget: whom? USER=17"),
        (["forget", "USER=ann", "ROOT=."], "--user: found 'ann'"),
        (["run", "DAYS=0"], "--days: found '0'"),
        (["settings", "ONLY=api.pagesize"], "did you mean page_size?"),
        (["up-local", "UP=README.md"], "is a file, required is a folder"),
        (["trend", "ROOT=nowhere"], "found no folder at nowhere"),
        (["models", "ROOT=nowhere"], "found no folder at nowhere"),
        (["check-lake", "ROOT=nowhere"], "found no folder at nowhere"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_wrong_value_of_a_target_is_refused_by_its_command(words, said):
    assert said in refused_by_make(*words)
