"""What a step's Spark tasks did, from Spark's own log of events.

A log has a JSON object a line. ``SparkListenerJobStart`` names the stages of a job and, on a Connect server, the session
that it is of; ``SparkListenerTaskEnd`` has what a task did. Of the other lines only the beginning is looked at.
"""

import collections
import contextlib
import dataclasses
import io
import json
import pathlib
import time
import urllib.parse
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import pyarrow as pa

from lake.layout import SPARK_EVENTS

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LEFT = 86_400  # seconds after which the log of an application that said nothing more is no one's
MIB = 2**20
TOTALS = {  # column of ``runs``: where a task's metrics have it, and what one of the column's unit is in it
    "spark_task_seconds": (("Executor Run Time",), 1000),
    "shuffle_mb": (("Shuffle Write Metrics", "Shuffle Bytes Written"), MIB),
    "spill_mb": (("Disk Bytes Spilled",), MIB),
}
JOB, TASK = '{"Event":"SparkListenerJobStart"', '{"Event":"SparkListenerTaskEnd"'

Totals = dict[str, float]  # by column of ``runs``


@dataclasses.dataclass(frozen=True)
class Application:
    """What an application's log says: the stages of each session ("" for all) and the sums of each stage."""

    sessions: dict[str, set[int]]
    stages: dict[int, Totals]

    def of(self, session: str) -> Totals:
        """The sums over what a session ran."""
        mine = [self.stages[stage] for stage in self.sessions.get(session, set()) if stage in self.stages]
        return {column: round(sum(totals[column] for totals in mine), 3) for column in TOTALS}


def read(lines: Iterable[str]) -> Application:
    sessions: dict[str, set[int]] = collections.defaultdict(set)
    stages: dict[int, Totals] = collections.defaultdict(lambda: dict.fromkeys(TOTALS, 0.0))
    for line in lines:
        if not line.startswith((JOB, TASK)):
            continue
        try:
            event = json.loads(line)
        except json.JSONDecodeError:
            continue  # the last line of a log that was cut off
        if line.startswith(JOB):
            for session in {"", _session(event.get("Properties") or {})}:
                sessions[session].update(event["Stage IDs"])
        else:
            totals = stages[event["Stage ID"]]
            for column, (names, unit) in TOTALS.items():
                totals[column] += _metric(event, names) / unit
    return Application(dict(sessions), dict(stages))


def _metric(event: dict, names: tuple[str, ...]) -> float:
    """A number of a task; 0 where it ended without (a task that was killed has no metrics)."""
    value = event.get("Task Metrics")
    for name in names:
        value = (value or {}).get(name)
    return float(value or 0)


def _session(properties: dict[str, str]) -> str:
    """The Connect session in a job's tags: ``SparkConnect_OperationTag_User_<user>_Session_<id>_Operation_<id>``."""
    for tag in properties.get("spark.job.tags", "").split(","):
        head, _, rest = tag.partition("_Session_")
        if head.startswith("SparkConnect_OperationTag"):
            return rest.partition("_Operation_")[0]
    return ""


def whereabouts(session: "SparkSession") -> list[dict[str, str]]:
    """Where a session's events are logged, as :func:`totals` takes it; nothing where they are not."""
    if session.conf.get("spark.eventLog.enabled", "false") != "true":
        return []
    folder, application = session.conf.get("spark.eventLog.dir", ""), session.conf.get("spark.app.id", "")
    # A session of one's own application has no number of its own.
    return [{"folder": folder or "", "application": application or "", "session": getattr(session, "session_id", "")}]


class EventLogs:
    """Logs of applications, each read once."""

    def __init__(self) -> None:
        self._read: dict[pathlib.Path, Application] = {}

    def totals(self, where: Iterable[dict[str, str]]) -> Totals:
        """The sums of what was done there; nothing where there is no log."""
        found: collections.Counter[str] = collections.Counter()
        for each in where:
            path = find(each["folder"], each["application"])
            if path:
                if path not in self._read:
                    self._read[path] = read(lines(path))
                found.update(self._read[path].of(each["session"]))
        return dict(found)

    def remove(self) -> None:
        """Remove those that were read and that nobody writes any more, and what was left beside them long ago.

        A cluster's own logs are its own: only folders that were made for this are tidied.
        """
        ours = {path.parent for path in self._read if path.parent.name == SPARK_EVENTS}
        for path in (path for folder in ours for path in folder.iterdir()):
            with contextlib.suppress(OSError):
                old = time.time() - path.stat().st_mtime > LEFT
                if old or (path in self._read and not path.name.endswith(".inprogress")):
                    path.unlink()


def find(folder: str, application: str) -> pathlib.Path | None:
    """An application's log in the folder that ``spark.eventLog.dir`` names; None where it is not of this machine."""
    url = urllib.parse.urlsplit(folder)
    if url.scheme not in ("", "file"):
        return None
    found = sorted(pathlib.Path(url.path).glob(f"{application}*"))
    return found[0] if found else None


def lines(path: pathlib.Path) -> Iterator[str]:
    """The lines of a log, which may be compressed, and still be written: its last line then may be cut off."""
    compression = "zstd" if ".zstd" in path.name else None
    with contextlib.suppress(OSError), pa.input_stream(str(path), compression=compression) as stream:
        yield from io.TextIOWrapper(io.BufferedReader(stream), encoding="utf-8", errors="replace")
