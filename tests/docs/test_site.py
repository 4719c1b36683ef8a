"""The site of the documents builds, with every link and heading that it names."""

import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]


@pytest.mark.slow
def test_it_builds_with_no_broken_link(tmp_path):
    program = pathlib.Path(sys.executable).with_name("mkdocs")
    command = [program, "build", "--strict", "--quiet", f"--site-dir={tmp_path / 'site'}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    for page in ("index.html", "tutorial/index.html", "reference/settings/index.html", "how-to/query/index.html"):
        assert (tmp_path / "site" / page).exists()
