"""How a program of the project begins: its environment, umask and limits, and the Java that it may need."""

import contextlib
import os
import pathlib
import pwd
import re
import resource
import shutil
import sys
import time
from collections.abc import Mapping, MutableMapping

from conf.environment import cleaned, direct, foreign
from conf.errors import BadSetting, Refused, refusals_told

# Read by Python alone, when it starts.
AT_START = ("PYTHONPATH", "PYTHONWARNINGS", "PYTHONHOME", "PYTHONPLATLIBDIR", "PYTHONOPTIMIZE")
FILES = 4096  # files that a process may have open, where the machine allows as many
FEWEST_FILES = 256
JAVA = 17
PAGE = "docs/reference/settings.md"


def settle(environ: MutableMapping[str, str] = os.environ) -> None:
    """Settle this process's environment, umask and limit of files: the first thing that a program of the project does.

    Where Python itself has started by a variable that is left out, the program is started again without it.

    Raises:
        Refused: fewer files may be open than the project needs.
    """
    before, after = dict(environ), cleaned(environ)
    for name in before.keys() - after.keys():
        del environ[name]
    environ.update(after)
    time.tzset()
    os.umask(os.umask(0o077) & 0o077 | 0o002)  # its owner can read what is written, and others never change it
    if odd := foreign(before, after):
        print(f"not taken from the environment: {', '.join(odd)} ({PAGE} says why)", file=sys.stderr, flush=True)
    if _started_wrongly(before, after):
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], after)  # noqa: S606 - the words that started it
    _allow_files()


def settle_driver(environ: MutableMapping[str, str] = os.environ) -> None:
    """As :func:`settle`, in a process that spark-submit has started: what Spark has set there is needed."""
    environ.update(direct(environ))
    environ["TZ"] = "UTC"
    time.tzset()
    _allow_files()


def settle_module() -> None:
    """Settle where a package is imported because one of its modules is the program: ``python -m package.module``."""
    if sys.argv[:1] == ["-m"]:  # until the module is found
        with refusals_told():
            settle()


def _started_wrongly(before: Mapping[str, str], after: Mapping[str, str]) -> bool:
    if any(before.get(name) and before[name] != after.get(name) for name in AT_START):
        return True
    encodings = {
        sys.getfilesystemencoding(),
        *(stream.encoding for stream in (sys.stdout, sys.stderr) if stream and stream.encoding),
    }
    again = before.get("PYTHONUTF8") == "1" and not before.get("PYTHONIOENCODING")
    return not again and any(encoding.lower() != "utf-8" for encoding in encodings)


def _allow_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    endless = resource.RLIM_INFINITY
    if hard != endless and hard < FEWEST_FILES:
        raise Refused(
            f"ulimit -n: found {hard}, which is how many files a process may have open; required is at least {FEWEST_FILES}"
        )
    wanted = FILES if hard == endless else min(FILES, hard)
    if soft != endless and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def require_java(environ: Mapping[str, str] = os.environ) -> None:
    """What starts a JVM calls this first.

    Raises:
        BadSetting: there is no Java where ``JAVA_HOME`` says, else on the path, it is too old, or this user has no name.
    """
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        raise BadSetting(
            f"the user id {os.geteuid()} has no entry in the list of users (/etc/passwd), and Spark needs a name; "
            "add an entry, or run as a user that has one"
        ) from None
    home = environ.get("JAVA_HOME", "")
    if not home:
        if not shutil.which("java", path=environ.get("PATH")):
            raise BadSetting(f"no Java was found; required is Java {JAVA} or later: install it, or set JAVA_HOME")
        return
    if not os.access(pathlib.Path(home) / "bin" / "java", os.X_OK):
        raise BadSetting(
            f"JAVA_HOME: found {home}, which has no bin/java; required is the folder of Java {JAVA} or later; "
            "correct it, or unset it to take the java of the path"
        )
    release = pathlib.Path(home) / "release"
    stated = re.search(r'JAVA_VERSION="(?:1\.)?(\d+)', release.read_text()) if release.is_file() else None
    if stated and int(stated[1]) < JAVA:
        raise BadSetting(f"JAVA_HOME: found {home}, which is Java {stated[1]}; required is Java {JAVA} or later")
