"""Which variables of the environment reach the project's programs and what they start: declared once, here.

A variable of another program must not steer this one. What :data:`RULES` does not name is passed on. Each program settles
its own environment when it begins (``conf/program.py``), and what it starts inherits that; what may be started from a foreign
process, such as a notebook that imports the tasks, gets :func:`cleaned`.
"""

import dataclasses
import enum
import fnmatch
import importlib.machinery
import os
import pathlib
import pwd
import re
import sys
from collections.abc import Mapping

from conf.checkout import CODE


class Fate(enum.Enum):
    PASSED = "passed on"
    SET = "set"
    CLUSTER = "passed on to a cluster, else left out"
    LEFT_OUT = "left out"
    CHECKED = "checked"


@dataclasses.dataclass(frozen=True)
class Rule:
    """What becomes of the variables of these names, which may be patterns; of two rules the first counts."""

    names: str
    fate: Fate
    why: str

    def holds(self, name: str) -> bool:
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self.names.split())


RULES = (
    Rule("MOOVITAMIX_*", Fate.PASSED, "the project's own"),
    Rule("SPARK_HOME", Fate.SET, "the Spark that is installed beside the project: another has no Delta, or another version"),
    Rule("PYSPARK_PYTHON", Fate.SET, "`spark.pyspark.python` of `[spark] conf`, else the Python that runs the project"),
    Rule(
        "SPARK_MASTER_PORT SPARK_MASTER_PAGE_PORT SPARK_CONNECT_PORT SPARK_LOCAL_DIRS SPARK_CONNECT_AUTHENTICATE_TOKEN",
        Fate.PASSED,
        "ports of `moovitamix services`; where Spark spills; the token of a Spark Connect server",
    ),
    Rule("SPARK_AUTH_SOCKET_TIMEOUT SPARK_BUFFER_SIZE", Fate.PASSED, "PySpark sets them itself, where it has a session"),
    Rule("SPARK_LOCAL_IP SPARK_LOCAL_HOSTNAME SPARK_USER", Fate.CLUSTER, "on one machine Spark is on the loopback address"),
    Rule("HADOOP_* YARN_* HIVE_*", Fate.CLUSTER, "a path of a local lake would be looked for in somebody's HDFS"),
    Rule(
        "SPARK_* _SPARK_* PYSPARK_* MASTER",
        Fate.LEFT_OUT,
        "another installation's; `[spark]` says where Spark runs, and `[spark] conf` with which properties",
    ),
    Rule("JAVA_HOME", Fate.CHECKED, "where it is set, Java 17 or later is required there, and nothing starts without"),
    Rule(
        "JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS",
        Fate.PASSED,
        "the machine's, such as a trust store; memory and encoding that the project gives go before them",
    ),
    Rule("_JAVA_OPTIONS", Fate.LEFT_OUT, "it would replace the memory and the encoding that the project gives"),
    Rule(
        "MLFLOW_TRACKING_USERNAME MLFLOW_TRACKING_PASSWORD MLFLOW_TRACKING_TOKEN MLFLOW_TRACKING_AUTH "
        "MLFLOW_TRACKING_AWS_SIGV4 MLFLOW_TRACKING_INSECURE_TLS MLFLOW_TRACKING_*CERT_PATH MLFLOW_S3_* "
        "MLFLOW_HTTP_REQUEST_* MLFLOW_SERVER_* MLFLOW_FLASK_SERVER_SECRET_KEY MLFLOW_AUTH_CONFIG_PATH MLFLOW_PORT "
        "MLFLOW_WORKSPACE MLFLOW_DISABLE_TELEMETRY",
        Fate.PASSED,
        "how the registry's server is asked, for which of its workspaces, and how one is served; whether MLflow tells its makers of its use",
    ),
    Rule("MLFLOW_*", Fate.LEFT_OUT, "`[registry] uri` says where models are; a run or an experiment of another program is not ours"),
    Rule(
        "PGPASSWORD PGPASSFILE PGSSL* PGCHANNELBINDING PGREQUIREAUTH PGGSS* PGKRBSRVNAME",
        Fate.PASSED,
        "how one logs in to PostgreSQL, and which servers are trusted",
    ),
    Rule(
        "PGHOST PGHOSTADDR PGPORT PGDATABASE PGUSER PGSERVICE PGSERVICEFILE PGOPTIONS PGCLIENTENCODING PGTZ PGDATESTYLE "
        "PGGEQO PGAPPNAME PGCONNECT_TIMEOUT PGTARGETSESSIONATTRS PGLOADBALANCEHOSTS PGDATA",
        Fate.LEFT_OUT,
        "`[postgres] url` says which database, and as whom; texts and times go there in one form",
    ),
    Rule("TZ", Fate.SET, "`UTC`, for every time that is written or printed"),
    Rule("LC_ALL", Fate.SET, "`C.UTF-8`: names of files and texts are UTF-8, in Java too"),
    Rule("PYTHONUTF8", Fate.SET, "`1`, for the same reason"),
    Rule("PYTHONPATH", Fate.SET, "what was given, less the folders that would hide a package of the project or one that it needs"),
    Rule("PYTHONWARNINGS", Fate.SET, "what was given, less `error`, by which a library's warning would end the program"),
    Rule(
        "PYTHONHOME PYTHONPLATLIBDIR PYTHONOPTIMIZE PYTHONINSPECT PYTHONSTARTUP PYTHONIOENCODING",
        Fate.LEFT_OUT,
        "it changes what Python is, or how its texts are encoded",
    ),
    Rule("NUMBA_CACHE_DIR", Fate.PASSED, "where the compiled solvers are kept"),
    Rule("NUMBA_*", Fate.LEFT_OUT, "it may switch the compiler off that the solvers need"),
    Rule("OMP_* OPENBLAS_* MKL_*", Fate.PASSED, "how many threads a library takes"),
    Rule("LUIGI_CONFIG_PATH LUIGI_CONFIG_PARSER", Fate.CHECKED, "see [where a value comes from](#where-a-value-comes-from)"),
    Rule(
        "no_proxy NO_PROXY no_grpc_proxy",
        Fate.SET,
        "what was given, and the loopback addresses: what runs on this machine is asked directly",
    ),
    Rule("*_proxy *_PROXY", Fate.PASSED, "the way to the API, a registry or a bucket outside; none where `no_proxy` is `*`"),
    Rule("AWS_*", Fate.PASSED, "how a bucket is reached: keys, a role, a region, an endpoint, authorities"),
    Rule(
        "*_CA_BUNDLE",
        Fate.PASSED,
        "which authorities are trusted: the fetch, where `[api] ca_bundle` is empty, and MLflow's client ask `REQUESTS_CA_BUNDLE`",
    ),
    Rule("SSL_CERT_*", Fate.PASSED, "which authorities Python itself trusts, such as for mail; the fetch does not ask them"),
    Rule("LOGNAME", Fate.SET, "what was given; where nothing says who this is, the number of the user"),
    Rule("TMPDIR", Fate.PASSED, "where that folder cannot be written, Python takes `/tmp`"),
    Rule("HOME XDG_STATE_HOME", Fate.PASSED, "where state of the machine lies; what is no absolute path counts as unset"),
)  # fmt: skip

