"""What a step used is the kernel's account of its process and the children that it waited for."""

import subprocess
import sys

from tasks.run import usage

BUSY = "import time; x = bytearray(80_000_000)\nwhile time.process_time() < 0.3: pass"
PARENT = f"import subprocess, sys; sys.exit(subprocess.run([sys.executable, '-c', {BUSY!r}]).returncode + 3)"


def test_a_childs_processor_time_and_memory_are_its_parents():
    process = subprocess.Popen([sys.executable, "-c", PARENT])
    code, used = usage.wait(process)
    assert code == process.returncode == 3
    assert used["cpu_seconds"] >= 0.3
    assert used["max_rss_mb"] > 76


def test_what_was_written_is_in_mebibytes(tmp_path):
    script = (
        f"import os\nwith open({str(tmp_path / 'f')!r}, 'wb') as f:\n f.write(bytes(4 << 20)); f.flush(); os.fsync(f)"
    )
    _, used = usage.wait(subprocess.Popen([sys.executable, "-c", script]))
    assert 3.9 < used["written_mb"] < 8


def test_of_this_process_a_difference_counts():
    before = usage.own()
    assert usage.since(usage.own(), before)["cpu_seconds"] < 0.1
    sum(range(3_000_000))
    assert usage.since(usage.own(), before)["cpu_seconds"] > 0.01


def test_a_process_that_a_signal_ended_has_a_negative_code():
    process = subprocess.Popen([sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"])
    assert usage.wait(process)[0] == -9
