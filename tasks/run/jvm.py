"""How Spark's JVM is started: quickly where there is little data, with its full compiler where there is much.

A JVM that works for seconds spends most of them loading classes and compiling. The archive of loaded classes
(:mod:`tasks.run.archive` makes it, once) and the first compiler alone bring a small step from 15 s of processor time
to 6 s; over many rows the second compiler earns more than it costs.
"""

import datetime
import json
import pathlib
import sys

from conf.checkout import DEPLOY
from conf.contract import LISTENS
from lake import files
from lake.layout import MANIFEST, raw_folder

ARCHIVE = pathlib.Path(sys.prefix) / "spark.jsa"
LOGGING = DEPLOY / "spark" / "log4j2.properties"
UTF8 = ("-Dfile.encoding=UTF-8", "-Dsun.jnu.encoding=UTF-8")  # else those of JAVA_TOOL_OPTIONS or of the locale
MANY = 200_000  # rows of listening history from which the second compiler pays


def options(rows: int = 0, archive: pathlib.Path = ARCHIVE) -> dict[str, str]:
    """Spark's properties for a driver or a Spark Connect server that will see so many rows of listening history."""
    words = [f"-Dlog4j2.configurationFile={LOGGING.as_uri()}", *UTF8]
    if archive.exists():
        words.append(
            f'-XX:SharedArchiveFile="{archive}"' if " " in str(archive) else f"-XX:SharedArchiveFile={archive}"
        )
    if rows < MANY:
        words.append("-XX:TieredStopAtLevel=1")
    return {"spark.driver.defaultJavaOptions": " ".join(words)}


def history_rows(root: str, date: datetime.date) -> int:
    """Rows of listening history in the snapshot of a date, as its manifest says; 0 where there is none yet."""
    try:
        return int(json.loads(files.read(raw_folder(root, LISTENS.name, date) / MANIFEST))["rows"])
    except FileNotFoundError:
        return 0
