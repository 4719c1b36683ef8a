"""Sections of what runs beside the model: the nightly run, health and mail, the data mart, the application."""

import dataclasses

from conf.settings.keys import ca_bundle_key, key

ADDRESS = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9][A-Za-z0-9.-]*"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


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
    ca_bundle: str = ca_bundle_key()
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
