"""What judges rows on a worker needs nothing of the project there."""

import datetime
import subprocess
import sys

import pyspark.cloudpickle
import pytest

import conf
import jobs
from conf.contract import USERS
from jobs.cleaning.checks import judging
from jobs.cleaning.forms import Context
from jobs.cleaning.rows import keeping

pytestmark = pytest.mark.slow

AS_A_WORKER = """
import pickle, sys
sys.modules.update(dict.fromkeys(("jobs", "conf", "tasks"), None))
import pyarrow as pa
judge, keep = pickle.load(sys.stdin.buffer)
values = pa.array(['{"id": 1.0, "email": 7}', None, ""])
found = judge(values).field("reasons").to_pylist()
kept = keep(values.drop_null(), pa.nulls(2, pa.int32())).to_pylist()
print(found[0][0], found[1:], kept)
"""


def test_a_worker_without_the_project_judges_and_keeps():
    for package in (jobs, conf):
        pyspark.cloudpickle.register_pickle_by_value(package)
    context = Context(datetime.datetime(2024, 3, 2, tzinfo=datetime.UTC), "Europe/Paris")
    sent = pyspark.cloudpickle.dumps((judging(USERS, context), keeping(USERS)))
    done = subprocess.run([sys.executable, "-c", AS_A_WORKER], input=sent, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    kept = ['{"id": 1.0, "email": "***"}', '"***"']
    assert done.stdout.decode().strip() == f"id_wrong_type [None, ['not_an_object']] {kept}"
