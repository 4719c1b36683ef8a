from conf.figures import GROUPS, METRICS, shown_in


def test_ranks_of_what_is_shown_are_one_row_without_gaps():
    ranks = sorted(metric.rank for metric in METRICS.values() if metric.rank)
    assert ranks == list(range(1, len(ranks) + 1))
    assert all(bool(metric.rank) == bool(metric.places) for metric in METRICS.values())


def test_what_is_shown_comes_most_important_first():
    assert [metric.name for metric in shown_in("tile")][:2] == ["users_served", "live_ndcg"]
    assert all(any("panel" in metric.places for metric in group) for group in GROUPS.values())


def test_a_tile_is_of_one_value():
    assert all(bool(metric.label) == bool(metric.tile_label) for metric in shown_in("tile"))