LOOPBACK = ("localhost", "127.0.0.1", "127.0.0.0/8", "::1", "[::1]")  # as one or another library spells them
# Packages that a foreign folder must not stand before: a part of what would not work with another version.
NEEDED = ("pyspark", "py4j", "delta", "luigi", "mlflow", "numpy", "pandas", "pyarrow", "deltalake", "pydantic", "grpc")
OWN = ("app", "cli", "conf", "demo_api", "jobs", "lake", "tasks")


def rule_of(name: str) -> Rule | None:
    """The rule for a variable; none where it is passed on because nothing is said of it."""
    return next((rule for rule in RULES if rule.holds(name)), None)


def fate_of(name: str) -> Fate:
    rule = rule_of(name)
    return rule.fate if rule else Fate.PASSED


def cleaned(environ: Mapping[str, str], cluster: bool = True) -> dict[str, str]:
    """The environment for a program of the project, and for what it starts."""
    out = {Fate.LEFT_OUT} if cluster else {Fate.LEFT_OUT, Fate.CLUSTER}
    kept = {name: value for name, value in environ.items() if fate_of(name) not in out}
    path = _python_path(environ.get("PYTHONPATH", ""))
    wanted = {
        "SPARK_HOME": _spark_home(path),
        "PYSPARK_PYTHON": "",
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "PYTHONUTF8": "1",
        "PYTHONPATH": os.pathsep.join(path),
        "PYTHONWARNINGS": _warnings(environ.get("PYTHONWARNINGS", "")),
        **direct(environ),
    }
    if not environ.get("LOGNAME") and not environ.get("USER") and _is_nameless():
        wanted["LOGNAME"] = str(os.geteuid())
    if not os.path.isabs(environ.get("HOME", "")):  # empty, it would be the top of all folders
        wanted["HOME"] = ""
    if "*" in _hosts(environ):  # nothing is asked by way of a proxy; gRPC does not know the star
        wanted |= {name: "" for name in environ if name.lower().endswith("_proxy")}
    kept |= wanted
    return {name: value for name, value in kept.items() if value or name not in wanted}


