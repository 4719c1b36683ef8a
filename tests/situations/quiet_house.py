"""A lake whose days are run step by step in this process, from what a served API has on each of them."""

import contextlib
import dataclasses
import datetime
import functools
import pathlib
from collections.abc import Iterator
from types import ModuleType

from pyspark.sql import SparkSession

from conf.contract import ENTITIES
from conf.settings import ApiSettings, from_flags
from jobs.cleaning import clean
from jobs.evaluation import evaluate
from jobs.health import report
from jobs.recommendation import recommend
from jobs.runtime.command import Figures
from jobs.training import decide, promote, train
from jobs.upkeep import maintain
from lake import commits
from lake.access import Lake
from lake.layout import raw_folder
from tasks import api
from tests.jobs.borrowed import Borrowed
from tests.tasks.api.fault_server import FaultServer, running

FIRST = datetime.date(2024, 3, 1)


@dataclasses.dataclass
class House:
    """``served`` is what the API has now: rows by entity."""

    root: str
    uri: str
    session: SparkSession
    server: FaultServer
    date: datetime.date = FIRST - datetime.timedelta(days=1)

    @property
    def lake(self) -> Lake:
        return Lake(self.root)

    def serve(self, **rows: list) -> None:
        self.server.rows |= {f"/{name}": found for name, found in rows.items()}

    def fetch(self, accept: bool = False) -> None:
        settings = ApiSettings(base_url=self.server.url, retries=0, max_unknown_share=1)
        for name, entity in ENTITIES.items():
            check = functools.partial(
                api.check_volume, recent=api.recent_manifests(self.root, name, self.date), api=settings, accept=accept
            )
            folder = raw_folder(self.root, name, self.date)
            api.fetch_snapshot(entity, folder, self.date, settings, check=check)
        api.check_day(self.root, self.date, settings)

    def job(self, module: ModuleType, *words: str) -> Borrowed:
        """What the module's ``main`` gets, of flags as on its command line."""
        arguments = module.arguments()
        known = {word for action in arguments._actions for word in action.option_strings}
        settings = (
            f"--registry-uri={self.uri}",
            "--evaluate-min-users=1",
            "--als-rank=2",
            "--als-tune=never",
            "--clean-max-bad-share=1",
        )
        given = [f"--date={self.date}", f"--lake-root={self.root}", *words]
        args = arguments.parse_args([*given, *(word for word in settings if word.partition("=")[0] in known)])
        return Borrowed(args.date, from_flags(args), args, session=self.session)

    def run(self, module: ModuleType, *words: str) -> Figures:
        """The figures of a step."""
        return module.main(self.job(module, *words))

    def day(self, accept: bool = True) -> dict[str, Figures]:
        """The next day, whole; figures by step."""
        self.date += datetime.timedelta(days=1)
        self.fetch(accept)
        found = {name: self.run(clean, f"--entity={name}") for name in ENTITIES}
        found |= {"evaluate": self.run(evaluate), "decide": self.run(decide)}
        if commits.decision(self.root, self.date, "retrain") == "train":
            found |= {"train": self.run(train), "promote": self.run(promote)}
        found |= {"recommend": self.run(recommend), "maintain": self.run(maintain)}
        return found | {"report": self.run(report, "--revision=1")}


@contextlib.contextmanager
def house(folder: pathlib.Path, uri: str, session: SparkSession) -> Iterator[House]:
    with running({"/tracks": [], "/users": [], "/listen_history": []}) as server:
        yield House(str(folder / "lake"), uri, session, server)
