"""``moovitamix COMMAND``: finds the command, and runs its module in this process with the words that follow.

click gives the groups of the help, the suggestion for a mistyped name, and completion in bash, zsh and fish; a
command's own words are read by the command, as ``python -m`` of its module does.
"""

import os
import runpy
import sys
from importlib.metadata import PackageNotFoundError, version

import click
from click.shell_completion import CompletionItem

from cli.commands import COMMANDS, GROUPS, Entry
from cli.flag_completion import completed
from conf import command_line
from conf.command_line import about
from conf.errors import BadSetting, Refused, tell
from conf.nearest import meant
from conf.program import settle
from conf.stopping import stoppable

NAME = "moovitamix"
EPILOG = f"""\b
{NAME} COMMAND --help tells more of one.
Completion in bash, zsh or fish (here bash):
  eval "$(_{NAME.upper()}_COMPLETE=bash_source {NAME})"
"""


class Command(click.Command):
    """A module of the project; all words after its name are its own."""

    def __init__(self, name: str, entry: Entry) -> None:
        words = click.Argument(["words"], nargs=-1, type=click.UNPROCESSED, shell_complete=self._completed)
        settings = {"ignore_unknown_options": True, "allow_interspersed_args": False}
        super().__init__(name, params=[words], context_settings=settings, add_help_option=False)
        self.entry = entry

    def get_short_help_str(self, limit: int = 45) -> str:
        return self.entry.about or about(self.entry.module)

    def invoke(self, ctx: click.Context) -> None:
        """Run the module as the program of this process. It ends the process with its own code."""
        command_line.PROGRAM = f"{NAME} {self.name}"
        sys.argv = [self.entry.module, *self.entry.words, *ctx.params["words"]]
        with stoppable():  # click has an end of its own for Ctrl-C
            runpy.run_module(self.entry.module, run_name="__main__", alter_sys=True)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        return completed(self.entry.module, incomplete)

    def _completed(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return self.shell_complete(ctx, incomplete)


class CommandGroup(click.Group):
    """All commands, shown by what they are for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return Command(cmd_name, COMMANDS[cmd_name]) if cmd_name in COMMANDS else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, COMMANDS))
        for group, entries in GROUPS.items():
            with formatter.section(group):
                rows = [
                    (name.ljust(width), Command(name, entry).get_short_help_str()) for name, entry in entries.items()
                ]
                formatter.write_dl(rows)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """
        Raises:
            BadSetting: there is no command of this name.
        """
        name = args[0]
        if name not in COMMANDS and not ctx.resilient_parsing:
            raise BadSetting(f"{name}: there is no such command; {meant(name, COMMANDS, f'see {NAME} --help')}")
        return super().resolve_command(ctx, args)


def installed() -> str:
    try:
        return version("moovitamix-recommender")
    except PackageNotFoundError:  # run from its files
        return "not installed"


@click.command(NAME, cls=CommandGroup, epilog=EPILOG, context_settings={"max_content_width": 100})
@click.version_option(installed(), prog_name=NAME)
def group() -> None:
    """Daily music recommendations: run days, look at them, serve their lists."""


def run() -> None:
    """Run the command that the words name; a mistake is one line and code 2."""
    try:
        if f"_{NAME.upper()}_COMPLETE" not in os.environ:  # a shell that completes a line wants words alone
            settle()
        group(sys.argv[1:] or ["--help"], prog_name=NAME, standalone_mode=False)
    except Refused as refusal:
        tell(refusal)
        raise SystemExit(refusal.code) from None
    except click.ClickException as error:
        tell(BadSetting(f"{error.format_message()}; see {NAME} --help"))
        raise SystemExit(BadSetting.code) from None
