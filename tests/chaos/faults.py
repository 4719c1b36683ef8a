"""The faults: each takes the house and its own source of chance, and says what it hit; nothing where there was nothing."""

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable

from tests.chaos.house import House
from tests.chaos.processes import Process

Fault = Callable[[House, random.Random], str]
LOOK = 0.03  # seconds between two looks for a victim
BALLAST = "ballast"


def kill_server(name: str) -> Fault:
    """SIGKILL; it is started again 1 to 3 s later."""

    def fault(house: House, chance: random.Random) -> str:
        server, away = getattr(house, name), chance.uniform(1, 3)
        server.kill()
        time.sleep(away)
        server.start()
        return f"{name} killed, back after {away:.1f} s"

    return fault


def kill_process(name: str) -> Fault:
    """SIGKILL to one that has been there for a random moment."""

    def fault(house: House, chance: random.Random) -> str:
        found = victims(house, name)
        if not found:
            return ""
        time.sleep(chance.uniform(0, 2))
        found = victims(house, name)  # the step may have ended meanwhile
        victim = chance.choice(found) if found else None
        return f"killed {shown(victim)}" if victim and victim.send(signal.SIGKILL) else ""

    return fault


def stop_step(house: House, chance: random.Random) -> str:
    """SIGSTOP, and SIGCONT some seconds later: a machine that sleeps, a disk that hangs."""
    found, seconds = victims(house, "client"), chance.uniform(2, 6)
    if not found or not found[0].send(signal.SIGSTOP):
        return ""
    time.sleep(seconds)
    found[0].send(signal.SIGCONT)
    return f"stopped {shown(found[0])} for {seconds:.1f} s"


def cut_connections(house: House, chance: random.Random) -> str:
    """Every connection that is open to the API, MLflow or PostgreSQL, several times within a second or two."""
    if not any(proxy.busy for proxy in house.proxies.values()):
        return ""
    cuts = dict.fromkeys(house.proxies, 0)
    for _ in range(chance.randint(1, 3)):
        for name, proxy in house.proxies.items():
            cuts[name] += proxy.cut()
        time.sleep(chance.uniform(0.1, 0.7))
    said = ", ".join(f"{count} to {name}" for name, count in cuts.items() if count)
    return f"cut connections: {said}" if said else ""


def fill_disk(house: House, chance: random.Random) -> str:
    """Not a byte is free for some seconds."""
    if not house.mounted or not victims(house, "luigi"):
        return ""
    ballast, seconds = house.lake / BALLAST, chance.uniform(2, 6)
    try:
        written = _fill(ballast, time.monotonic() + seconds)
    finally:
        ballast.unlink(missing_ok=True)
    return f"disk full for {seconds:.1f} s ({written / 2**20:.0f} MiB of ballast)"


def _fill(ballast: os.PathLike, until: float) -> int:
    """Take what is free, and again what somebody gives back."""
    block, written = bytes(4096), 0
    with open(ballast, "wb", buffering=0) as file:
        with contextlib.suppress(OSError):
            free = os.fstatvfs(file.fileno()).f_bavail * 4096
            os.posix_fallocate(file.fileno(), 0, free)
            written = free
            file.seek(free)
        while time.monotonic() < until:
            try:
                written += file.write(block)
            except OSError:
                time.sleep(0.01)
    return written


WRAPPER = "nightly"  # a word of the command line that bin/daily becomes


def victims(house: House, name: str) -> list[Process]:
    """Processes of the run that are of a kind."""
    running = house.running()
    daemons = {process.pid for process in running if "pyspark.daemon" in process.words}
    kinds: dict[str, Callable[[Process], bool]] = {
        "wrapper": lambda process: WRAPPER in process.words,
        "luigi": lambda process: "tasks.daily" in process.words and "setpriv" not in process.words[0],
        "client": lambda process: any(word.endswith("jobs/__main__.py") for word in process.words),
        "server": lambda process: "java" in process.words[0] and "spark-internal" in process.words,
        "worker": lambda process: process.pid in daemons and process.parent in daemons,
    }
    return [process for process in running if kinds[name](process)]


def shown(process: Process) -> str:
    """The step for a job, else what it is."""
    for number, word in enumerate(process.words):
        if word.endswith("jobs/__main__.py"):
            entity = [flag for flag in process.words if flag.startswith("--entity=")]
            return f"job {' '.join([process.words[number + 1], *entity])} (process {process.pid})"
    name = "Spark Connect server" if "spark-internal" in process.words else " ".join(process.words[-2:])
    for word in ("pyspark.daemon", WRAPPER, "tasks.daily"):
        name = word if word in process.words else name
    return f"{name} (process {process.pid})"


FAULTS: dict[str, Fault] = {
    "api": kill_server("api"),
    "mlflow": kill_server("mlflow"),
    "postgres": kill_server("postgres"),
    "luigi": kill_process("luigi"),
    "wrapper": kill_process("wrapper"),
    "client": kill_process("client"),
    "worker": kill_process("worker"),
    "server": kill_process("server"),
    "disk": fill_disk,
    "stop": stop_step,
    "cut": cut_connections,
}
