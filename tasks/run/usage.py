"""What a step cost this machine: processor time, memory and disk, in the columns of ``runs``."""

import os
import resource
import subprocess

BLOCKS = 2048  # of 512 bytes, in a MiB: getrusage(2) counts disk traffic in them

Usage = dict[str, float]


def wait(process: subprocess.Popen) -> tuple[int, Usage]:
    """Wait for a process to end: its exit code, and what it used with all children that it has waited for.

    The kernel adds it up (wait4(2)), so it is exact and costs nothing. A child that outlives its parent is not in it.
    """
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, since(used, None)


def own() -> resource.struct_rusage:
    """What this process has used until now."""
    return resource.getrusage(resource.RUSAGE_SELF)


def since(used: resource.struct_rusage, before: resource.struct_rusage | None) -> Usage:
    """The difference of two measurements; the largest memory is that of the later one."""
    values = [used.ru_utime + used.ru_stime, used.ru_inblock, used.ru_oublock]
    if before:
        earlier = [before.ru_utime + before.ru_stime, before.ru_inblock, before.ru_oublock]
        values = [value - less for value, less in zip(values, earlier, strict=True)]
    cpu, read, written = values
    return {
        "cpu_seconds": round(cpu, 3),
        "max_rss_mb": round(used.ru_maxrss / 1024, 1),
        "read_mb": round(read / BLOCKS, 3),
        "written_mb": round(written / BLOCKS, 3),
    }
