"""What the prompt answers by itself, without Spark: help, the tables, the columns of one."""

from conf.table import Table
from conf.tables import TABLES
from conf.views import VIEWS, View
from lake.access import Lake

HELP = r"""
  SELECT …;       Spark SQL, ended by ; (it may take several lines)
  tables          the tables and views (\d)
  describe NAME   the columns of one (\d NAME)
  help            this (\?)
  exit            leave (\q, Ctrl-D)

  Tab completes, the arrow up brings back what was typed, Ctrl-R searches it.
  Ctrl-C stops a query, or drops what is being typed.

  A table's versions   DESCRIBE HISTORY listens;
  what it held then    SELECT count(*) FROM listens VERSION AS OF 3;
  or at a time (UTC)   SELECT … FROM listens TIMESTAMP AS OF '2026-01-31 06:00:00';
""".strip("\n")


def answer(text: str, lake: Lake) -> str | None:
    """The answer to a command of the prompt; ``None`` for what is Spark's."""
    match text.strip().rstrip(";").split():
        case [word] if word.lower() in ("help", r"\?", r"\h", "?"):
            return HELP
        case [word] if word.lower() in ("tables", r"\d", r"\dt", r"\dv"):
            return tables(lake)
        case [word, name] if word.lower() in ("describe", "desc", r"\d") and name.lower() in {**TABLES, **VIEWS}:
            return describe(name.lower())
        case [r"\d", name]:
            return f"there is no table or view {name}; tables lists them"
    return None


def leaves(text: str) -> bool:
    return text.strip().rstrip(";").lower() in ("exit", "quit", r"\q")


def tables(lake: Lake) -> str:
    """Each table with its rows, as the statistics of its files say, and each view."""
    lines = [f"  {name:<22}{_rows(lake, name):>12}  {_short(table.comment)}" for name, table in TABLES.items()]
    views = [f"  {name:<22}{'view':>12}  {_short(view.comment)}" for name, view in VIEWS.items()]
    return "\n".join([f"  {'':<22}{'rows':>12}", *lines, "", *views])


def _rows(lake: Lake, name: str) -> str:
    return f"{lake.stored(name):,}" if lake.open(name) else "-"


def _short(comment: str) -> str:
    """The comment up to its first stop."""
    return comment.partition(";")[0]


def describe(name: str) -> str:
    """What a table or view holds, and its columns."""
    declared: Table | View = TABLES[name] if name in TABLES else VIEWS[name]
    width = max(map(len, declared.names))
    kind = max(len(column.type) for column in declared.columns)
    lines = [
        f"  {column.name:<{width}}  {column.type:<{kind}}  {column.comment}".rstrip() for column in declared.columns
    ]
    key = [f"  key: {', '.join(declared.key)}"] if isinstance(declared, Table) and declared.key else []
    return "\n".join([f"  {name}: {declared.comment}", "", *lines, *key])
