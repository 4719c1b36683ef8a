"""Batches as COPY reads them."""

import datetime

import pyarrow as pa
import pytest

from jobs.mart.copying import encode


def text(column: pa.Array) -> str:
    return bytes(encode(pa.record_batch([column], names=["one"]))).decode()


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (pa.array(["a", None, ""]), '"a"\n\n""\n'),
        (pa.array(['say "x", é\n']), '"say ""x"", é\n"\n'),
        (pa.array(["a\0b"]), '"ab"\n'),
        (pa.array([[1, 2], [], None], pa.list_(pa.int64())), '"{1,2}"\n"{}"\n"{}"\n'),
        (pa.array([datetime.date(2024, 3, 1)]), "2024-03-01\n"),
        (
            pa.array([datetime.datetime(2024, 3, 1, 12, tzinfo=datetime.UTC)], pa.timestamp("us", "UTC")),
            "2024-03-01 12:00:00.000000Z\n",
        ),
    ],
)
def test_a_value_reads_as_itself(column, said):
    assert text(column) == said
