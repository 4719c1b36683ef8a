"""A Spark cluster of two workers that do not have the project, and the commands that a day on it takes."""

import contextlib
import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator

import pyspark

from bench.standalone import cluster, wait
from tasks.run.probe import answers
from tests.ports import free_port

ROOT = pathlib.Path(__file__).parents[3]
DATE = "2026-10-01"
WORKERS = ("work0", "work1")  # by the folders of their executors
# As somebody would set them who has two small machines; the driver's address is one that they can reach.
CONF = """
    spark.executor.memory=700m
    spark.cores.max=2
    spark.scheduler.minRegisteredResourcesRatio=1.0
    spark.driver.host=127.0.0.1
    spark.driver.bindAddress=127.0.0.1
    spark.pyspark.python={python}
"""
# Quick to start, and compiled blocks: the solver whose work is done by the workers.
QUICK = "\n[als]\nsolver = blocks\nrank = 8\niterations = 2\ntune = never\n"


def python_of_a_worker(folder: pathlib.Path) -> pathlib.Path:
    """A Python with the packages of this environment, but not the project: no .pth of theirs is read there."""
    venv.create(folder, symlinks=True)
    own = pathlib.Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    (own / "packages.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin" / "python"


@dataclasses.dataclass(frozen=True)
class Machines:
    """The cluster, the folder with what its workers did, and the settings of the machine that runs the pipeline."""

    folder: pathlib.Path
    master: str
    config: pathlib.Path

    def environment(self, **more: str) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(ROOT), "LUIGI_CONFIG_PATH": str(self.config), **more}

    def do(self, *words: str, **more: str) -> str:
        """What a command of this environment prints."""
        command = [str(pathlib.Path(sys.executable).with_name(words[0])), *words[1:]]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment(**more), stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def day(self, lake: pathlib.Path, api: str, *flags: str) -> None:
        places = (f"--lake-root={lake}", f"--registry-uri=sqlite:///{lake}.db", f"--api-base-url={api}")
        self.do(
            "luigi", "--module", "tasks.daily", "DailyPipeline", "--local-scheduler", "--date", DATE, *places, *flags
        )

    def looked(self, by: str, **more: str) -> dict[str, dict]:
        """What each worker says of itself, asked by spark-submit as a step of the day, or by a client (``python``)."""
        script = str(pathlib.Path(__file__).with_name("look.py"))
        submitted = (
            "import os, sys, tasks.clean as steps; step = steps.CleanUsers();"
            "os.execvpe(step.spark_submit, [*step.spark_command(), sys.argv[1]], step.program_environment())"
        )
        said = self.do("python", *(("-c", submitted) if by == "spark-submit" else ()), script, **more)
        seen = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
        return {self.worker(one["folder"]): one for one in seen}

    def worker(self, folder: str) -> str:
        return pathlib.Path(folder).relative_to(self.folder).parts[0]

    def applications(self) -> dict[str, dict[str, int]]:
        """Tasks that each worker's executor says to have run, by the name under which the master knows the application."""
        named = re.findall(r"Registered app (.+) with ID (\S+)", (self.folder / "master.log").read_text())
        found: dict[str, dict[str, int]] = {name: {} for name, _ in named}
        for name, number in named:
            for log in self.folder.glob(f"work*/{number}/*/stderr"):
                found[name][self.worker(str(log))] = log.read_text(errors="replace").count("Executor: Finished task")
        return found

    @contextlib.contextmanager
    def connect_server(self, *flags: str) -> Iterator[str]:
        """As docs/how-to/cluster.md says to start one on a cluster."""
        port = free_port()
        log = self.folder / f"connect-{port}.log"
        command = [sys.executable, "-m", "tasks.run.spark_server", "--master", self.master, "--port", str(port), *flags]
        with log.open("wb") as output:
            server = subprocess.Popen(command, cwd=self.folder, env=self.environment(), stdout=output, stderr=output)
        try:
            wait(lambda: answers(port))
            yield f"sc://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(30)


@contextlib.contextmanager
def machines(folder: pathlib.Path) -> Iterator[Machines]:
    """The cluster, up; its workers are started elsewhere, with nothing of this process's environment."""
    python = python_of_a_worker(folder / "python")
    bare = {
        "PATH": os.defpath,
        "SPARK_HOME": str(pathlib.Path(pyspark.__file__).parent),
        "JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",  # they live for seconds
        # Java's place, and the processor that BLAS is told to take this one for: another one rounds otherwise.
        **{name: value for name, value in os.environ.items() if name == "JAVA_HOME" or name.startswith("OPENBLAS_")},
    }
    with cluster(len(WORKERS), folder, env=bare, cwd=folder) as master:
        config, conf = folder / "luigi.cfg", CONF.format(python=python)
        text = (ROOT / "luigi.cfg").read_text()
        config.write_text(text.replace("master = local[*]", f"master = {master}\nconf ={conf}") + QUICK)
        yield Machines(folder, master, config)
