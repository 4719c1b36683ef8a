"""The text of a page taken apart into its rows.

Rows are kept as the very text that the API sent. Parsing and writing them again would change numbers
(``1.0e5``, ``1e400``, many digits), repeated names and escapes.
"""

import dataclasses
import functools
import hashlib
import json
import re
from typing import Any

from tasks.api.api_errors import BadAnswer, PassingFault
from tasks.api.shape import check_shape

_MARK = re.compile(r"[ \t\n\r]*([{}\[\]:,])[ \t\n\r]*")
_SCAN = json.JSONDecoder().scan_once  # type: ignore[attr-defined]
# Python refuses to turn very long digits into an integer. Only the type of such a number matters here.
_SCAN_LONG = json.JSONDecoder(parse_int=lambda digits: int(digits) if len(digits) < 4000 else -1).scan_once  # type: ignore[attr-defined]
DIGEST_SIZE = 16
ITEMS = object()  # stands for the rows in a page's envelope
FEW_VALUES = 5_000  # of a page, which may be in memory beside others
MOST_ROWS = 10**12  # of an entity; more is no count of rows


@dataclasses.dataclass(frozen=True)
class FetchedPage:
    """One answer: ``lines`` are its rows as served."""

    number: int
    total: int
    lines: list[bytes]

    @functools.cached_property
    def rows(self) -> list[Any]:
        """The rows as parsed: many times as large, so that of pages with many values only the one looked at has them."""
        return [read_row(line) for line in self.lines]

    def drop_rows(self) -> None:
        """Forget the rows as parsed."""
        self.__dict__.pop("rows", None)

    def digest(self, count: int) -> bytes:
        """Fingerprint of the first ``count`` rows."""
        return hashlib.blake2b(b"\n".join(self.lines[:count]), digest_size=DIGEST_SIZE).digest()


def read_page(body: bytes, number: int, size: int) -> FetchedPage:
    """The page that a body holds.

    Raises:
        PassingFault: it is not JSON, not the contract's envelope, not the page that was asked for,
            or not as long as its own total says.
        BadAnswer: it holds more than is safe to parse.
    """
    few = check_shape(body) <= FEW_VALUES
    envelope, rows, lines = _parse(body, size, few)
    total = envelope.get("total")
    missing = [name for name in ("items", "total", "page", "size", "pages") if name not in envelope]
    if missing:
        raise _bad(f"an object without {', '.join(missing)} where items, total, page, size and pages are required")
    if envelope["items"] is not ITEMS or type(total) is not int or not 0 <= total <= MOST_ROWS:
        raise _bad("items that are no array, or a total that is no count of rows")
    if (envelope["page"], envelope["size"]) != (number, size):
        raise _bad(f"page {envelope['page']!r:.20} of size {envelope['size']!r:.20} where {number} of {size} was asked")
    expected = rows_on_page(number, size, total)
    if len(lines) != expected:
        raise _bad(f"{len(lines)} rows where the total of {total} leaves {expected} for page {number}")
    page = FetchedPage(number, total, lines)
    if few:
        page.__dict__["rows"] = rows  # which are then not parsed again
    return page


def read_row(line: bytes) -> Any:
    """One row as served."""
    text = line.decode()
    try:
        return _SCAN(text, 0)[0]
    except ValueError:
        return _SCAN_LONG(text, 0)[0]


def rows_on_page(number: int, size: int, total: int) -> int:
    """How many of ``total`` rows stand on a page, counted from 1."""
    return min(size, max(0, total - (number - 1) * size))


def _bad(found: str) -> PassingFault:
    return PassingFault(found, BadAnswer)


def _parse(body: bytes, size: int, keep: bool) -> tuple[dict[str, Any], list[Any], list[bytes]]:
    if body.lstrip()[:1] == b"<":
        raise _bad("an HTML page where JSON is required")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text[:4]:  # UTF-16 and UTF-32 have zeros there, and JSON never
        raise _bad(f"a body of {len(body)} bytes that is not UTF-8, as JSON has to be")
    for scan in (_SCAN, _SCAN_LONG):
        try:
            return _Envelope(text, scan, size, keep).read()
        except (ValueError, StopIteration, RecursionError, IndexError):
            continue
    raise _bad(f"a body of {len(body)} bytes that is not JSON")


class _Envelope:
    """Walks the outermost object by hand, so that the text of each of its items can be cut out."""

    def __init__(self, text: str, scan: Any, size: int, keep: bool) -> None:
        self.text, self.scan, self.size, self.keep = text, scan, size, keep
        self.rows: list[Any] = []
        self.lines: list[bytes] = []

    def read(self) -> tuple[dict[str, Any], list[Any], list[bytes]]:
        envelope: dict[str, Any] = {}
        mark, at = self._mark(0, "{")
        while mark != "}":
            name, at = self._value(at)
            _, at = self._mark(at, ":")
            if name == "items" and self.text.startswith("[", at):
                envelope[name], at = self._items(at)
            else:
                envelope[name], at = self._value(at)
            mark, at = self._mark(at, ",}")
        if at != len(self.text) or not all(isinstance(name, str) for name in envelope):
            raise ValueError
        return envelope, self.rows, self.lines

    def _items(self, at: int) -> tuple[object, int]:
        self.rows, self.lines = [], []
        _, begin = self._mark(at, "[")
        if self.text.startswith("]", begin):
            return ITEMS, begin + 1
        # A line break can only stand between tokens: inside a string it is escaped.
        broken = "\n" in self.text or "\r" in self.text
        mark = ","
        while mark != "]":
            if len(self.lines) == self.size:
                raise _bad(f"more than the {self.size} rows that were asked for")
            row, end = self.scan(self.text, begin)
            if self.keep:
                self.rows.append(row)
            line = self.text[begin:end].encode()
            self.lines.append(line.replace(b"\r", b" ").replace(b"\n", b" ") if broken else line)
            mark, begin = self._mark(end, ",]")
        return ITEMS, begin

    def _value(self, at: int) -> tuple[Any, int]:
        return self.scan(self.text, at)

    def _mark(self, at: int, allowed: str) -> tuple[str, int]:
        """The mark that comes next, and where what follows it begins."""
        found = _MARK.match(self.text, at)
        if not found or found[1] not in allowed:
            raise ValueError
        return found[1], found.end()
