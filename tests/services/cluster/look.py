"""What a worker of the cluster has: a script for spark-submit, or for a Spark Connect server that SPARK_REMOTE names.

It knows nothing of the project. Prints a JSON line for each worker: folder, python, and the modules that it can import.
"""

import importlib.util
import json
import os
import sys
import time
from collections.abc import Iterator

import pyarrow as pa
from pyspark.sql import SparkSession

OF_THE_PROJECT = ("jobs", "lake", "conf", "tasks", "app", "demo_api")
ASKED = (*OF_THE_PROJECT, "numpy", "pyarrow", "scipy", "numba", "pandas", "threadpoolctl")


def look(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for _ in batches:
        time.sleep(2)  # so that the other partition goes to the other worker
        found = [name for name in ASKED if importlib.util.find_spec(name)]
        said = json.dumps({"folder": os.getcwd(), "python": sys.executable, "modules": found})
        yield pa.RecordBatch.from_pydict({"said": [said]})


if __name__ == "__main__":
    spark = SparkSession.builder.appName("look").getOrCreate()
    for row in spark.range(0, 2, 1, 2).mapInArrow(look, "said string").collect():
        print(row.said)
    spark.stop()
