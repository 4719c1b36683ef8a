from jobs.health.mailing.week_letter import end


def written(tmp_path, revision):
    report = tmp_path / "2024-03-01.html"
    report.write_text(f'<meta name="revision" content="{revision}">')
    return report


def test_a_day_is_done_where_its_own_report_stands(tmp_path):
    assert end([], written(tmp_path, 1), begun=True) == "done"


def test_the_report_of_a_day_that_failed_does_not_make_it_done(tmp_path):
    assert end([], written(tmp_path, 0), begun=True) == "missing"
    assert end([], tmp_path / "none.html", begun=False) == "-"
