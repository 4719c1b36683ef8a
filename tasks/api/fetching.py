"""One entity from the API to a raw folder that is whole and proven."""

import datetime
import logging
import pathlib
import time
from collections.abc import Callable

from conf.contract import Entity
from conf.settings import ApiSettings
from lake.layout import MANIFEST
from lake.suppression import Suppression
from tasks.api import folders
from tasks.api.address import public_url
from tasks.api.api_errors import ApiError, Torn
from tasks.api.client import Client
from tasks.api.deadline import Deadline
from tasks.api.drift import Fields, check_contract, new_fields
from tasks.api.fetch_progress import FetchProgress, silent
from tasks.api.keylog import KeyLog
from tasks.api.manifest import Manifest, is_fetched, read_manifest
from tasks.api.proof import Proof
from tasks.api.suppression_filter import SuppressionFilter
from tasks.api.writer import Writer, token, write_text

log = logging.getLogger("moovitamix.api")

REPORT_SECONDS = 0.5  # between two reports of progress
CHASES = 3  # times that growth after the proof is followed


def fetch_snapshot(
    entity: Entity,
    folder: pathlib.Path,
    date: datetime.date,
    api: ApiSettings,
    report: Callable[[FetchProgress], None] = silent,
    check: Callable[[Manifest], None] = lambda manifest: None,
    suppression: Callable[[], Suppression] = Suppression,
) -> Manifest:
    """Fetch all pages, prove that they are whole, and put them in ``folder``; if they lie there, do nothing.

    ``check`` sees the manifest before the folder is put in place; what it raises ends the fetch, with nothing kept.
    ``suppression`` says which users' rows must not reach the disk; it is asked once no other fetch can be at work here.

    Raises:
        ApiError: the API could not be read.
        Torn: its pages did not belong together, ``[api] attempts`` times.
        ContractDrift: its rows are not what the contract says.
        DamagedSnapshot: the folder is there, but its files are not those that were fetched.
        NotWritten: the disk took no more.
    """
    with folders.only_run(folder, api.deadline):
        if is_fetched(folder):
            return read_manifest(folder, checksums=True)
        with folders.explained(folder):
            folders.sweep(folder)
        try:
            return _Fetch(entity, folder, date, api, report, check, suppression()).run()
        except (ApiError, Torn) as error:
            raise type(error)(f"{entity.name}: {error}") from None


class _Fetch:
    """A fetch under way: as many attempts as it takes, or as are allowed."""

    def __init__(
        self,
        entity: Entity,
        folder: pathlib.Path,
        date: datetime.date,
        api: ApiSettings,
        report: Callable[[FetchProgress], None],
        check: Callable[[Manifest], None],
        suppression: Suppression,
    ) -> None:
        self.entity, self.folder, self.date, self.api = entity, folder, date, api
        self.report, self.check, self.suppression = report, check, suppression
        self.deadline = Deadline(api.deadline)
        self.begun = self.reported = time.monotonic()
        self.retries = 0

    def run(self) -> Manifest:
        for attempt in range(1, self.api.attempts + 1):
            try:
                return self._attempt(attempt)
            except Torn as torn:
                found = str(torn)
                log.warning("%s: %s; attempt %d of %d", self.entity.name, found, attempt, self.api.attempts)
            if attempt < self.api.attempts:
                pause = self.api.backoff * 2 ** (attempt - 1)  # for the API to come to rest
                self.deadline.left(pause)
                time.sleep(pause)
        raise Torn(
            f"{found}; fetched {self.api.attempts} times, and each time its pages did not belong together; "
            "run again when the API is quiet, and see that one server answers"
        )

    def _attempt(self, attempt: int) -> Manifest:
        started_at, started = datetime.datetime.now(datetime.UTC), time.monotonic()
        with (
            folders.explained(self.folder),
            folders.partial(self.folder) as growing,
            Client(self.api, self.deadline) as client,
        ):
            writer, fields = Writer(growing, token(self.folder)), Fields()
            kept = SuppressionFilter(self.entity, self.suppression)
            try:
                proof = self._collect(client, growing, writer, fields, kept)
            finally:
                self.retries += client.retries
            # A clock that was set back meanwhile would make rows that were served look as if they came from later.
            lasted = datetime.timedelta(seconds=time.monotonic() - started)
            fetched_at = max(datetime.datetime.now(datetime.UTC), started_at + lasted)
            counts = fields.counts()
            check_contract(self.entity, proof.rows, counts)
            manifest = Manifest(
                entity=self.entity.name,
                date=self.date,
                started_at=started_at,
                fetched_at=fetched_at,
                api=public_url(self.api.base_url),
                total=proof.rows,
                rows=proof.rows - kept.rows,
                pages=-(-proof.rows // self.api.page_size),
                page_size=self.api.page_size,
                files=writer.finish(),
                fields=counts,
                new_fields=new_fields(self.entity, counts),
                repeated=proof.repeated,
                retries=self.retries,
                attempts=attempt,
                seconds=round(time.monotonic() - self.begun, 3),
                suppressed=kept.figures(fetched_at),
            )
            self.check(manifest)
            write_text(growing / MANIFEST, manifest.to_json())
            if folders.place(growing, self.folder):
                return manifest
        return read_manifest(self.folder, checksums=True)  # another machine was first

    def _collect(
        self, client: Client, growing: pathlib.Path, writer: Writer, fields: Fields, kept: SuppressionFilter
    ) -> Proof:
        """All rows, proven; rows that came while the proof was made are followed a few times."""
        with KeyLog(growing / "keys", self.entity.key) as keys:
            proof = Proof(client, self.entity, self.api, keys)
            for _ in range(CHASES):
                for page in proof.new_pages():
                    fields.add(page.rows)
                    writer.add(kept.lines(page))
                    page.drop_rows()  # the loop holds the page while the next one is read
                    self._tell(proof, page.number)
                proof.verify()
                if proof.rows == proof.total:
                    break
            return proof

    def _tell(self, proof: Proof, page: int) -> None:
        now = time.monotonic()
        if page == proof.pages or now - self.reported >= REPORT_SECONDS:
            self.reported = now
            self.report(FetchProgress(page, proof.pages, proof.rows, now - self.begun))
