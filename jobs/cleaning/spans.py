"""Spans of dates through which an id stood with the same genres: what one more date changes in them.

A span is a row of ``tracks_served`` or ``users_served``. Pure: Arrow in, Arrow out. Ids that stay as they were, most of a
million on a usual day, are told apart by column; the others are few, and each is worked out by itself.
"""

import datetime

import numpy as np
import pandas as pd
import pyarrow as pa

FOREVER = datetime.date.max  # in place of null, where spans are compared
REMOVED = "coalesce(s.served_until <= s.served_from, false)"  # SQL over a row of :func:`corrections`

Span = tuple[datetime.date, datetime.date, str | None]  # first date, first date after it, genres


def corrections(
    stored: pa.Table, held: pa.Table, key: str, start: datetime.date, end: datetime.date | None
) -> pa.Table:
    """What to write so that from ``start`` until before ``end`` (None: for ever) the ids of ``held`` stand, and no others.

    Args:
        stored: all spans (``key``, genres, served_from, served_until); those of one id do not overlap.
        held: ``key`` and genres, each id once.

    Returns:
        Spans of the ids that change. A span that ends where it begins takes away the one with its key.
    """
    last = end or FOREVER
    spans, wanted = _frame(stored), held.select([key, "genres"]).to_pandas()
    begins, ends = spans["served_from"], spans["served_until"]
    near = spans[(begins <= np.datetime64(last)) & (ends >= np.datetime64(start))]
    settled = _settled(near, wanted, key, start, last)
    over = near.loc[(near["served_from"] < np.datetime64(last)) & (near["served_until"] > np.datetime64(start)), key]
    changing = np.setdiff1d(np.union1d(wanted[key], over), settled)
    theirs = near[near[key].isin(changing)]
    new = wanted[wanted[key].isin(changing)]
    plain = new[~new[key].isin(theirs[key])]  # ids of which nothing is near: as many as there are on the first date
    rows = [(number, *span) for number, span in _of_neighbours(theirs, new, key, start, last)]
    return pa.concat_tables([_table(key, plain[key], plain["genres"], start, last), _rows(key, rows)])


def _frame(stored: pa.Table) -> pd.DataFrame:
    """Spans with dates as datetime64[s], which holds all that Python's dates do."""
    frame = stored.select([name for name in stored.column_names if not name.startswith("served_")]).to_pandas()
    for name in ("served_from", "served_until"):
        frame[name] = stored[name].fill_null(FOREVER).cast(pa.timestamp("s")).to_numpy()
    return frame


def _settled(
    near: pd.DataFrame, wanted: pd.DataFrame, key: str, start: datetime.date, last: datetime.date
) -> np.ndarray:
    """Ids of which one span says already what is wanted."""
    covering = near[(near["served_from"] <= np.datetime64(start)) & (near["served_until"] >= np.datetime64(last))]
    both = wanted.merge(covering[[key, "genres"]], on=key, suffixes=("", "_stored"))
    same = (both["genres"] == both["genres_stored"]) | (both["genres"].isna() & both["genres_stored"].isna())
    return both.loc[same, key].to_numpy()


def _of_neighbours(
    theirs: pd.DataFrame, new: pd.DataFrame, key: str, start: datetime.date, last: datetime.date
) -> list[tuple[int, Span]]:
    """What to write of the ids that have spans near the dates."""
    wanted = {number: _text(genres) for number, genres in zip(new[key], new["genres"], strict=True)}
    by_id: dict[int, list[Span]] = {}
    for number, genres, begins, ends in zip(*(theirs[name] for name in (key, "genres")), *_dates(theirs), strict=True):
        by_id.setdefault(number, []).append((begins, ends, _text(genres)))
    return [
        (number, span)
        for number, spans in by_id.items()
        for span in changed(spans, [(start, last, wanted[number])] if number in wanted else [], start, last)
    ]


def changed(spans: list[Span], middle: list[Span], start: datetime.date, last: datetime.date) -> list[Span]:
    """What to write so that between two dates an id has the spans of ``middle``; neighbours with equal genres become one."""
    before = [(begins, min(ends, start), genres) for begins, ends, genres in spans if begins < start]
    after = [(max(begins, last), ends, genres) for begins, ends, genres in spans if ends > last]
    joined: list[Span] = []
    for span in sorted(before, key=lambda one: one[0]) + middle + sorted(after, key=lambda one: one[0]):
        if joined and joined[-1][1:] == (span[0], span[2]):
            joined[-1] = (joined[-1][0], *span[1:])
        else:
            joined.append(span)
    gone = {begins for begins, _, _ in spans} - {begins for begins, _, _ in joined}
    return [span for span in joined if span not in spans] + [(day, day, None) for day in sorted(gone)]


def _text(genres: object) -> str | None:
    return genres if isinstance(genres, str) else None


def _dates(theirs: pd.DataFrame) -> list[list[datetime.date]]:
    return [theirs[name].to_numpy().astype("datetime64[D]").tolist() for name in ("served_from", "served_until")]


def _table(key: str, ids: pd.Series, genres: pd.Series, start: datetime.date, last: datetime.date) -> pa.Table:
    """One span for each id."""
    count = len(ids)
    until = None if last == FOREVER else last
    return pa.table(
        {
            key: pa.array(ids, pa.int64()),
            "genres": pa.array(genres, pa.string(), from_pandas=True),
            "served_from": pa.array([start] * count, pa.date32()),
            "served_until": pa.array([until] * count, pa.date32()),
        }
    )


def _rows(key: str, rows: list[tuple[int, datetime.date, datetime.date, str | None]]) -> pa.Table:
    return pa.table(
        {
            key: pa.array([number for number, *_ in rows], pa.int64()),
            "genres": pa.array([genres for *_, genres in rows], pa.string()),
            "served_from": pa.array([begins for _, begins, _, _ in rows], pa.date32()),
            "served_until": pa.array([None if ends == FOREVER else ends for _, _, ends, _ in rows], pa.date32()),
        }
    )
