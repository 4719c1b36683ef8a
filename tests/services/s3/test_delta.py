"""A Delta table in a bucket, written by several at once: no commit is lost, and none is done twice."""

import threading
from collections.abc import Callable

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from lake import storage
from tests.services.s3.conftest import ROOT, appending, driver
from tests.services.s3.faulty import CONFLICT, LOST_ANSWER, SLOW

pytestmark = pytest.mark.services


def opened(path: str) -> DeltaTable:
    return DeltaTable(path, storage_options=storage.options(path))


def rows(path: str) -> int:
    return sum(opened(path).get_add_actions(flatten=True)["num_records"].to_pylist())


def by_deltalake(path: str) -> None:
    write_deltalake(path, pa.table({"id": [7]}), mode="append", storage_options=storage.options(path))


def at_once(*writers: tuple[Callable[[str], None], int], path: str) -> None:
    """Each writer commits so often, all of them at the same time; what one of them raised is raised."""
    errors: list[Exception] = []

    def work(write: Callable[[str], None], times: int) -> None:
        try:
            for _ in range(times):
                write(path)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=writer) for writer in writers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_deltalake_reads_what_spark_wrote_and_its_marker(s3_spark, append):
    path = f"{ROOT}/plain"
    append(path, 3, txnAppId="table/Task/2024-03-01", txnVersion="2")
    assert s3_spark.read.format("delta").load(path).count() == 3
    assert opened(path).transaction_version("table/Task/2024-03-01") == 2
    by_deltalake(path)
    assert sorted(row.id for row in s3_spark.read.format("delta").load(path).collect()) == [0, 1, 2, 7]


def test_spark_and_deltalake_at_once_lose_no_commit(append):
    path = f"{ROOT}/{SLOW}/two-engines"
    append(path)
    at_once((append, 8), (by_deltalake, 24), path=path)
    assert (opened(path).version(), rows(path)) == (32, 33)


def test_two_drivers_at_once_lose_no_commit(append, tmp_path):
    path = f"{ROOT}/{SLOW}/two-drivers"
    append(path)
    with driver(tmp_path) as other:
        appending(other)(path)
        at_once((append, 8), (appending(other), 8), path=path)
    assert (opened(path).version(), rows(path)) == (17, 18)


@pytest.mark.parametrize("fault", [LOST_ANSWER, CONFLICT])
def test_commit_whose_first_try_went_wrong_is_there_once(append, fault):
    path = f"{ROOT}/{fault}/table"
    append(path)
    append(path)
    assert (opened(path).version(), rows(path)) == (1, 2)


def test_no_query_shows_the_secret(s3_spark, variables):
    """Spark itself puts the keys of its environment into Hadoop's configuration, which is not Spark's."""
    for statement in ("SET -v", "SET", "SET fs.s3a.secret.key", "SET spark.hadoop.fs.s3a.secret.key"):
        assert variables["AWS_SECRET_ACCESS_KEY"] not in str(s3_spark.sql(statement).collect())


def test_manifest_whose_answer_was_lost_is_still_ours(variables):
    path = storage.place(f"{ROOT}/{LOST_ANSWER}") / "_manifest.json"
    assert storage.create(path, b'{"rows": 1}')
    assert not storage.create(path, b'{"rows": 2}')
    assert path.read_bytes() == b'{"rows": 1}'
