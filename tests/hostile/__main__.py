"""Servers that mean harm: each fetch from one has to end in time, in bounded memory and in one line.

``python -m tests.hostile`` asks all of them and prints a table; a word of a name chooses.
"""

import contextlib
import dataclasses
import json
import pathlib
import ssl
import subprocess
import sys
import tempfile

from tests.hostile.bombs import BOMBS
from tests.hostile.cases import Hostile
from tests.hostile.endless import ENDLESS
from tests.hostile.lies import LIES
from tests.hostile.slow import SLOW
from tests.tasks.api.certificates import make_authority
from tests.tasks.api.raw_server import Asked, raw_server

CASES = {**SLOW, **ENDLESS, **BOMBS, **LIES}
DEADLINE = 2.0  # seconds
MORE = 5.0  # seconds that a fetch may take beyond its deadline
MEGABYTES = 300
SIDE_BY_SIDE = {False: 24, True: 2}  # of light and of heavy ones
SETTINGS = {"deadline": DEADLINE, "retries": 2, "backoff": 0.05, "timeout": 30.0, "connect_timeout": 30.0}
ROOT = pathlib.Path(__file__).parents[2]


@dataclasses.dataclass
class Ended:
    """How a fetch from a hostile server ended."""

    name: str
    seconds: float = 0.0
    megabytes: int = 0
    said: str = "nothing"

    @property
    def faults(self) -> list[str]:
        bounds = {
            "time": self.seconds > DEADLINE + MORE,
            "memory": self.megabytes > MEGABYTES,
            "traceback": not self.said.startswith("error: ") or "\n" in self.said,
        }
        return [name for name, broken in bounds.items() if broken]


def ask_all(cases: dict[str, Hostile]) -> list[Ended]:
    """Fetch from each, light ones first, and say how it ended."""
    ended = {name: Ended(name) for name in cases}
    with contextlib.ExitStack() as stack:
        ca, context = make_authority(pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory())))
        for heavy, width in SIDE_BY_SIDE.items():
            servers = [_serve(stack, name, case, ca, context) for name, case in cases.items() if case.heavy == heavy]
            for values in _fetch(servers, width):
                for field in values.keys() - {"name"}:
                    setattr(ended[values["name"]], field, values[field])
    return list(ended.values())


def _serve(
    stack: contextlib.ExitStack, name: str, case: Hostile, ca: pathlib.Path, context: ssl.SSLContext
) -> dict[str, object]:
    tls = context if case.tls else None
    if case.heavy:  # what takes long to make is made before the clock runs
        case.answers(Asked("/tracks?page=1&size=100", {}, 1))
    server = stack.enter_context(raw_server(case.answers, tls=tls, greets=case.greets))
    trust = {"ca_bundle": str(ca)} if case.trusted else {}
    return {"name": name, "url": f"{case.scheme}://{case.host}:{server.port}", "settings": {**SETTINGS, **trust}}


def _fetch(servers: list[dict[str, object]], width: int) -> list[dict]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile.fetcher", str(width)],
        input=json.dumps(servers),
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        timeout=300,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def main(words: list[str]) -> int:
    chosen = {name: case for name, case in CASES.items() if not words or any(word in name for word in words)}
    ended = ask_all(chosen)
    for one in ended:
        print(f"{one.name:<38} {one.seconds:5.1f} s {one.megabytes:4d} MB  {one.said}")
    over = {kind: sum(kind in one.faults for one in ended) for kind in ("time", "memory", "traceback")}
    print(
        f"{len(ended)} servers: {over['time']} over time, {over['memory']} over memory, {over['traceback']} tracebacks; "
        f"at most {max(one.seconds for one in ended):.1f} s and {max(one.megabytes for one in ended)} MB"
    )
    return int(any(over.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