def _is_nameless() -> bool:
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        return True
    return False


def _entries(given: str) -> list[str]:
    """The folders of a path; an empty one, as ``$PYTHONPATH:/folder`` leaves it, names none."""
    return [entry for entry in given.split(os.pathsep) if entry]


def _python_path(given: str) -> list[str]:
    entries = _entries(given)
    return [entry for entry in entries if not _hides(entry, _path_less(entries))]


def _path_less(entries: list[str]) -> list[str]:
    return [entry for entry in sys.path if entry not in entries]


def _spark_home(path: list[str]) -> str:
    """The folder of the pyspark that is found on this path, and then where the project has its packages from."""
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    found = importlib.machinery.PathFinder.find_spec("pyspark", [*path, *_path_less(given)])
    return str(pathlib.Path(found.origin).parent) if found and found.origin else ""


def _hides(entry: str, others: list[str]) -> bool:
    """Whether a folder has a package that stands elsewhere too, where the project has it from."""
    if any(_has(name, [entry]) and _has(name, others) for name in NEEDED):
        return True
    own = os.path.realpath(entry) == os.path.realpath(CODE)
    return not own and any(_has(name, [entry]) for name in OWN)


def _has(name: str, path: list[str]) -> bool:
    """Whether a package stands on a path. A mere folder of its name hides nothing: a package goes before it."""
    found = importlib.machinery.PathFinder.find_spec(name, path)
    return bool(found and found.origin)


def _warnings(given: str) -> str:
    return ",".join(word for word in given.split(",") if not word.strip().startswith("e"))


def _hosts(environ: Mapping[str, str]) -> list[str]:
    return re.split(r"[,\s]+", environ.get("no_proxy") or environ.get("NO_PROXY") or "")


def direct(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that name the hosts to ask directly, in both spellings: each library reads its own."""
    own = environ.get("no_grpc_proxy", "")  # read by gRPC in place of the other
    asked = {
        "no_proxy": _hosts(environ),
        "NO_PROXY": _hosts(environ),
        **({"no_grpc_proxy": own.split(",")} if own else {}),
    }
    return {name: ",".join(dict.fromkeys([*filter(None, hosts), *LOOPBACK])) for name, hosts in asked.items()}


def foreign(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """What was given and is not taken. Of what is always set, such as the time zone, nobody need be told."""
    entries = os.pathsep.join(_entries(before.get("PYTHONPATH", "")))
    expected = {
        "SPARK_HOME": after.get("SPARK_HOME"),
        "PYTHONPATH": before.get("PYTHONPATH") if entries == after.get("PYTHONPATH", "") else after.get("PYTHONPATH"),
        "PYTHONWARNINGS": after.get("PYTHONWARNINGS"),
    }
    left_out = [name for name in before if name not in after and fate_of(name) is Fate.LEFT_OUT]
    replaced = [name for name, value in expected.items() if before.get(name, value) != value]
    return sorted(name for name in {*left_out, *replaced} if before[name])
