"""Rows of a snapshot asked for once more, when all of the day's entities are there."""

import dataclasses
import hashlib
import math
import pathlib
import random
from collections import Counter

from conf.contract import Entity
from conf.settings import ApiSettings
from lake.suppression import Suppression
from tasks.api.api_errors import ApiError
from tasks.api.body import FetchedPage, read_page, rows_on_page
from tasks.api.client import Client
from tasks.api.deadline import Deadline
from tasks.api.manifest import Manifest, read_lines
from tasks.api.pipeline import in_order
from tasks.api.suppression_filter import SuppressionFilter


def ask_again(
    entity: Entity, folder: pathlib.Path, manifest: Manifest, api: ApiSettings, suppression: Suppression
) -> tuple[int, int]:
    """How many rows were asked for, and how many of them the snapshot does not hold on any page.

    The first page, the last and a random choice of others are asked for, as far as the snapshot goes: what has
    come since is left out, and a place with no row any more counts as changed. Rows of users on the list are not looked at.

    Raises:
        ApiError: the API could not be read.
    """
    try:
        with Client(api, Deadline(api.deadline)) as client:
            served = _served(client, entity, manifest, api, SuppressionFilter(entity, suppression))
    except ApiError as error:
        raise type(error)(f"{entity.name}: {error}") from None
    asked = served.total()
    for line in read_lines(folder, manifest):
        served.pop(_digest(line), None)
    return asked, served.total()


def _served(
    client: Client, entity: Entity, manifest: Manifest, api: ApiSettings, kept: SuppressionFilter
) -> Counter[bytes]:
    """Digests of the rows that the API has now, and how often each came; b"" stands for a row that is gone."""
    size = manifest.page_size
    last = math.ceil(manifest.total / size)
    chosen = random.sample(range(1, last + 1), min(last, api.verify_pages))
    numbers = sorted({1, last, *chosen}) if last else []

    def ask(number: int, alone: bool) -> FetchedPage:
        query = {"page": number, "size": size}
        return client.get(entity.path, query, lambda body: read_page(body, number, size), alone)

    served: Counter[bytes] = Counter()
    for page in in_order(ask, numbers, api.concurrency):
        expected = rows_on_page(page.number, size, manifest.total)
        there = dataclasses.replace(page, lines=page.lines[:expected])
        served.update([_digest(line) for line in kept.lines(there)])
        served.update([b""] * (expected - len(there.lines)))
    return served


def _digest(line: bytes) -> bytes:
    return hashlib.blake2b(line, digest_size=16).digest()
