"""Sections of what is fetched, kept, cleaned, and of Spark, which does the work."""

import dataclasses
import os
import re
import zoneinfo

from conf.settings.addresses import BASE_URL, is_base_url
from conf.settings.keys import ca_bundle_key, key

RETENTION = "0 or at least 2: a day is evaluated on the day after"
# In a path Spark, deltalake or a URL made of it would read these otherwise; half a character has no bytes in UTF-8.
REFUSED = r"[%#?*\[\]{}\\^|<>\"`\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]"
NONE_OF = 'none of % # ? * [ ] { } \\ ^ < > ", no bar, backtick or control character'
PROPERTY = r"\s*spark\.[\w.-]+=[^|\n]+"  # as Spark asks of every property: its name begins with spark.


def _is_timezone(name: str) -> bool:
    try:
        zoneinfo.ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def is_lake(root: str) -> bool:
    """Whether all that read and write a lake take its path, as the working folder completes it."""
    return "://" in root or not re.search(REFUSED, os.path.abspath(root))


def _is_retention(days: int) -> bool:
    return days == 0 or days >= 2


@dataclasses.dataclass(frozen=True)
class ApiSettings:
    base_url: str = key(
        "http://127.0.0.1:8000",
        "root URL of the MooVitamix API",
        check=is_base_url,
        shape=BASE_URL,
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
    max_body_mb: float = key(10.0, "largest body of a page, in MB", low=0.001, high=1024)
    max_unknown_share: float = key(
        0.2, "share of ids in the history that the day's tracks or users may miss", low=0, high=1
    )
    max_changed_share: float = key(
        0.2, "share of rows, asked again when the day is fetched, that may have changed", low=0, high=1
    )
    max_volume_fall: float = key(0.5, "share by which an entity's rows may fall below the recent days'", low=0, high=1)
    ca_bundle: str = ca_bundle_key()
    token: str = key("", "bearer token, if the API wants one", env="MOOVITAMIX_API_TOKEN")


@dataclasses.dataclass(frozen=True)
class LakeSettings:
    root: str = key(
        "data/lake",
        "folder of raw files, tables and reports, or the URL of one in an S3 bucket",
        path=True,
        pattern=r"s3a://[^/\s]+/[^\s*?\[\]]+|(?!.*://)\S.*",
        check=is_lake,
        shape=f"a folder of this machine whose whole path has {NONE_OF}, or s3a://bucket/folder",
    )
    keep_raw_days: int = key(60, "days that raw folders are kept; 0 is for ever", check=_is_retention, shape=RETENTION)
    keep_recommendation_days: int = key(
        60, "days that lists are kept; 0 is for ever", check=_is_retention, shape=RETENTION
    )
    maintain_days: int = key(7, "days between two OPTIMIZE and VACUUM of all tables; 0 is never", low=0)
    keep_versions_hours: int = key(168, "hours that files of older versions of a table are kept", low=24)
    suppression_key: str = key(
        "",
        "key of the hashes that keep users who asked to be forgotten out of later snapshots",
        env="MOOVITAMIX_SUPPRESSION_KEY",
    )


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
