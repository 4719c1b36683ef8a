"""Show each setting: its value, its source, what it may be.

It says what the setting means as well. Secrets are not shown.

python -m tasks.run.show_settings                    all
python -m tasks.run.show_settings api                a section
python -m tasks.run.show_settings api.page_size      one setting
python -m tasks.run.show_settings --schema           what is allowed, as a JSON schema

A flag of any setting, such as --als-rank=32, shows what a command with this flag would work with.
"""

import dataclasses
import json
import sys
import textwrap
from collections.abc import Iterable, Sequence

from conf.command_line import Parser, one_of
from conf.errors import BadSetting, refusals_told
from conf.nearest import meant
from conf.settings import SECTIONS, add_flags, found_files, from_flags, given_flags, read_given, settings_of
from conf.settings.origins import Known, known
from conf.settings.schema_of_files import json_schema
from conf.stopping import stoppable

WIDTH, INDENT, NEWLINE = 100, "      ", "\n"


def arguments() -> Parser:
    parser = Parser(__doc__)
    parser.add_argument(
        "which", nargs="?", default="", metavar="SECTION[.KEY]", help="what to show (default: all settings)"
    )
    parser.add_argument(
        "--format",
        type=one_of("--format", ("text", "json")),
        default="text",
        metavar="NAME",
        help="of what is shown: text or json (default: text)",
    )
    parser.add_argument("--schema", action="store_true", help="print the JSON schema of all settings instead")
    add_flags(parser, *SECTIONS)
    return parser


def main(words: Sequence[str] | None = None) -> int:
    """
    Raises:
        BadSetting: there is no such section or setting, or a value is not allowed.
    """
    args = arguments().parse_args(words)
    if args.schema:
        print(json.dumps(json_schema(), indent=2))
        return 0
    section, name = chosen(args.which)
    rows = [
        row
        for row in known(from_flags(args), read_given(), given_flags(args))
        if section in ("", row.section) and name in ("", row.key)
    ]
    if args.format == "json":
        print(json.dumps([dataclasses.asdict(row) for row in rows], indent=2))
    else:
        print(text(rows, [str(path) for path in found_files()]))
    return 0


def chosen(which: str) -> tuple[str, str]:
    """The section and the key that a word names; each is empty where all are asked for. ``[api] page_size`` does as well.

    Raises:
        BadSetting: there is none of that name.
    """
    section, _, name = which.replace("[", "").replace("] ", ".").replace("]", "").partition(".")
    if section and section not in SECTIONS:
        raise BadSetting(f"{section}: there is no such section; {_near(section, SECTIONS)}")
    if name and name not in settings_of(section):
        raise BadSetting(f"[{section}] {name}: there is no such setting; {_near(name, settings_of(section))}")
    return section, name


def completions(incomplete: str) -> list[str]:
    """Sections; the settings of one where its name and a dot are typed."""
    section, dot, _ = incomplete.partition(".")
    names = [f"{section}.{name}" for name in settings_of(section)] if dot and section in SECTIONS else list(SECTIONS)
    return [name for name in names if name.startswith(incomplete)]


def _near(word: str, names: Iterable[str]) -> str:
    return meant(word, names, f"known are {', '.join(names)}")


def text(rows: Iterable[Known], files: Sequence[str]) -> str:
    """For a terminal: a heading a section, and of each setting its value, its source and, indented, what it means."""
    lines = [f"Files, of which a later one goes before: {', '.join(files) or 'none'}"]
    section = ""
    for row in rows:
        if row.section != section:
            section = row.section
            lines += ["", f"[{section}]"]
        changed = f"; default: {row.default or 'empty'}" * (row.source != "default")
        lines.append(f"  {row.key} = {' | '.join(row.value.split(NEWLINE)) or '(empty)'}   ({row.source}{changed})")
        lines += _wrapped(f"{row.meaning}; allowed: {row.allowed}")
        if row.variable:
            lines += _wrapped(f"set by {row.variable}, or by the file that {row.variable}_FILE names")
    return NEWLINE.join(lines)


def _wrapped(sentence: str) -> list[str]:
    return textwrap.wrap(sentence, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT, break_long_words=False)


if __name__ == "__main__":
    with stoppable(), refusals_told():
        sys.exit(main())
