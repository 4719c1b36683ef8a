"""What docs/how-to/query.md and python.md show holds: every view is there, each reader reads (queries run in tests/acceptance)."""

import pathlib
import re
import subprocess
import sys

import pytest

from conf.views import VIEWS
from tests.jobs.sql.tiny_lake import tiny_lake

GUIDES = pathlib.Path(__file__).parents[3] / "docs" / "how-to"
PAGE = (GUIDES / "query.md").read_text()
READERS = re.findall(r"```python\n(.*?)```", (GUIDES / "python.md").read_text(), re.DOTALL)


def test_every_view_is_on_the_page():
    assert [name for name in VIEWS if name not in PAGE] == []


@pytest.mark.slow
def test_each_reader_without_spark_reads(tmp_path):
    lake = tiny_lake(tmp_path / "lake")
    script = tmp_path / "read.py"
    code = "\n".join(READERS).replace("data/demo/lake", lake.root)
    # As jobs.runtime.command ends: pyarrow's threads may abort an interpreter that goes down.
    script.write_text(f"{code}\nimport os, sys\nsys.stdout.flush()\nos._exit(0)\n")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    # 3 first tracks of lists; 2 plays that hold, both of track 11; 2 artists with a track each
    assert done.stdout.splitlines()[0] == "1 3"
    assert re.search(r"│ 11 +┆ 2 ", done.stdout)
    assert re.search(r"│ Ada +│ +1 │\n│ Bo +│ +1 │", done.stdout)
