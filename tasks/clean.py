"""Clean the snapshot into tables, each entity by itself."""

from tasks.base import JobTask
from tasks.fetch import CheckSnapshot


class Clean(JobTask):
    job = "clean"
    sections = ("api", "lake", "spark", "clean")
    entity: str

    @property
    def table(self) -> str:
        return "listens" if self.entity == "listen_history" else self.entity

    def requires(self) -> CheckSnapshot:
        return self.clone(CheckSnapshot, date=self.snapshot, snapshot_date=None)

    def job_options(self) -> list[str]:
        return [f"--entity={self.entity}", f"--snapshot-date={self.snapshot}"]


class CleanTracks(Clean):
    entity = "tracks"


class CleanUsers(Clean):
    entity = "users"


class CleanListens(Clean):
    entity = "listen_history"
