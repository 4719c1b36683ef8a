"""Every setting: its section, key, type, default and limits, declared once.

``luigi.cfg`` holds values by section, the command line overrides them (``[api] base_url`` is
``--api-base-url``), and secrets come from the environment or from files that it names. Luigi and the jobs both parse with
:func:`parse`, so a wrong value reads the same wherever it was given.
"""

import argparse
import configparser
import dataclasses
import os
import pathlib
import re
import sys
import typing
import zoneinfo
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from conf.errors import BadSetting


def key(
    default: Any,
    help: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    pattern: str = "",
    shape: str = "",
    env: str = "",
    check: Callable[[Any], bool] | None = None,
) -> Any:
    """A setting as a dataclass field; ``shape`` says in words what ``pattern`` or ``check`` ask."""
    return dataclasses.field(
        default=default,
        repr=not env,
        metadata=dict(
            help=help, low=low, high=high, choices=choices, pattern=pattern, shape=shape, env=env, check=check
        ),
    )


def _is_timezone(name: str) -> bool:
    try:
        zoneinfo.ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


RETENTION = "0 or at least 2: a day is evaluated on the day after"


def _is_retention(days: int) -> bool:
    return days == 0 or days >= 2


def holds_password(text: str) -> bool:
    """Whether a URL holds a password: such a one is neither shown nor put on a command line."""
    return bool(re.search(r"://[^/?#\s]*:[^/?#\s]+@|[?&]\w*password=", text))


@dataclasses.dataclass(frozen=True)
class ApiSettings:
    base_url: str = key(
        "http://127.0.0.1:8000",
        "root URL of the MooVitamix API",
        pattern=r"https?://[^\s/]+\S*",
        shape="a URL that starts with http:// or https://",
    )
    timezone: str = key(
        "UTC",
        "what the API's zone-less timestamps mean",
        check=_is_timezone,
        shape="an IANA time zone such as UTC or Europe/Paris",
    )
    page_size: int = key(100, "rows asked for in one page", low=1, high=100)
    concurrency: int = key(8, "pages of one entity under way at once", low=1, high=64)
    timeout: float = key(30.0, "seconds to wait for the next bytes", low=0.1, high=600)
    connect_timeout: float = key(10.0, "seconds to wait for a connection", low=0.1, high=600)
    retries: int = key(5, "times a page is asked again after a passing fault", low=0, high=20)
    backoff: float = key(0.5, "seconds before the first retry; each further one waits twice as long", low=0, high=60)
    deadline: float = key(3600.0, "seconds that fetching one entity may take", low=1, high=86_400)
    attempts: int = key(3, "times an entity is fetched when its pages do not belong together", low=1, high=20)
    verify_pages: int = key(40, "pages of an entity asked again at the end, beside the first and the last", low=0)
    max_body_mb: float = key(64.0, "largest body of a page, in MB", low=0.001, high=1024)
    max_unknown_share: float = key(
        0.2, "share of ids in the history that the day's tracks or users may miss", low=0, high=1
    )
    max_changed_share: float = key(
        0.2, "share of rows, asked again when the day is fetched, that may have changed", low=0, high=1
    )
    max_volume_fall: float = key(0.5, "share by which an entity's rows may fall below the recent days'", low=0, high=1)
    ca_bundle: str = key(
        "",
        "PEM file of the authorities to trust; empty trusts the usual ones",
        check=lambda path: not path or os.path.isfile(path),
        shape="a file, or empty",
    )
    token: str = key("", "bearer token, if the API wants one", env="MOOVITAMIX_API_TOKEN")


