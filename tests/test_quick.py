"""What ``pytest --quick`` leaves out, and that it notices a JVM."""

import pathlib
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

ROOT = pathlib.Path(__file__).parents[1]
TESTS = """
import shutil, subprocess
import pytest

@pytest.fixture
def spark(): ...

@pytest.fixture
def of_spark(spark): ...

@pytest.fixture
def of_its_name(request):
    request.getfixturevalue("spark")

def test_plain(): ...

def test_by_name(of_its_name): ...

def test_session(spark): ...

def test_by_another_fixture(of_spark): ...

@pytest.mark.slow
def test_slow(): ...

@pytest.mark.services
def test_server(): ...
"""
STARTS_A_JVM = """
import os, subprocess

def test_by_path():
    subprocess.run(["java", "-version"])

def test_by_home():
    subprocess.run([os.environ["JAVA_HOME"] + "/bin/java", "-version"])

def test_innocent(): ...
"""


def quick(folder: pathlib.Path, text: str, *options: str) -> subprocess.CompletedProcess[str]:
    file = folder / "test_it.py"
    file.write_text(text)
    command = [sys.executable, "-m", "pytest", "-p", "tests.quick", "-c", "/dev/null", "-p", "no:cacheprovider"]
    return subprocess.run([*command, "-v", *options, str(file)], cwd=ROOT, capture_output=True, text=True, timeout=60)


def outcomes(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    lines = [line.partition("::")[2].split() for line in done.stdout.splitlines() if "%]" in line]
    return {words[0]: words[1] for words in lines}


def test_only_tests_without_spark_and_without_a_mark_are_run(tmp_path):
    assert outcomes(quick(tmp_path, TESTS, "--quick")) == {"test_plain": "PASSED", "test_by_name": "ERROR"}
    assert len(outcomes(quick(tmp_path, TESTS))) == 6


def test_a_test_that_starts_a_jvm_fails(tmp_path):
    done = quick(tmp_path, STARTS_A_JVM, "--quick")
    assert (done.returncode, "2 errors" in done.stdout) == (1, True)
    assert "a JVM was started (java -version): mark the test as slow" in done.stdout
    assert "ERROR at teardown of test_innocent" not in done.stdout
