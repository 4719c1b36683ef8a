from jobs.health.monitoring.finding import Finding
from jobs.health.monitoring.verdict import verdict

FIGURES = {
    ("users_served", ""): 1200.0,
    ("popular_share", ""): 0.25,
    ("live_ndcg", ""): 0.05,
    ("live_ndcg_popularity", ""): 0.02,
}
SERVED = "1,200 users have lists, 75% of them from the model, live NDCG 0.0500 beside popularity's 0.0200."


def warning(metric, label, text):
    return Finding(metric, label, "warning", text)


def test_a_quiet_day_is_well_and_says_who_has_lists():
    assert verdict([], FIGURES) == f"All is well: {SERVED}"


def test_a_day_that_is_not_over_says_so():
    assert verdict([], FIGURES, partial=True).startswith("The day is not over")


def test_a_day_without_lists_or_live_figures_says_no_more_than_there_is():
    assert verdict([], {}) == "All is well: no recommendations were written."
    few = {("users_served", ""): 3.0, ("live_ndcg", ""): 0.1}
    assert verdict([], few) == "All is well: 3 users have lists, 100% of them from the model."


def test_what_is_critical_stands_first_and_by_its_headline_alone():
    found = [
        warning("api_retries", "tracks", "many retries of tracks: 9"),
        Finding("rows_fetched", "users", "critical", "no users: 0: not one"),
    ]
    assert verdict(found, FIGURES) == f"Act now: no users; many retries of tracks; {SERVED}"


def test_one_of_each_kind_is_named_before_more_of_one_kind_and_the_rest_is_counted():
    slow = [warning("step_duration", task, f"{task} is slow: 9 s") for task in "ABCDEF"]
    found = [*slow, warning("champion_age", "", "the champion is old: 31 days")]
    assert verdict(found, {}) == (
        "Look at it today: A is slow; the champion is old; B is slow; C is slow; and 3 more; "
        "no recommendations were written."
    )
