"""The edge of a command: what a reader of its output, or the lack of one, does to its end."""

import fcntl
import os
import pathlib
import signal
import struct
import subprocess
import sys
import termios
import time

import pytest

ROOT = pathlib.Path(__file__).parents[2]
PATIENCE = 60  # seconds, on a busy machine


def python(code: str, **how) -> subprocess.Popen:
    head = "import sys\nfrom conf.stopping import stoppable\n"
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command = [sys.executable, "-c", head + code]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, env=buffered, **how)


FULL = """
with stoppable(grace=0.5):
    print("there", file=sys.stderr, flush=True)
    while True:
        try:
            print("x" * 1000)
        except KeyboardInterrupt:  # as what is printed on the way out
            pass
"""


def wait_until_full(process):
    """Until the pipe holds as much as it did a moment ago, and that is much."""
    held, before, until = 0, -1, time.monotonic() + PATIENCE
    while not held == before > 2**15:
        assert time.monotonic() < until
        time.sleep(0.2)
        before, held = held, in_pipe(process.stdout)


def in_pipe(pipe):
    (count,) = struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4))
    return count


def test_a_reader_that_does_not_read_holds_up_no_end():
    """The pipe is full: a write that is under way, and a last flush behind it, do not end by themselves."""
    process = python(FULL, stdout=subprocess.PIPE)
    try:
        assert process.stderr.readline() == "there\n"
        wait_until_full(process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 143
    finally:
        process.kill()
    assert process.stderr.read() == "stopped by SIGTERM; the same command goes on where it stopped\n"


def test_a_connection_that_breaks_is_a_fault_and_no_reader_that_has_seen_enough():
    code = "with stoppable():\n    raise BrokenPipeError(32, 'of a connection')"
    process = python(code, stdout=subprocess.PIPE)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert said.endswith("of a connection\n")


@pytest.mark.parametrize("flush", [True, False])
def test_a_reader_that_has_seen_enough_ends_it_quietly(flush):
    code = f"with stoppable():\n    sys.stdin.readline()\n    print('x', flush={flush})"
    process = python(code, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdout.close()
    process.stdin.write("go\n")
    process.stdin.flush()
    assert process.wait(PATIENCE) == 0
    assert process.stderr.read() == ""


@pytest.mark.parametrize(("closed", "left"), [(1, ("", "error\n")), (2, ("text\n", ""))])
def test_a_process_that_was_started_with_an_output_closed_ends_as_it_should_and_uses_no_other(closed, left):
    code = "with stoppable():\n    print('text')\n    print('error', file=sys.stderr)"
    process = python(code, stdout=subprocess.PIPE, preexec_fn=lambda: os.close(closed))
    assert process.communicate(timeout=PATIENCE) == left
    assert process.returncode == 0
