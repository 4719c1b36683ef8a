"""Make the archive of classes from which Spark's JVM starts quickly: ``make setup`` does it, once.

The JVM writes down what it has loaded as it ends (class data sharing, JEP 350), so a day of the demo is run in a
temporary folder on a Spark Connect server that does so. Without the archive everything works, and starts slower.
"""

import pathlib
import tempfile

from conf.errors import Refused, refusals_told
from conf.stopping import stoppable
from tasks.run import jvm, spark_server
from tasks.run.demo import last_days, run
from tasks.run.probe import free_port

PATIENCE = 180  # seconds for the JVM to write the archive as it ends


def main() -> None:
    if jvm.ARCHIVE.exists():
        return
    building = jvm.ARCHIVE.with_suffix(".tmp")
    building.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder, port = pathlib.Path(name), free_port()
        recorded = jvm.options(archive=building)
        recorded["spark.driver.defaultJavaOptions"] += f" -XX:ArchiveClassesAtExit={building}"
        with spark_server.running(port, folder / "spark.log", properties=recorded, patience=PATIENCE):
            run(last_days(1), folder, port)
        if not building.exists():
            raise Refused(f"no archive was written; the JVM said: {(folder / 'spark.log').read_text()[-500:]}")
    building.rename(jvm.ARCHIVE)


if __name__ == "__main__":
    with stoppable(), refusals_told():
        main()
