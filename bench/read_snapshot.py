"""Read and judge a date's whole snapshot of listens, and nothing more: what no run of a day can do without.

python -m bench.read_snapshot --root LAKE --date YYYY-MM-DD --spark-remote sc://HOST:PORT
"""

import argparse
import datetime

from conf.contract import LISTENS
from conf.settings import Settings, SparkSettings
from jobs.cleaning.snapshot import open_snapshot, read_checked
from jobs.runtime.session import spark_session


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", required=True, help="folder of the lake")
    parser.add_argument("--date", required=True, type=datetime.date.fromisoformat)
    parser.add_argument("--spark-remote", required=True, help="URL of a Spark Connect server")
    args = parser.parse_args()
    snapshot = open_snapshot(args.root, LISTENS, args.date, "UTC")
    spark = spark_session(Settings(spark=SparkSettings(remote=args.spark_remote)), "read", snapshot.rows)
    read_checked(spark, snapshot).write.format("noop").mode("overwrite").save()
    spark.stop()


if __name__ == "__main__":
    main()
