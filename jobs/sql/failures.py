"""An error in one line, and the place in the statement where Spark names one; never its stack."""

import re

from pyspark.errors import PySparkException

from conf.errors import Refused, line

# Spark counts columns from 0 in "line 1 pos 14", and from 1 in "line 1, position 8".
PLACE = re.compile(r"line (\d+),? pos(ition)? (\d+)")
# What follows is for machines (SQLSTATE), the plan, the statement again, or the stack.
TAIL = re.compile(r"\s*(SQLSTATE: \w+.*|\(line \d+, pos \d+\).*|; line \d+ pos \d+;?.*)")


def text(error: BaseException, statement: str) -> str:
    """The lines to print for an error."""
    if isinstance(error, Refused):
        return line(error)
    message = str(error).partition("JVM stacktrace:")[0].strip()
    if isinstance(error, PySparkException) and _unreachable(message):
        return "error: the Spark Connect server does not answer any more; start again"
    first = TAIL.sub("", message.partition("\n")[0]).strip() or type(error).__name__
    return "\n".join([f"error: {first}", *_marked(message, statement)])


def _unreachable(message: str) -> bool:
    return "StatusCode.UNAVAILABLE" in message or "RETRIES_EXCEEDED" in message


def _marked(message: str, statement: str) -> list[str]:
    """The line of the statement that is meant, and a mark below the place."""
    found = PLACE.search(message)
    lines = statement.splitlines()
    if not found or not 1 <= int(found[1]) <= len(lines):
        return []
    place = int(found[3]) - (1 if found[2] else 0)
    return [f"  {lines[int(found[1]) - 1]}", f"  {' ' * place}^ line {found[1]}, column {place + 1}"]
