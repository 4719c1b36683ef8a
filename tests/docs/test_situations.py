"""Each line of the page of situations names a test that exists."""

import ast
import pathlib
import re

ROOT = pathlib.Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "situations.md"
ROW = re.compile(r"^\| .* \| `(tests/[\w/]+\.py)::(\w+)` \|$")


def rows() -> list[str]:
    lines = PAGE.read_text().splitlines()
    return [line for line in lines if line.startswith("| ") and not line.startswith("| situation ")]


def test_each_situation_names_a_test_that_exists():
    for row in rows():
        found = ROW.match(row)
        assert found, f"a row ends with a test as `tests/folder/test_file.py::test_name`: {row}"
        path, name = found.groups()
        assert (ROOT / path).is_file(), row
        names = {
            node.name for node in ast.walk(ast.parse((ROOT / path).read_text())) if isinstance(node, ast.FunctionDef)
        }
        assert name in names, row
