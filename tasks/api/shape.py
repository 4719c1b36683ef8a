"""How much a page will take in memory, known before it is parsed: an empty list takes twenty times its text."""

import numpy as np

from tasks.api.api_errors import BadAnswer

MOST_VALUES = 250_000  # of a page, with those inside others: some 40 MB at the worst
DEEPEST = 64  # arrays and objects in one another
OTHERS = bytes(set(range(256)) - set(b'[]{},"'))
STEPS = bytes(1 if byte in b"[{" else 255 if byte in b"]}" else 0 for byte in range(256))


def check_shape(body: bytes) -> int:
    """How many values a page has, counted by its marks outside of strings; whether it is JSON is not asked.

    Raises:
        BadAnswer: there are more than is safe to parse.
    """
    marks = body.replace(b"\\\\", b"").replace(b'\\"', b"").translate(None, OTHERS)
    if marks.count(b'"') > 4 * MOST_VALUES:  # two for a name and two for a value
        raise _too_many()
    marks = b"".join(marks.split(b'"')[::2])  # what stands outside of strings
    values = sum(marks.count(mark) for mark in (b",", b"[", b"{"))
    if values > MOST_VALUES:
        raise _too_many()
    levels = np.cumsum(np.frombuffer(marks.translate(STEPS), np.int8), dtype=np.int32)
    if levels.max(initial=0) > DEEPEST:
        raise BadAnswer(f"found a page with more than {DEEPEST} levels of arrays and objects; see what the API sends")
    return values


def _too_many() -> BadAnswer:
    return BadAnswer(
        f"found a page of more than {MOST_VALUES:,} values; lower [api] page_size, or see what the API sends"
    )
