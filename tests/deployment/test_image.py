"""The image's steps, as far as they can be tried without Docker."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[2]
TEXT = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")


def test_project_can_be_installed_before_its_code_is_there(tmp_path):
    """The first layer has the packages alone, with empty folders where setup.py looks for the project's."""
    copied = re.search(r"^COPY \S+ (.*requirements.*) \./$", TEXT, re.MULTILINE).group(1).split()
    for name in copied:
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    folders = re.search(r"^RUN (mkdir .*) && bin/setup$", TEXT, re.MULTILINE).group(1)
    subprocess.run(["sh", "-ec", folders], cwd=tmp_path, check=True)
    done = subprocess.run([sys.executable, "setup.py", "egg_info"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_what_is_copied_and_run_is_there():
    for name in re.findall(r"bin/[\w-]+", TEXT):
        assert (ROOT / name).is_file(), name
    assert (ROOT / "tasks" / "run" / "archive.py").is_file()
