"""What can follow a command's name: its flags, as its own parser has them, and the words of a module's ``completions``."""

import contextlib
import importlib
from collections.abc import Callable

from click.shell_completion import CompletionItem

from conf.command_line import Parser


def completed(module: str, incomplete: str) -> list[CompletionItem]:
    """Flags of a module's parser, or its words, that begin so. A module that cannot be loaded completes nothing."""
    parser, words = None, None
    with contextlib.suppress(Exception):  # a completion must never print an error into the user's line
        parser = parser_of(module)
        words = getattr(importlib.import_module(module), "completions", None)
    if parser is None:
        return []
    if not incomplete.startswith("-"):
        return [CompletionItem(word) for word in words(incomplete)] if words else []
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
