"""When tracks and users were created and last changed."""

import datetime

from demo_api.draws import Column, column
from demo_api.population import BASE_FROM, EARLIEST, EPOCH

DAY_SECONDS = 86_400
# Normal upstream: some rows were changed before they were created, and about half carry microseconds.
UPDATED_BEFORE_CREATED = 0.03
WITH_MICROSECONDS = 0.5


def stamps(seed: int, entity: str, arrivals: Column) -> tuple[list[str], list[str]]:
    """``created_at`` and ``updated_at`` of each row.

    Args:
        arrivals: the day of each row in days after EPOCH, 0 for the base.
    """
    chances = [column(seed, f"{entity} {what}", len(arrivals)) for what in ("created", "updated", "order", "fraction")]
    pairs = [_pair(*row) for row in zip(arrivals.tolist(), *(chance.tolist() for chance in chances), strict=True)]
    return [created for created, _ in pairs], [updated for _, updated in pairs]


def _pair(arrival: int, created: float, updated: float, order: float, fraction: float) -> tuple[str, str]:
    if arrival:
        start, days = EPOCH + datetime.timedelta(days=arrival), 1
    else:
        start, days = BASE_FROM, (EARLIEST - BASE_FROM).days
    midnight = datetime.datetime.combine(start, datetime.time())
    span = days * DAY_SECONDS
    first, later = created * span, (created + updated * (1 - created)) * span
    if order < UPDATED_BEFORE_CREATED:
        first, later = later, first
    elif order > 0.7:
        later = first
    return _text(midnight, first, fraction), _text(midnight, later, fraction)


def _text(midnight: datetime.datetime, seconds: float, fraction: float) -> str:
    whole = midnight + datetime.timedelta(seconds=int(seconds))
    if fraction < WITH_MICROSECONDS:
        whole = whole.replace(microsecond=int(seconds % 1 * 1_000_000))
    return whole.isoformat()
