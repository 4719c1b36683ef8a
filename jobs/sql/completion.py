"""Completion at the prompt: SQL's words, tables, views, and the columns of those that the text mentions."""

import string
from collections.abc import Iterable, Iterator

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from conf.tables import TABLES
from conf.views import VIEWS
from jobs.sql.known_names import columns
from jobs.sql.statements import words

COMMANDS = ("help", "tables", "describe", "exit")
KEYWORDS = """
SELECT DISTINCT FROM WHERE GROUP BY HAVING ORDER LIMIT JOIN LEFT RIGHT FULL OUTER CROSS SEMI ANTI ON USING UNION ALL
EXCEPT INTERSECT WITH AS AND OR NOT IN BETWEEN LIKE ILIKE RLIKE IS NULL EXISTS CASE WHEN THEN ELSE END ASC DESC NULLS
FIRST LAST OVER PARTITION ROWS RANGE LATERAL VIEW EXPLODE VERSION TIMESTAMP OF DATE INTERVAL CAST COUNT SUM AVG MIN MAX
ROUND COALESCE DESCRIBE HISTORY SHOW TABLES EXPLAIN VALUES TRUE FALSE
"""
WORD = string.ascii_letters + string.digits + "_"


class NameCompleter(Completer):
    def get_completions(self, document: Document, event: CompleteEvent) -> Iterator[Completion]:
        typed = document.get_word_before_cursor(pattern=None)
        typed = typed[len(typed.rstrip(WORD)) :] if typed else ""
        if not typed and not event.completion_requested:
            return
        for text, meta in candidates(document.text, document.text_before_cursor[: -len(typed) or None]):
            if text.lower().startswith(typed.lower()) and text.lower() != typed.lower():
                shown = text.lower() if typed.islower() else text
                yield Completion(shown, start_position=-len(typed), display_meta=meta)


def candidates(text: str, before: str) -> Iterable[tuple[str, str]]:
    """What may stand after ``before``, each with a word on what it is; after a ``.`` columns alone."""
    named = [name for name in (*TABLES, *VIEWS) if name in words(text)]
    of = {column: name for name in named or (*TABLES, *VIEWS) for column in columns(name)}
    found = [(column, f"column of {name}") for column, name in of.items()]
    if before.endswith("."):
        return found
    names = [*((name, "table") for name in TABLES), *((name, "view") for name in VIEWS)]
    commands = [(word, "command") for word in COMMANDS] if not before.strip() else []
    keywords = [(word, "") for word in KEYWORDS.split()]
    if before.upper().split()[-1:] in (["FROM"], ["JOIN"], ["DESCRIBE"], ["HISTORY"], [r"\D"]):
        return [*names, *found]
    return [*commands, *(found if named else []), *names, *keywords, *([] if named else found)]
