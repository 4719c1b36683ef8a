import datetime

import pytest

from conf.settings import EvaluateSettings
from jobs.evaluation.holdout import choose

END = datetime.date(2024, 3, 10)


def at(day):
    return datetime.datetime(2024, 3, day, 12, tzinfo=datetime.UTC)


PLAYS = [
    (1, 10, at(1)),
    (1, 11, at(10)),  # new to user 1 on the last day
    (2, 10, at(1)),
    (2, 10, at(10)),  # heard before
    (3, 10, at(10)),  # nothing before
    (4, 10, at(2)),
    (4, 12, at(8)),  # can be scored from the third day back
]


@pytest.mark.parametrize(
    ("min_users", "holdout_days", "start", "users"),
    [(1, 7, 10, 1), (2, 7, 8, 2), (5, 7, 4, 2), (2, 2, 9, 1)],
)
def test_it_goes_back_until_enough_users_can_be_scored_and_no_further(spark, min_users, holdout_days, start, users):
    plays = spark.createDataFrame(PLAYS, "user_id bigint, track_id bigint, listened_at timestamp")
    found = choose(plays, END, EvaluateSettings(min_users=min_users, holdout_days=holdout_days))
    assert (found.start, found.end, found.users) == (datetime.date(2024, 3, start), END, users)