@dataclasses.dataclass(frozen=True)
class LakeSettings:
    root: str = key(
        "data/lake",
        "folder of raw files, tables and reports, or the URL of one in an S3 bucket",
        pattern=r"s3a://[^/\s]+/[^\s*?\[\]]+|(?!.*://)\S.*",
        shape="a folder of this machine, or s3a://bucket/folder",
    )
    keep_raw_days: int = key(60, "days that raw folders are kept; 0 is for ever", check=_is_retention, shape=RETENTION)
    keep_recommendation_days: int = key(
        60, "days that lists are kept; 0 is for ever", check=_is_retention, shape=RETENTION
    )
    maintain_days: int = key(7, "days between two OPTIMIZE and VACUUM of all tables; 0 is never", low=0)
    keep_versions_hours: int = key(168, "hours that files of older versions of a table are kept", low=24)
    suppression_key: str = key(
        "",
        "key of the hashes that keep people who asked to be forgotten out of later snapshots",
        env="MOOVITAMIX_SUPPRESSION_KEY",
    )


PROPERTY = r"\s*spark\.[\w.-]+=[^|\n]+"  # as Spark asks of every property: its name begins with spark.


@dataclasses.dataclass(frozen=True)
class SparkSettings:
    remote: str = key(
        "",
        "Spark Connect server; empty submits each job to the master",
        pattern=r"(sc://\S+)?",
        shape="empty, or sc://host:port",
    )
    master: str = key(
        "local[*]",
        "where spark-submit runs a job",
        pattern=r"(local(\[.+\])?|yarn|spark://\S+|k8s://\S+)",
        shape="local[*], spark://host:port, yarn or k8s://…",
    )
    conf: str = key(
        "",
        "further properties of Spark, such as spark.executor.memory=4g; no secrets: the list of processes shows them",
        pattern=rf"({PROPERTY}(\s*[|\n]{PROPERTY})*)?\s*",
        shape="empty, or name=value, one a line",
    )

    @property
    def properties(self) -> dict[str, str]:
        """``conf`` by name; what stands on one line has a bar between, as Luigi's own setting of this name."""
        lines = [line.strip() for line in re.split(r"[|\n]", self.conf) if line.strip()]
        return dict(line.split("=", 1) for line in lines)


@dataclasses.dataclass(frozen=True)
class CleanSettings:
    max_bad_share: float = key(
        0.3, "share of an entity's rows (of listens: plays) that may be bad before the step is refused", low=0, high=1
    )


@dataclasses.dataclass(frozen=True)
class AlsSettings:
    rank: int = key(64, "number of latent factors", low=1, high=1024)
    reg: float = key(3.0, "regularisation, scaled as reg_exponent says", low=0)
    reg_exponent: float = key(
        0.75, "reg is times the number of a user's or track's pairs to this power; 0 is plain", low=0, high=1
    )
    alpha: float = key(5.0, "confidence is 1 + alpha x weight of the plays", low=0)
    weighting: str = key(
        "once", "weight of a pair: its plays, log(1 + plays), or 1 at most", choices=("plays", "log", "once")
    )
    half_life_days: float = key(0.0, "days after which a play weighs half; 0 is never", low=0)
    min_user_tracks: int = key(1, "tracks that a user needs to be trained on", low=1)
    min_track_users: int = key(1, "users that a track needs to be trained on", low=1)
    iterations: int = key(8, "alternations of the two half steps", low=1, high=200)
    solver: str = key("auto", "what solves the factors", choices=("auto", "local", "blocks", "mllib"))
    local_mb: int = key(4096, "memory up to which auto solves in the job's own process, in MB", low=1)
    seed: int = key(42, "seed of the initial factors", low=0, high=2**31 - 1)
    tune: str = key(
        "when-retraining",
        "when rank, reg, alpha and the like are chosen anew by holdout NDCG",
        choices=("never", "when-retraining", "weekly"),
    )
    tune_seconds: float = key(300.0, "time that choosing them may take", low=1, high=86_400)


@dataclasses.dataclass(frozen=True)
class EvaluateSettings:
    k: int = key(10, "length of list that decisions look at", low=1, high=1000)
    holdout_days: int = key(7, "the most days that are held out", low=1, high=365)
    window_days: int = key(7, "days of live figures that are averaged", low=1, high=365)
    min_users: int = key(100, "users needed before a figure decides anything", low=1)


