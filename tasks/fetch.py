"""Fetch the day's snapshot of each entity to raw JSON, and prove that the three belong together."""

import datetime
import pathlib
import shutil

import luigi

from conf.contract import ENTITIES
from conf.layout import raw_folder
from tasks import api
from tasks.base import DatedTask, today


class RawTarget(luigi.Target):
    """A snapshot that is whole: its manifest is there, and was not written before its day was over."""

    def __init__(self, folder: pathlib.Path, date: datetime.date) -> None:
        self.folder, self.date = folder, date

    def exists(self) -> bool:
        return self.fetched() and (not self.partial() or self.date >= today())

    def fetched(self) -> bool:
        return api.is_fetched(self.folder)

    def partial(self) -> bool:
        return api.read_manifest(self.folder).fetched_at.date() <= self.date


class Fetch(DatedTask):
    """Fetch one entity."""

    accept_volume_change = luigi.BoolParameter(
        significant=False, description="take a snapshot although it is empty or much smaller than the days before"
    )
    entity: str

    def output(self) -> RawTarget:
        return RawTarget(raw_folder(self.root, self.entity, self.date), self.date)

    def run(self) -> None:
        target = self.output()
        if target.fetched() and target.partial():
            shutil.rmtree(target.folder)  # of a day that was not over; the API still holds all of it
        manifest = api.fetch_snapshot(ENTITIES[self.entity], target.folder, self.date, self.settings.api, self._report)
        self.figures = {"rows_in": manifest.rows, "rows_out": manifest.rows, "pages": manifest.pages}

    def _report(self, progress: api.Progress) -> None:
        self.set_status_message(str(progress))
        if progress.pages_known:
            self.set_progress_percentage(100 * progress.pages_done // progress.pages_known)


class FetchTracks(Fetch):
    entity = "tracks"


class FetchUsers(Fetch):
    entity = "users"


class FetchListenHistory(Fetch):
    entity = "listen_history"
