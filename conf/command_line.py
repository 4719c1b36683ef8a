"""What all command lines share: each mistake is one line with the nearest right word, and ends with code 2.

:class:`Parser` is argparse's with :class:`~conf.errors.BadSetting` in place of its usage message; the functions below
are the types of its arguments. They refuse a wrong value before anything is started.
"""

import argparse
import ast
import datetime
import importlib.util
import os
import pathlib
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

from conf import days
from conf.errors import BadSetting
from conf.nearest import meant, nearest
from conf.settings import add_flags, flag, refuse_passwords
from conf.settings.data_sections import NONE_OF, is_lake

PROGRAM = ""  # what the user typed, where it is not ``python -m MODULE``: set by what starts a module by another name


class Parser(argparse.ArgumentParser):
    """Flags are not abbreviated: a new flag would change what an old script means."""

    def __init__(self, doc: str | None, **options: Any) -> None:
        options = {"prog": PROGRAM or program(), "formatter_class": argparse.RawDescriptionHelpFormatter, **options}
        super().__init__(description=doc, allow_abbrev=False, **options)

    def parse_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> argparse.Namespace:
        """
        Raises:
            BadSetting: a word is not known, has a wrong value, or is missing.
        """
        words = sys.argv[1:] if args is None else list(args)
        refuse_passwords(words)
        # Before argparse says that a word is missing: it may be the mistyped one.
        for word in words[: words.index("--")] if "--" in words else words:
            if word.startswith("--") and word.partition("=")[0] not in self._option_string_actions:
                self.refuse_unknown(word)
        known, others = self.parse_known_args(words, namespace)
        for word in others:
            if word != "--":
                self.refuse_unknown(word)
        return known

    def refuse_unknown(self, word: str) -> NoReturn:
        """Name the flag that was probably meant, or say that the command takes no such word."""
        name = word.partition("=")[0]
        if not name.startswith("-"):
            raise BadSetting(f"{word!r} is not expected here; see {self.prog} --help")
        raise BadSetting(f"{name}: there is no such flag; {meant(name, self.flags(), f'see {self.prog} --help')}")

    def flags(self) -> list[str]:
        """Every flag that the help shows."""
        shown = [action for action in self._actions if action.help != argparse.SUPPRESS]
        return [word for action in shown for word in action.option_strings if word.startswith("--")]

    def error(self, message: str) -> NoReturn:
        """What argparse itself finds: a flag that is missing, or one without its value."""
        text = message.removeprefix("argument ").replace("the following arguments are required:", "required:")
        raise BadSetting(f"{text}; see {self.prog} --help")


FORMATS = ("table", "csv", "json")  # of an answer to a query


def add_query_flags(parser: Parser) -> None:
    """What ``make sql`` and the job that it starts both understand."""
    parser.add_argument("--query", help="statements to run, separated by ; (default: a prompt)")
    parser.add_argument(
        "--format",
        type=one_of("--format", FORMATS),
        default="table",
        metavar="NAME",
        help=f"of the answer: {', '.join(FORMATS)} (default: table)",
    )
    parser.add_argument("--write", action="store_true", help="allow statements that change tables, such as DELETE")
    add_flags(parser, "lake", "spark")


def program() -> str:
    """What runs this process, as the user typed it."""
    main = getattr(sys.modules.get("__main__"), "__spec__", None)
    name = main.name.removesuffix(".__main__") if main else ""
    return f"python -m {name}" if name else pathlib.Path(sys.argv[0]).name


def about(module: str) -> str:
    """The first sentence of a module's docstring, without running the module."""
    found = importlib.util.find_spec(module)
    if not found or not found.origin:
        raise LookupError(f"there is no module {module}")
    text = ast.get_docstring(ast.parse(pathlib.Path(found.origin).read_text())) or ""
    return " ".join(text.split()).partition(". ")[0].removesuffix(".")


def any_day(name: str) -> Callable[[str], datetime.date]:
    """A day, also one to come."""
    return lambda text: days.day(text, name)


def begun_day(name: str) -> Callable[[str], datetime.date]:
    """A day that has begun."""
    return lambda text: days.begun(days.day(text, name), name)


def whole(name: str, low: int, high: int | None = None) -> Callable[[str], int]:
    """A whole number within limits."""
    allowed = f"a whole number from {low} to {high}" if high is not None else f"a whole number of at least {low}"

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if value < low or (high is not None and value > high):
            raise BadSetting(f"{name}: found {text!r}, required is {allowed}")
        return value

    return parse


def port(text: str) -> int:
    """A TCP port; 0 asks for a free one."""
    return whole("--port", 0, 65_535)(text)


def one_of(name: str, choices: Iterable[str]) -> Callable[[str], str]:
    """One of some words."""
    words = list(choices)
    otherwise = f"required is one of {', '.join(words)}"

    def parse(text: str) -> str:
        if text not in words:
            raise BadSetting(f"{name}: found {text!r}; {meant(text, words, otherwise)}")
        return text

    return parse


def folder_to_make(text: str) -> pathlib.Path:
    """A folder that is there and can be written, or can be made.

    Raises:
        BadSetting: no lake can lie there, a file or a link to nothing stands in its place, or it cannot be written.
    """
    path = pathlib.Path(text).absolute()
    if not is_lake(str(path)):
        raise BadSetting(f"{text!r}: required is a folder whose whole path has {NONE_OF}; found {str(path)!r}")
    place = next(place for place in (path, *path.parents) if os.path.lexists(place))
    if not place.exists():
        raise BadSetting(
            f"{text}: {place} is a link to {place.readlink()}, which is not there; make that folder, or mend it"
        )
    if not place.is_dir():
        raise BadSetting(f"{text}: {place} is a file, required is a folder")
    if not os.access(place, os.W_OK | os.X_OK):
        raise BadSetting(f"{text}: {place} cannot be written by this user; required is a folder that can")
    return path


def refuse_no_folder(root: str, name: str = flag("lake", "root")) -> None:
    """
    Raises:
        BadSetting: a folder of this machine that is not there; the message names the nearest that is.
    """
    path = pathlib.Path(root)
    if "://" in root:
        return
    if path.is_dir():
        if (path / "lake").is_dir() and not (path / "raw").is_dir():  # the folder of the lake and what goes with it
            raise BadSetting(f"{name}: found no lake at {root}; did you mean {path / 'lake'}?")
        return
    parent = next(place for place in path.absolute().parents if place.is_dir())
    beside = sorted(found.name for found in parent.iterdir() if found.is_dir() and parent == path.absolute().parent)
    near = nearest(path.name, beside)
    hint = f"did you mean {parent / near}?" if near else "make run makes the demo's, in data/demo/lake"
    what = "a file" if path.exists() else "no folder"
    raise BadSetting(f"{name}: found {what} at {root}, required is the folder of a lake; {hint}")