@dataclasses.dataclass(frozen=True)
class RetrainSettings:
    min_ratio: float = key(
        0.8, "retrain when live NDCG falls below this share of the champion's reference", low=0, high=1
    )
    min_lift: float = key(1.0, "retrain when live NDCG falls below this many times popularity's", low=0)
    max_age_days: int = key(30, "retrain when the champion is older", low=1)
    max_unknown_play_share: float = key(
        0.3, "retrain when more of the plays are of tracks without a factor", low=0, high=1
    )
    cooldown_days: int = key(7, "days between trainings; doubles after a refused challenger", low=0)


@dataclasses.dataclass(frozen=True)
class PromoteSettings:
    min_gain: float = key(1.0, "promote when the challenger's NDCG is at least this many times the champion's", low=0)


@dataclasses.dataclass(frozen=True)
class RecommendSettings:
    k: int = key(20, "tracks recommended to each user", low=1, high=1000)
    min_plays: int = key(3, "plays below which a user gets popular tracks", low=1)
    popular_days: int = key(7, "days that popularity is counted over", low=1)
    min_genre_tracks: int = key(
        100, "tracks of a genre played in popular_days for popularity within a user's favourite genre", low=1
    )
    similar_k: int = key(20, "similar tracks listed for each track of a new model; 0 is none", low=0, high=1000)
    exclude_heard_days: int = key(0, "leave out what was heard in this many days; 0 is ever", low=0)


@dataclasses.dataclass(frozen=True)
class HealthSettings:
    deviations: float = key(
        4.0, "robust deviations that a figure may lie from what is usual for it before it is a finding", low=1
    )
    max_fall: float = key(
        0.3, "share by which an entity's rows may fall below those of the day before", low=0.01, high=1
    )
    max_duplicate_share: float = key(0.2, "share of what is fetched that may be duplicates", low=0, high=1)
    max_quarantined_share: float = key(0.1, "share of what is fetched that may be in quarantine", low=0, high=1)
    max_null_share: float = key(0.5, "share of a field's values that may be null, missing or empty", low=0, high=1)
    min_disk_free: float = key(0.1, "share of the lake's disk that should be free", low=0, high=1)


@dataclasses.dataclass(frozen=True)
class RegistrySettings:
    uri: str = key(
        "sqlite:///data/mlflow.db",
        "MLflow tracking and registry URI",
        pattern=r"\S+",
        check=lambda uri: not holds_password(uri),
        shape="a URI such as sqlite:///mlflow.db or http://host:5000, without a password: that comes by "
        "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, of a database by PGPASSWORD or ~/.pgpass",
    )
    keep_versions: int = key(20, "versions of the model that are kept beside those with an alias; 0 is all", low=0)


ADDRESS = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9][A-Za-z0-9.-]*"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclasses.dataclass(frozen=True)
class MailSettings:
    recipients: str = key(
        "",
        "who gets mail; empty: none is sent",
        pattern=rf"({ADDRESS}( *, *{ADDRESS})*)?",
        shape="e-mail addresses with commas between, or empty",
    )
    sender: str = key(
        "moovitamix@localhost", "address that the mail comes from", pattern=ADDRESS, shape="an e-mail address"
    )
    when: str = key(
        "wrong",
        "days that are mailed: those with something wrong, all, or none",
        choices=("wrong", "always", "never"),
    )
    weekly: str = key(
        "sunday", "weekday whose run also brings the week's mail, whatever happened", choices=(*WEEKDAYS, "never")
    )
    host: str = key("127.0.0.1", "SMTP server", pattern=r"[A-Za-z0-9.:_-]+", shape="a host name or address")
    port: int = key(587, "its port: 587 with starttls, 465 with tls, as a rule", low=1, high=65_535)
    tls: str = key(
        "starttls", "TLS after a plain greeting, from the first byte, or none", choices=("starttls", "tls", "none")
    )
    ca_bundle: str = key(
        "",
        "PEM file of the authorities to trust; empty trusts the usual ones",
        check=lambda path: not path or os.path.isfile(path),
        shape="a file, or empty",
    )
    user: str = key("", "name to log in with; empty: no login", pattern=r"\S*", shape="a name without spaces, or empty")
    timeout: float = key(10.0, "seconds to wait for the server's next answer", low=0.1, high=60)
    password: str = key("", "password of that name", env="MOOVITAMIX_MAIL_PASSWORD")

    @property
    def addresses(self) -> list[str]:
        """The recipients, one by one."""
        return [address.strip() for address in self.recipients.split(",") if address.strip()]


