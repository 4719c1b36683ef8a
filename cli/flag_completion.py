"""What can follow a command's name: its flags, as its own parser has them."""

import contextlib
import importlib
from collections.abc import Callable

from click.shell_completion import CompletionItem

from conf.command_line import Parser


def completed(module: str, incomplete: str) -> list[CompletionItem]:
    """The flags of a module's parser that begin so. A module that cannot be loaded completes nothing."""
    parser = None
    with contextlib.suppress(Exception):  # a completion must never print an error into the user's line
        parser = parser_of(module)
    if parser is None:
        return []
    helps = {word: action.help or "" for action in parser._actions for word in action.option_strings}
    return [
        CompletionItem(flag, help=helps[flag].partition(" (")[0])
        for flag in parser.flags()
        if flag.startswith(incomplete)
    ]


def parser_of(module: str) -> Parser:
    """What the module reads its command line with: its function ``arguments`` or ``parser``."""
    loaded = importlib.import_module(module)
    make: Callable[[], Parser] = getattr(loaded, "arguments", None) or loaded.parser
    return make()
