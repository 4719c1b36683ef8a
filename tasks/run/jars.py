"""Fetch the jars that Spark needs besides its own, and check each against its pinned SHA-256.

python -m tasks.run.jars                  Delta's, into Spark's own folder: nothing works without them
python -m tasks.run.jars --s3 FOLDER      what reaches a bucket (bin/setup-s3 calls it)

Spark's own resolver asks Maven Central, or what ``MOOVITAMIX_IVY_SETTINGS`` names: a file of Ivy's settings. On a machine
without a network, ``--from FOLDER`` takes the jars out of a folder. Quick when there is nothing to do.
"""

import contextlib
import dataclasses
import hashlib
import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping

from conf.checkout import DEPLOY
from conf.command_line import Parser, folder_to_make
from conf.environment import cleaned
from conf.errors import BadSetting, Refused, refusals_told
from conf.program import require_java
from conf.stopping import stoppable

SETTINGS = "MOOVITAMIX_IVY_SETTINGS"
PATIENCE = 900  # seconds for the resolver, which retries by itself
COMMAND = "python -m tasks.run.jars"


@dataclasses.dataclass(frozen=True)
class JarSet:
    """Jars that belong together: the packages that bring them, and the sum of each that is used.

    What else the packages name is not used: Spark has it, in versions of its own that these would hide.
    """

    title: str
    packages: tuple[str, ...]
    sums_file: pathlib.Path  # in the format of sha256sum
    excluded: tuple[str, ...] = ()

    def sums(self) -> dict[str, str]:
        """SHA-256 by file name."""
        lines = (line.split() for line in self.sums_file.read_text().splitlines())
        return {name: value for value, name in lines}


DELTA = JarSet("Delta 4.4.0", ("io.delta:delta-spark_4.2_2.13:4.4.0",), DEPLOY / "spark" / "delta-jars.sha256")
# hadoop-aws of Spark's own Hadoop, and of the AWS SDK that it names the modules that it uses: 14 MB, the bundle has 686.
S3 = JarSet(
    "hadoop-aws 3.5.0 with the AWS SDK 2.35.4",
    (
        "org.apache.hadoop:hadoop-aws:3.5.0",
        *(
            f"software.amazon.awssdk:{module}:2.35.4"
            for module in ("s3", "sts", "s3-transfer-manager", "apache-client", "netty-nio-client")
        ),
    ),
    DEPLOY / "spark" / "s3-jars.sha256",
    excluded=("software.amazon.awssdk:bundle",),
)


def arguments() -> Parser:
    parser = Parser(__doc__)
    parser.add_argument(
        "--s3", type=folder_to_make, metavar="FOLDER", help="put what reaches a bucket into this folder"
    )
    parser.add_argument("--from", dest="source", type=_folder, metavar="FOLDER", help="take the jars out of it")
    return parser


def _folder(text: str) -> pathlib.Path:
    """
    Raises:
        BadSetting: there is no such folder.
    """
    if not pathlib.Path(text).is_dir():
        raise BadSetting(f"--from: found no folder at {text}, required is one that holds the jars")
    return pathlib.Path(text)


def main() -> None:
    args = arguments().parse_args()
    if args.s3:
        install(S3, args.s3, args.source)
        return
    install(DELTA, spark_folder() / "jars", args.source)
    remove_others(DELTA, spark_folder() / "jars")


def spark_folder() -> pathlib.Path:
    """Where pyspark is installed.

    Raises:
        Refused: it is not.
    """
    found = importlib.util.find_spec("pyspark")
    if not found or not found.origin:
        raise Refused("pyspark is not installed; make setup installs it, or: pip install 'pyspark[connect]==4.2.0'")
    return pathlib.Path(found.origin).parent


def require_delta(properties: Mapping[str, str]) -> None:
    """Refuse to start a Spark that would fail with its first table. ``properties`` of it may bring the jars too.

    Raises:
        Refused: it has no jars of Delta.
    """
    if any(key.startswith("spark.jars") for key in properties):
        return
    folder = spark_folder() / "jars"
    missing = [name for name in DELTA.sums() if not (folder / name).exists()]
    if missing:
        raise Refused(f"{folder / missing[0]} is not there, Spark needs it for Delta tables; run: {COMMAND}")