@dataclasses.dataclass(frozen=True)
class ReportSettings:
    base_url: str = key(
        "",
        "address at which the folder of reports is served; empty links to the files",
        pattern=r"(https?://[^\s/]+\S*)?",
        shape="empty, or a URL that starts with http:// or https://",
    )


@dataclasses.dataclass(frozen=True)
class LogsSettings:
    format: str = key("text", "of the day's log: lines for people, or JSON lines", choices=("text", "json"))


@dataclasses.dataclass(frozen=True)
class DailySettings:
    catch_up_days: int = key(7, "missed days, counted back from yesterday, that the nightly run makes up for", low=1)
    spark_port: int = key(
        15002, "port of the Spark Connect server that the nightly run starts; 0 submits each job", low=0, high=65535
    )
    scheduler: str = key(
        "",
        "luigid to ask; empty schedules in the run's own process",
        pattern=r"(https?://\S+)?",
        shape="empty, or a URL such as http://127.0.0.1:8082",
    )
    keep_log_days: int = key(30, "days that logs are kept by the nightly run", low=1)


@dataclasses.dataclass(frozen=True)
class MetricsSettings:
    host: str = key(
        "127.0.0.1",
        "address that figures are served to Prometheus at; 0.0.0.0 is every address of the machine",
        pattern=r"[\w.:-]+",
        shape="an address of this machine",
    )
    port: int = key(9464, "its port; 0 takes a free one", low=0, high=65_535)


@dataclasses.dataclass(frozen=True)
class PostgresSettings:
    url: str = key(
        "",
        "the database of the data mart; empty publishes nowhere",
        pattern=r"(postgres(ql)?://\S+)?",
        shape="empty, or postgresql://user@host:port/database",
        env="MOOVITAMIX_POSTGRES_URL",  # it may hold a password
    )
    password: str = key("", "the password, where neither url nor ~/.pgpass has it", env="MOOVITAMIX_POSTGRES_PASSWORD")
    reader: str = key(
        "moovitamix_reader",
        "role that may read the mart and nothing else",
        pattern=r"[a-z_][a-z0-9_]{0,62}",
        shape="a name of small letters, digits and _",
    )
    keep_days: int = key(30, "days that published lists are kept; 0 is for ever", low=0)
    wait_seconds: float = key(60.0, "seconds to wait for what somebody else has locked", low=1, high=3600)


@dataclasses.dataclass(frozen=True)
class AppSettings:
    host: str = key("127.0.0.1", "address that the application listens on", pattern=r"\S+", shape="a name or address")
    port: int = key(8080, "port that it listens on; 0 picks a free one", low=0, high=65_535)
    workers: int = key(1, "processes that answer; each holds the day in its own memory", low=1, high=64)
    max_k: int = key(100, "tracks that may be asked for at once", low=1, high=1000)
    rate: float = key(0.0, "requests a second that one client may make, twice as many at once; 0 is no limit", low=0)
    trusted_proxies: str = key("", "addresses whose X-Forwarded-For is believed, with commas; empty is none")
    due_hours: float = key(
        6.0, "hours after midnight (UTC) by which the lists of the day before are due", low=0, high=24
    )
    token: str = key(
        "",
        "token that the application asks for, as bearer or as password; empty asks for none",
        pattern=r"[!-~]*",
        shape="ASCII without spaces",
        env="MOOVITAMIX_APP_TOKEN",
    )


