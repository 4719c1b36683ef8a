"""Fetch the day's snapshot of each entity to raw JSON, and prove that the three belong together."""

import datetime
import functools
import pathlib

import luigi

from conf import days
from conf.contract import ENTITIES
from conf.errors import Refused
from lake import files
from lake.layout import MANIFEST, raw_folder
from lake.suppression import load
from tasks import api
from tasks.base import DatedTask


class RawTarget(luigi.Target):
    """A snapshot that is whole: its manifest is there, and was not begun before its day was over."""

    def __init__(self, folder: pathlib.Path, date: datetime.date) -> None:
        self.folder, self.date = folder, date

    def exists(self) -> bool:
        return self.fetched() and (not self.partial() or self.date >= days.today())

    def fetched(self) -> bool:
        return api.is_fetched(self.folder)

    def partial(self) -> bool:
        return api.read_manifest(self.folder).started_at.date() <= self.date


class FileTarget(luigi.Target):
    """A file of the lake."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path

    def exists(self) -> bool:
        return self.path.exists()


class Fetch(DatedTask):
    """Fetch one entity."""

    entity: str

    def output(self) -> RawTarget:
        return RawTarget(raw_folder(self.root, self.entity, self.date), self.date)

    def run(self) -> None:
        target = self.output()
        if self.revision > 1:
            raise Refused(
                f"{target.folder}: no snapshot, and --revision {self.revision} recomputes from raw folders without "
                "fetching; take a date whose raw folders are kept, or leave --revision away to fetch"
            )
        if target.fetched() and target.partial():
            self._forget(target.folder)
        entity, settings = ENTITIES[self.entity], self.settings.api
        recent = api.recent_manifests(self.root, self.entity, self.date)

        def check(manifest: api.Manifest) -> None:
            api.check_volume(manifest, recent, settings, self.accept_volume_change)

        suppression = functools.partial(load, self.root)
        manifest = api.fetch_snapshot(entity, target.folder, self.date, settings, self._report, check, suppression)
        self.figures = {"rows_in": manifest.rows, "rows_out": manifest.rows, "pages": manifest.pages}
        self.figures |= {"retries": manifest.retries, "torn": manifest.attempts - 1}

    def _forget(self, folder: pathlib.Path) -> None:
        """Make room for the whole day's snapshot: the API still holds all of what this one has."""
        files.remove(raw_folder(self.root, "_day", self.date), first=MANIFEST)
        files.remove(folder, first=MANIFEST)

    def _report(self, progress: api.FetchProgress) -> None:
        self.set_status_message(str(progress))
        if progress.pages_known:
            self.set_progress_percentage(100 * progress.pages_done // progress.pages_known)


class FetchTracks(Fetch):
    entity = "tracks"


class FetchUsers(Fetch):
    entity = "users"


class FetchListenHistory(Fetch):
    entity = "listen_history"


class CheckSnapshot(DatedTask):
    """Prove that the three entities belong together, before anything is cleaned."""

    def requires(self) -> list[Fetch]:
        return [self.clone(task) for task in (FetchTracks, FetchUsers, FetchListenHistory)]

    def output(self) -> FileTarget:
        return FileTarget(raw_folder(self.root, "_day", self.date) / MANIFEST)

    def complete(self) -> bool:
        """Of the snapshots that count: those of a day that was not over are fetched again, and checked again."""
        return all(fetch.complete() for fetch in self.requires()) and super().complete()

    def run(self) -> None:
        figures = api.check_day(self.root, self.date, self.settings.api)
        self.figures = {"unknown": sum(figure.get("unknown", 0) for figure in figures.values())}
