"""Where a lake lies: in a folder of this machine, or under a URL of an S3 bucket (``s3a://bucket/prefix``).

A bucket is reached by the variables that AWS's own tools read: ``AWS_ENDPOINT_URL`` (of a server other than AWS),
``AWS_REGION``, ``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY``, ``AWS_SESSION_TOKEN``; without keys, by the machine's role.
Tasks, jobs and the application all take them from here, so that they see the same lake.
"""

import hashlib
import os
import pathlib
import sys
import typing

from conf.errors import Refused

SCHEME = "s3a"  # as Spark calls it, and so everybody here
JARS = pathlib.Path(sys.prefix) / "s3"  # what bin/setup-s3 has made


def is_url(root: str | os.PathLike) -> bool:
    """Whether a root, or a place under it, is in a bucket."""
    return str(root).startswith(f"{SCHEME}://")


def place(root: str | os.PathLike) -> pathlib.Path:
    """The root as a path; one in a bucket has pathlib's interface, and no rename or lock of its own."""
    if not is_url(root):
        return pathlib.Path(root)
    from obstore.fsspec import register
    from upath import UPath

    _only_here(root)
    register(SCHEME)
    return typing.cast("pathlib.Path", UPath(str(root).rstrip("/"), client_options=_client()))


def absolute(root: str | os.PathLike) -> str:
    """The root as a text that means the same from every folder."""
    return str(root).rstrip("/") if is_url(root) else str(pathlib.Path(root).absolute())


def options(root: str | os.PathLike) -> dict[str, str]:
    """What ``deltalake`` needs to know besides the variables; nothing for a folder."""
    return {"AWS_ALLOW_HTTP": "true"} if is_url(root) and _client()["allow_http"] else {}


def spark_properties(root: str | os.PathLike, jars: pathlib.Path = JARS) -> dict[str, str]:
    """What Spark needs to know to reach the lake; nothing for a folder.

    Keys are not among it: a command line is seen by everybody. Spark's driver takes them from its environment and gives
    them to its executors with the tasks; where there are none each machine uses its role.

    Raises:
        Refused: the jars are not there, or no region is given.
    """
    if not is_url(root):
        return {}
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if not region:
        raise Refused(f"{root}: AWS_REGION is not set; it is the bucket's region, of a server other than AWS us-east-1")
    if not (jars / ".ready").exists():
        raise Refused(f"{root}: Spark cannot reach S3 yet, {jars} is not there; run make setup-s3")
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    return {
        # Not on the class path that Java starts with: that has to be the one of the archive of classes (tasks/run/jvm.py).
        "spark.jars": ",".join(sorted(str(jar) for jar in jars.glob("*.jar"))),
        f"spark.hadoop.fs.{SCHEME}.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        f"spark.delta.logStore.{SCHEME}.impl": "moovitamix.S3LogStore",
        "spark.hadoop.fs.s3a.endpoint.region": region,
        **(
            {"spark.hadoop.fs.s3a.endpoint": endpoint, "spark.hadoop.fs.s3a.path.style.access": "true"}
            if endpoint
            else {}
        ),
    }


def create(path: pathlib.Path, data: bytes) -> bool:
    """Write an object of a bucket if there is none, in one step; whether what is there now is ours.

    It is S3's conditional write: of several writers exactly one succeeds. Where the answer to it is lost it is sent again
    and meets its own object, so what lies there is looked at: ``data`` must be like no other writer's.
    """
    import obstore

    bucket, _, key = str(path).removeprefix(f"{SCHEME}://").partition("/")
    store = obstore.store.from_url(f"{SCHEME}://{bucket}", client_options=_client())
    try:
        obstore.put(store, key, data, mode="create")
    except obstore.exceptions.AlreadyExistsError:
        return obstore.get(store, key).bytes() == data
    return True


def is_failure(error: BaseException) -> bool:
    """Whether an error is the disk's or the object store's."""
    return isinstance(error, OSError) or type(error).__module__.partition(".")[0] == "obstore"


def local_name(path: str | os.PathLike) -> str:
    """The name of the folder of this machine that stands for a place in a bucket."""
    text = str(path).rstrip("/")
    return f"{text.rpartition('/')[2]}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


_first: list[int] = []  # the process that has reached for a bucket first


def _only_here(root: str | os.PathLike) -> None:
    """The threads that talk to the store are not in a process forked from the one that has them: it would wait for ever.

    Raises:
        Refused: this is one, such as a worker of Luigi's beside others.
    """
    if not _first:
        _first.append(os.getpid())
    if _first[0] != os.getpid():
        raise Refused(f"{root}: a lake in a bucket cannot be reached from a forked process; run luigi with --workers 1")


def _client() -> typing.Any:
    """Plain HTTP is for an endpoint that asks for it, such as a server on this machine."""
    return {"allow_http": os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")}
