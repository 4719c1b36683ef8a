"""SQL text taken apart as far as a prompt needs it: where a statement ends, and whether it only reads."""

import dataclasses
import re
from collections.abc import Iterator

READING = ("SELECT", "WITH", "FROM", "VALUES", "TABLE", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "SET", "RESET")
# What may follow the common table expressions of WITH, or the source of FROM, and writes.
WRITING = ("INSERT INTO", "INSERT OVERWRITE", "DELETE FROM", "MERGE INTO", "MERGE WITH", "UPDATE")

TOKEN = re.compile(
    r"""
    (?P<comment> --[^\n]* | /\*.*?(?:\*/|\Z) )
  | (?P<quoted> [rR]'[^']*(?:'|\Z) | [rR]"[^"]*(?:"|\Z)   # raw: a backslash is a backslash
              | '(?:[^'\\]|\\.)*(?:'|\Z) | "(?:[^"\\]|\\.)*(?:"|\Z) | `[^`]*(?:`|\Z) )
  | (?P<word> \w+ )
  | (?P<space> \s+ )
  | (?P<mark> . )
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclasses.dataclass(frozen=True)
class Token:
    kind: str
    text: str
    start: int


def tokens(text: str) -> Iterator[Token]:
    """What counts in the text: words, marks and quoted parts, without spaces and comments."""
    for found in TOKEN.finditer(text):
        if found.lastgroup not in ("comment", "space"):
            yield Token(str(found.lastgroup), found.group(), found.start())


def split(text: str) -> list[str]:
    """The statements of a text that a ``;`` ends, and what is left after the last; those with nothing in them go."""
    ends = [token.start for token in tokens(text) if token.text == ";"]
    parts = [
        text[start:end].strip() for start, end in zip([0, *(end + 1 for end in ends)], [*ends, len(text)], strict=True)
    ]
    return [part for part in parts if any(tokens(part))]


def finished(text: str) -> bool:
    """Whether nothing is to come: the last thing that counts is a ``;``, or there is nothing."""
    found = list(tokens(text))
    return not found or found[-1].text == ";"


def words(text: str) -> set[str]:
    """The words of a text in lower case, those in backticks too."""
    return {token.text.strip("`").lower() for token in tokens(text) if token.kind == "word" or token.text[0] == "`"}


def writes(statement: str) -> str:
    """The first word of what is more than reading; empty where a statement only reads."""
    depth, outer = 0, []
    for token in tokens(statement):
        depth += (token.text == "(") - (token.text == ")")
        if depth == 0 and token.kind == "word":
            outer.append(token.text.upper())
    first = next(tokens(statement), None)
    if first is None or first.text == "(":
        return ""
    if first.text.upper() not in READING:
        return first.text.upper()
    if first.text.upper() not in ("WITH", "FROM"):
        return ""
    pairs = [f"{word} {following}" for word, following in zip(outer, [*outer[1:], ""], strict=True)]
    after = (pair for pair in pairs if pair in WRITING or (pair.startswith("UPDATE ") and "SET" in outer))
    return next(after, "").partition(" ")[0]