@dataclasses.dataclass(frozen=True)
class Settings:
    """All sections; each is a frozen dataclass of typed values."""

    api: ApiSettings = ApiSettings()
    lake: LakeSettings = LakeSettings()
    spark: SparkSettings = SparkSettings()
    clean: CleanSettings = CleanSettings()
    als: AlsSettings = AlsSettings()
    evaluate: EvaluateSettings = EvaluateSettings()
    retrain: RetrainSettings = RetrainSettings()
    promote: PromoteSettings = PromoteSettings()
    recommend: RecommendSettings = RecommendSettings()
    health: HealthSettings = HealthSettings()
    registry: RegistrySettings = RegistrySettings()
    mail: MailSettings = MailSettings()
    report: ReportSettings = ReportSettings()
    logs: LogsSettings = LogsSettings()
    daily: DailySettings = DailySettings()
    metrics: MetricsSettings = MetricsSettings()
    postgres: PostgresSettings = PostgresSettings()
    app: AppSettings = AppSettings()


LOOPBACK = ("127.0.0.1", "::1", "localhost")  # where a password may travel without TLS

SECTIONS: dict[str, type] = {section.name: section.type for section in dataclasses.fields(Settings)}  # type: ignore[misc]

# Keys of ``[spark]`` that Luigi's own Spark support reads.
LUIGI_KEYS = {"spark": {"spark-submit", "deploy-mode"}}


def parse_value(section: str, field: dataclasses.Field, text: str) -> Any:
    """One value from its text.

    Raises:
        BadSetting: the text is not of the declared type, or outside the declared limits.
    """
    rule = field.metadata
    kind = typing.cast(type, field.type)
    try:
        value = kind(text)
    except ValueError:
        value = None
    if value is None or not _allowed(value, rule):
        shown = "(not shown)" if rule["env"] or holds_password(str(text)) else repr(str(text))
        raise BadSetting(f"[{section}] {field.name}: found {shown}, allowed is {describe(field)}")
    return value


def _allowed(value: Any, rule: Mapping[str, Any]) -> bool:
    if rule["choices"]:
        return value in rule["choices"]
    if rule["pattern"] and not re.fullmatch(rule["pattern"], value):
        return False
    if rule["check"] and not rule["check"](value):
        return False
    low, high = rule["low"], rule["high"]
    # Written so that NaN is not allowed.
    return (low is None or value >= low) and (high is None or value <= high)


def describe(field: dataclasses.Field) -> str:
    """What a setting allows, in words."""
    rule = field.metadata
    if rule["choices"]:
        return " or ".join(rule["choices"])
    if rule["shape"]:
        return rule["shape"]
    name = {int: "a whole number", float: "a number", str: "text"}[typing.cast(type, field.type)]
    if rule["low"] is not None and rule["high"] is not None:
        return f"{name} from {rule['low']} to {rule['high']}"
    return f"{name} of at least {rule['low']}" if rule["low"] is not None else name


def parse(values: Mapping[str, Mapping[str, str]]) -> Settings:
    """Settings from text by section and key; what is not given has its default.

    Raises:
        BadSetting: a key that is not known, or a value that is not allowed.
    """
    sections = {}
    for section, cls in SECTIONS.items():
        given = dict(values.get(section, {}))
        fields = {field.name: field for field in dataclasses.fields(cls)}
        for name in given.keys() - fields.keys() - LUIGI_KEYS.get(section, set()):
            raise BadSetting(f"[{section}] {name}: not a setting; known are {', '.join(fields)}")
        for name, field in fields.items():
            found = secret(section, field)
            if found is not None:
                given[name] = found
        sections[section] = cls(
            **{name: parse_value(section, fields[name], text) for name, text in given.items() if name in fields}
        )
    settings = Settings(**sections)
    served = settings.recommend.k
    if settings.evaluate.k > served:
        raise BadSetting(
            f"[evaluate] k: found '{settings.evaluate.k}', allowed is at most [recommend] k, which is {served}"
        )
    mail = settings.mail
    if mail.user and mail.tls == "none" and mail.host not in LOOPBACK:
        raise BadSetting(f"[mail] tls: found 'none', allowed with a login at {mail.host} is starttls or tls")
    return settings


