"""What the reference says of tables and settings is what is declared."""

import dataclasses
import html
import pathlib

import pytest

from conf.settings import SECTIONS, describe
from conf.tables import TABLES

REFERENCE = pathlib.Path(__file__).parents[2] / "docs" / "reference"
TABLES_PAGE = (REFERENCE / "tables.md").read_text()
SETTINGS_PAGE = (REFERENCE / "settings.md").read_text()


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_every_table_stands_there_with_its_key_and_columns(table):
    section = TABLES_PAGE.partition(f"### {table.name}\n")[2].partition("\n###")[0].partition("\n## ")[0]
    assert f"Key: {', '.join(table.key) or 'none'}." in section
    rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
    # A bare array<string> would be read as a tag of HTML, and not be shown.
    assert rows == [f"| {column.name} | {html.escape(column.type)} | {column.comment} |" for column in table.columns]


@pytest.mark.parametrize("metric", TABLES["evaluations"].column("metric").comment.partition(";")[0].split(", "))
def test_every_metric_is_defined_there(metric):
    rows = [line for line in (REFERENCE / "evaluation.md").read_text().splitlines() if line.startswith("| `")]
    assert any(f"`{metric}`" in row.split("|")[1] for row in rows)


@pytest.mark.parametrize("section", SECTIONS)
def test_every_setting_stands_there_with_its_default_and_limits(section):
    for field in dataclasses.fields(SECTIONS[section]):
        default = "empty" if field.default == "" else field.default
        assert (
            f"| [{section}] {field.name} | {default} | {describe(field)} | {field.metadata['help']} |" in SETTINGS_PAGE
        )
