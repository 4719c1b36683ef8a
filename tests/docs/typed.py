"""The commands that README, the tutorial and the guides give to type, as they stand there."""

import pathlib
import re

ROOT = pathlib.Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "docs" / "tutorial.md", *sorted((ROOT / "docs" / "how-to").glob("*.md"))]
BEGINS = re.compile(
    r"(make|export|sed|echo|docker|prometheus|promtool|python|luigi|luigid|moovitamix|bin/\S+|\.?venv/bin/\S+|\$\w+|[A-Z_]+=\S+)( |$)"
)


def commands() -> list[str]:
    """Each once, without comments, its lines joined."""
    found = []
    for page in PAGES:
        for language, block in re.findall(r"^ *```(\w*)\n(.*?)^ *```", page.read_text(), re.MULTILINE | re.DOTALL):
            lines = re.sub(r"\\\n\s*", "", block).splitlines() if language in ("", "sh") else []
            found += [re.sub(r"\s+# .*| +$", "", line).strip() for line in lines]
    return sorted({line for line in found if BEGINS.match(line)})


# What is tried on the lake of two demo days (tests/acceptance/test_demo_days.py): commands that answer, and that serve.
READS = re.compile(
    r"make (status(?!-)|health|report|trend|models|settings|sql .*Q=)|\.venv/bin/python -m jobs (summary|models|migrate)"
    r'|\.venv/bin/luigi .*(--local-scheduler|--help)|echo "SELECT 1"|venv/bin/moovitamix status'
)
SERVES = re.compile(
    r"make (app|metrics|mlflow)|\.venv/bin/(luigid|python -m (demo_api|http\.server))|venv/bin/moovitamix app"
)
READ = [command for command in commands() if READS.match(command)]
SERVE = [command for command in commands() if SERVES.match(command)]


def once(found: list[str]) -> list[str]:
    """Commands that differ in their lake or day alone are one, since a test puts its own there."""
    return sorted({re.sub(r" (ROOT|DATE|REGISTRY)=\S+", "", command): command for command in found}.values())
