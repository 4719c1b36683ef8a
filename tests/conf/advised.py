"""The targets of make that the program's messages name."""

import ast
import pathlib
import re
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).parents[2]
TARGETS = set(re.findall(r"^([a-z][a-z0-9-]*):.*##", (ROOT / "Makefile").read_text(), re.M))
# Where there is no wheel yet, or none of its commands does it: setting up is told for both.
SET_UP = {"setup", "setup-s3"}


def advised() -> set[str]:
    texts = [text for folder in ("conf", "lake", "tasks", "jobs", "app") for text in _texts(ROOT / folder)]
    return {name for text in texts for name in re.findall(r"\bmake ([a-z][a-z0-9-]*)", text)} & TARGETS - SET_UP


def _texts(folder: pathlib.Path) -> Iterator[str]:
    """Every text in the code but docstrings."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            body = getattr(node, "body", None)
            if isinstance(body, list):
                node.body = [part for part in body if not _is_docstring(part)]
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
