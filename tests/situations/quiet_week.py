"""Days on which little or nothing happens, one after another in one lake, and what is told of each.

python -m tests.situations.quiet_week FOLDER sc://HOST:PORT    prints it as JSON, by way of a Spark Connect server
"""

import json
import pathlib
import random
import sys
from collections.abc import Callable
from typing import Any

from conf.settings import LakeSettings, MailSettings, Settings, SparkSettings
from jobs.health import health, status, summary, trend
from jobs.health.exporting.collector import LakeCollector
from jobs.health.mailing import day_letter, letter, week_letter
from jobs.health.monitoring.record import judge
from jobs.health.overview import overview
from jobs.model import registry_access
from jobs.runtime.session import spark_session
from tests.jobs import raw
from tests.situations.quiet_house import House, house

TRACKS = [raw.track(number) for number in range(1, 25)]
USERS = [raw.user(number) for number in range(1, 9)]
NEWCOMERS = [raw.user(number) for number in (11, 12)]
TASTES = (range(1, 13), range(13, 25))  # of even and odd users: a model sees them, popularity does not
_seeded = random.Random(1)
EARLIER = [
    raw.history(row["id"], _seeded.sample(TASTES[row["id"] % 2], 2), f"2024-02-{day}T10:00:00")
    for day in range(22, 29)
    for row in USERS
]
FIRST_HEARD = [raw.history(row["id"], [24 - row["id"] % 2], "2024-03-02T10:00:00") for row in USERS]
REPLAYS = [raw.history(row["id"], [24 - row["id"] % 2], "2024-03-04T10:00:00") for row in USERS]
OF_NEWCOMERS = [raw.history(row["id"], [1, 2], "2024-03-05T10:00:00") for row in NEWCOMERS]
BAD = {
    "tracks": [{**row, "duration": "long"} for row in TRACKS],
    "users": [{**row, "email": ""} for row in USERS],
    "listen_history": [{**row, "created_at": "never"} for row in EARLIER],
}
EMPTY: dict[str, list] = {"tracks": [], "users": [], "listen_history": []}

ORDINARY = {"tracks": TRACKS, "users": USERS, "listen_history": EARLIER + FIRST_HEARD}
DAYS: dict[str, dict[str, list]] = {
    "the first: one user, one track, one play": {
        "tracks": TRACKS[:1],
        "users": USERS[:1],
        "listen_history": [raw.history(1, [1], "2024-03-01T10:00:00")],
    },
    "an ordinary day": ORDINARY,
    "nobody plays": ORDINARY,
    "all play what they know": ORDINARY | {"listen_history": EARLIER + FIRST_HEARD + REPLAYS},
    "every user is new, and only they play": {"tracks": TRACKS, "users": NEWCOMERS, "listen_history": OF_NEWCOMERS},
    "all tracks left": {"tracks": [], "users": USERS, "listen_history": EARLIER},
    "every row is bad": BAD,
    "nothing is served": EMPTY,
}


def told(at: House) -> dict[str, Any]:
    """What every place that tells people of a day says."""
    lake, settings = at.lake, Settings(lake=LakeSettings(root=at.root), mail=MailSettings(recipients="a@example.org"))
    trend_of = trend.days(lake, at.date.replace(day=1), at.date, settings.evaluate.k)
    mails = [
        day_letter.letter(day_letter.read(lake, at.date), at.root),
        week_letter.letter(week_letter.read(lake, at.date), ""),
    ]
    return {
        "status": status.text(at.job(status)),
        "summary": summary.text(overview(lake, at.date, settings.evaluate.k), at.root, settings.evaluate),
        "health": health.text(judge(lake, at.date, settings).health),
        "trend": trend.text(trend_of, settings.evaluate.k),
        "mails": [letter.message(mail, settings.mail)["subject"] for mail in mails],
        "metrics": len(list(LakeCollector(settings).collect())),
    }


def run(at: House, names: list[str] | None = None, then: Callable[[House], dict] = told) -> dict[str, dict[str, Any]]:
    """Figures of the steps of each day, and what is told of it."""
    found = {}
    for name in names or DAYS:
        at.serve(**DAYS[name])
        found[name] = {**at.day(), **then(at)}
    return found


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    registry_access.create(uri)
    remote = spark_session(Settings(spark=SparkSettings(remote=sys.argv[2])), "quiet days")
    with house(folder, uri, remote) as own:
        result = run(own)
    print(json.dumps(result, default=str))
    remote.stop()