def install(jars: JarSet, folder: pathlib.Path, source: pathlib.Path | None = None) -> None:
    """Put those jars into the folder that are not there as they must be; all of them are checked before the first is put.

    Raises:
        Refused: they cannot be had, one is not what was pinned, or the folder cannot be written.
    """
    wanted = {name: value for name, value in jars.sums().items() if not is_sound(folder / name, value)}
    if not wanted:
        return
    with contextlib.nullcontext(source) if source else fetched(jars) as found:
        places = {name: checked(found, name, value) for name, value in wanted.items()}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, place in places.items():
                part = folder / f".{name}.part"
                shutil.copyfile(place, part)
                part.replace(folder / name)
        except OSError as error:
            raise Refused(f"{folder}: cannot be written ({error.strerror}); run this as whoever owns it") from None


def is_sound(path: pathlib.Path, value: str) -> bool:
    return path.is_file() and digest(path) == value


def digest(path: pathlib.Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def checked(folder: pathlib.Path, name: str, value: str) -> pathlib.Path:
    """The jar in a folder, by its own name or by the one that Ivy gives it: with its group in front.

    Raises:
        Refused: it is not there, or not what was pinned.
    """
    places = [folder / name, *folder.glob(f"*_{name}")]
    place = next((place for place in places if place.is_file()), None)
    if place is None:
        raise Refused(f"{folder} has no {name}, which is needed; take it from Maven Central")
    if (found := digest(place)) != value:
        raise Refused(f"{name}: found SHA-256 {found}, required is {value}; it was not installed, ask who served it")
    return place


@contextlib.contextmanager
def fetched(jars: JarSet) -> Iterator[pathlib.Path]:
    """A temporary folder with what the packages bring, by Spark's resolver.

    Raises:
        Refused: it did not get them.
    """
    require_java()
    print(f"fetching {jars.title}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "nothing.py").write_text("pass\n")
        command = resolver(jars, folder, os.environ)
        environment = {**cleaned(os.environ, cluster=False), "PYSPARK_PYTHON": sys.executable}
        try:
            done = subprocess.run(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=PATIENCE,
            )
        except subprocess.TimeoutExpired:
            raise Refused(f"{jars.title} was not fetched within {PATIENCE} s; the same command tries again") from None
        if done.returncode:
            raise Refused(f"{jars.title} could not be fetched: {cause(done.stdout)}")
        yield folder / "ivy" / "jars"


def resolver(jars: JarSet, folder: pathlib.Path, environment: Mapping[str, str]) -> list[str]:
    """The command that fetches into ``folder``: a Spark program that does nothing else."""
    settings = environment.get(SETTINGS)
    if settings and not pathlib.Path(settings).is_file():
        raise Refused(f"{SETTINGS}: {settings} is not there; required is a file of Ivy's settings")
    return [
        str(spark_folder() / "bin" / "spark-submit"),
        *("--master", "local[1]", "--conf", f"spark.jars.ivy={folder / 'ivy'}"),
        *(("--conf", f"spark.jars.ivySettings={settings}") if settings else ()),
        *("--packages", ",".join(jars.packages)),
        *(("--exclude-packages", ",".join(jars.excluded)) if jars.excluded else ()),
        str(folder / "nothing.py"),
    ]


def cause(output: str) -> str:
    """The line of the resolver's output that says why."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if re.search("unresolved|exception|error|java_home", line, re.IGNORECASE)]
    return (telling or lines or ["it said nothing"])[0][:400]


def remove_others(jars: JarSet, folder: pathlib.Path) -> None:
    """Remove Delta's jars of another version: two of them on one class path hide parts of each other."""
    for path in folder.glob("delta-*.jar"):
        if path.name not in jars.sums():
            path.unlink()


if __name__ == "__main__":
    with stoppable(), refusals_told():
        main()