def secret(section: str, field: dataclasses.Field) -> str | None:
    """A secret's value from its variable, else from the file that ``VARIABLE_FILE`` names; None where neither is set.

    Raises:
        BadSetting: the file cannot be read.
    """
    variable = field.metadata["env"]
    if not variable or variable in os.environ:
        return os.environ.get(variable) if variable else None
    path = os.environ.get(f"{variable}_FILE")
    if not path:
        return None
    try:
        return pathlib.Path(path).read_text().strip()
    except OSError as error:
        raise BadSetting(
            f"[{section}] {field.name}: {variable}_FILE names {path}, which cannot be read ({error.strerror}); "
            f"required is a file that holds the secret alone, or the variable {variable}"
        ) from None


VARIABLE_OF_KEY = LakeSettings.__dataclass_fields__["suppression_key"].metadata["env"]


def suppression_key() -> str:
    """``[lake] suppression_key``, for what knows a lake's folder and no settings."""
    return secret("lake", LakeSettings.__dataclass_fields__["suppression_key"]) or ""


def read_file(path: str | os.PathLike = "") -> dict[str, dict[str, str]]:
    """Our sections of ``luigi.cfg`` (``LUIGI_CONFIG_PATH`` names another), as text by section and key."""
    path = pathlib.Path(path or os.environ.get("LUIGI_CONFIG_PATH", "luigi.cfg"))
    parser = configparser.ConfigParser()
    parser.read(path)
    return {section: dict(parser[section]) for section in SECTIONS if parser.has_section(section)}


def add_flags(parser: argparse.ArgumentParser, *sections: str) -> None:
    """A flag for every setting of the named sections, but for secrets: those come from the environment."""
    for section in sections:
        group = parser.add_argument_group(f"[{section}]")
        for field in dataclasses.fields(SECTIONS[section]):
            if not field.metadata["env"]:
                default = field.default if field.default != "" else "empty"
                group.add_argument(
                    flag(section, field.name),
                    metavar=field.name.upper(),
                    help=f"{field.metadata['help']} (default: {default})".replace("%", "%%"),
                )


def refuse_passwords(words: Iterable[str]) -> None:
    """
    Raises:
        BadSetting: a word of the command line holds a password, where every user of the machine can read it.
    """
    for word in words:
        if holds_password(word):
            raise BadSetting(
                f"{word.partition('=')[0] if word.startswith('--') else 'the command line'}: found a URL with a password "
                "(not shown), which the list of processes shows to everybody; put the URL into luigi.cfg, readable by its "
                "owner alone, or the password into the environment"
            )


def from_flags(args: argparse.Namespace) -> Settings:
    """Settings from ``luigi.cfg``, overridden by the flags that were given.

    Raises:
        BadSetting: a value is not allowed, or the command line holds a password.
    """
    refuse_passwords(sys.argv[1:])
    values = read_file()
    for section, cls in SECTIONS.items():
        for field in dataclasses.fields(cls):
            text = getattr(args, f"{section}_{field.name}", None)
            if text is not None:
                values.setdefault(section, {})[field.name] = text
    return parse(values)


def flag(section: str, name: str) -> str:
    """``--section-key``, as Luigi spells it too."""
    return f"--{section}-{name}".replace("_", "-")


def as_flags(settings: Settings, *sections: str) -> list[str]:
    """The command-line arguments that make a job see the same values; secrets are left out, and URLs that hold one."""
    return [
        f"{flag(section, field.name)}={value}"
        for section in sections
        for field in dataclasses.fields(SECTIONS[section])
        if not field.metadata["env"]
        and not holds_password(str(value := getattr(getattr(settings, section), field.name)))
    ]
