"""The files that settings stand in: which are read, in which order, and what each says.

They are those that Luigi reads, so that a task and its job see the same: the machine's ``/etc/luigi/luigi.cfg``, the
working folder's ``luigi.cfg``, and the one that ``LUIGI_CONFIG_PATH`` names. All that are there are read, and a later
one replaces single values of those before. A value is taken as it stands: ``%`` and ``$`` mean nothing.
"""

import configparser
import dataclasses
import functools
import os
import pathlib
import re
import shlex
import stat

from conf.errors import BadSetting
from conf.nearest import nearest
from conf.settings.keys import is_secret
from conf.settings.sections import SECTIONS

# As in Luigi's own list. It calls client.cfg old, and reads it.
USUAL = ("/etc/luigi/client.cfg", "/etc/luigi/luigi.cfg", "client.cfg", "luigi.cfg")
FORMATS = ("cfg", "conf", "ini")  # by which names Luigi calls the one parser that reads these files
LUIGIS = {"email"}  # a section of Luigi's that is spelt much like one of ours


@dataclasses.dataclass(frozen=True)
class Given:
    """A text of a file, and where it stands."""

    text: str
    file: str
    line: int

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


def found_files() -> list[pathlib.Path]:
    """The files that are there, in the order in which they are read.

    Raises:
        BadSetting: Luigi would read others, or the file that ``LUIGI_CONFIG_PATH`` names is not there.
    """
    parser, named = os.environ.get("LUIGI_CONFIG_PARSER", ""), os.environ.get("LUIGI_CONFIG_PATH", "")
    if parser == "toml" or named.endswith(".toml"):
        variable, found = ("LUIGI_CONFIG_PARSER", parser) if parser == "toml" else ("LUIGI_CONFIG_PATH", named)
        raise BadSetting(
            f"{variable}: found {found!r}, required is a file such as luigi.cfg, which tasks and jobs read alike; "
            f"unset it, or put what the TOML file says into luigi.cfg"
        )
    if named and not os.path.isfile(named):
        raise BadSetting(
            f"LUIGI_CONFIG_PATH: there is no file {named} (working folder: {os.getcwd()}); name one that is there, or unset it"
        )
    return [path for path in map(pathlib.Path, (*USUAL, *([named] if named else []))) if path.exists()]


def read_given(path: str | os.PathLike = "") -> dict[str, dict[str, Given]]:
    """Our sections of all files, or of the one that is named, by section and key.

    Raises:
        BadSetting: a file cannot be read, or holds a secret that others can read.
    """
    merged: dict[str, dict[str, Given]] = {}
    for file in [pathlib.Path(path)] if path else found_files():
        try:
            found = os.stat(file)
        except OSError as error:
            raise BadSetting(f"{file}: cannot be read ({error.strerror}); required is a file of settings") from None
        state = (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size)
        for section, values in _read(str(file), state, found.st_mode, found.st_uid).items():
            merged.setdefault(section, {}).update(values)
    return merged


def read_file(path: str | os.PathLike = "") -> dict[str, dict[str, str]]:
    """The same as texts: what :func:`conf.settings.parse` takes."""
    return {
        section: {name: given.text for name, given in values.items()} for section, values in read_given(path).items()
    }


@functools.lru_cache(maxsize=8)  # a task asks for its settings many times; whoever changes the file changes its time
def _read(path: str, state: tuple[int, ...], mode: int, owner: int) -> dict[str, dict[str, Given]]:
    text = _text(path)
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # as Luigi: capitals are another key
    try:
        parser.read_string(text, path)
    except configparser.Error as error:
        # Its message may show the line, and the line may hold a secret.
        line = getattr(error, "lineno", None) or getattr(error, "errors", [("?", "")])[0][0]
        twice = isinstance(error, (configparser.DuplicateOptionError, configparser.DuplicateSectionError))
        found = "stands there a second time" if twice else "cannot be read"
        raise BadSetting(
            f"{path}: line {line} {found}; required is key = value, once, under a [section] that stands once"
        ) from None
    lines = _lines(text)
    for section in parser.sections():
        _refuse_misspelt(path, section)
        for name, value in parser[section].items():
            if is_secret(name, value):
                _refuse_what_others_read(path, mode, owner, f"[{section}] {name}")
    return {
        section: {name: Given(value, path, lines.get((section, name), 0)) for name, value in parser[section].items()}
        for section in SECTIONS
        if parser.has_section(section)
    }


def _text(path: str) -> str:
    try:
        return pathlib.Path(path).read_text(encoding="utf-8")
    except OSError as error:  # Luigi would go on without the file
        raise BadSetting(f"{path}: cannot be read ({error.strerror}); make it readable for this user") from None
    except UnicodeDecodeError:
        raise BadSetting(f"{path}: found bytes that are not UTF-8; required is a text in UTF-8") from None


def _lines(text: str) -> dict[tuple[str, str], int]:
    """The number of each key's line."""
    found, section = {}, ""
    for number, line in enumerate(text.splitlines(), 1):
        if head := re.match(r"\[([^\]]+)\]", line):
            section = head[1]
        elif entry := re.match(r"([^\s#;=:][^=:]*?)\s*[=:]", line):
            found[section, entry[1]] = number
    return found


def _refuse_misspelt(path: str, section: str) -> None:
    """Luigi lets a section be that nothing reads, so that its values would be lost. One with a capital is a task's."""
    near = nearest(section, SECTIONS, 0.8)
    if near and near != section and section not in LUIGIS and section[0] == section[0].lower():
        raise BadSetting(f"{path}: [{section}] is not a section; did you mean [{near}]?")


def _refuse_what_others_read(path: str, mode: int, owner: int, where: str) -> None:
    """A file of another user, such as root's with this user's group, may be read by its group."""
    own = owner == os.geteuid()
    if mode & (0o077 if own else 0o007):
        mend = f"chmod {'600' if own else 'o='} {shlex.quote(path)}"
        raise BadSetting(
            f"{path}: {where} is a secret, and others can read the file (mode {stat.S_IMODE(mode):04o}); {mend}"
        )
