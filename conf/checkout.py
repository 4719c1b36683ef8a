"""Where the project's own files lie."""

import pathlib

ROOT = pathlib.Path(__file__).parents[1]
DEPLOY = ROOT / "conf" / "deploy"  # files for other programs
