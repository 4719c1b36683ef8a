from jobs.health.monitoring.day_health import DayHealth
from jobs.health.reporting.recorded import recorded
from lake.access import Lake
from tests.jobs.health.reporting.days import DAY, SLOW, attempt, before

KEY = (SLOW.metric, SLOW.label)


def test_findings_of_the_last_days_mark_them_and_the_date_s_own_are_those_of_its_health(tmp_path):
    lake = Lake(str(tmp_path))
    found = [
        {**vars(SLOW), "date": date, "severity": severity}
        for date, severity in ((before(30), "critical"), (before(29), "critical"), (before(1), "warning"), (DAY, "old"))
    ]
    lake.append_rows(found, "findings", "findings/x")
    lake.append_rows([attempt("CleanListens"), attempt("Recommend") | {"date": before(1)}], "runs", "runs/x")
    known = recorded(lake, DayHealth(DAY, {}, {}, [SLOW], ""))
    assert known.flags == {KEY: {before(29): "critical", before(1): "warning", DAY: "warning"}}
    assert [row["task"] for row in known.attempts] == ["CleanListens"]


def test_of_a_lake_without_tables_nothing_is_known(tmp_path):
    known = recorded(Lake(str(tmp_path)), DayHealth(DAY, {}, {}, [], ""))
    assert (known.flags, known.attempts) == ({}, [])
