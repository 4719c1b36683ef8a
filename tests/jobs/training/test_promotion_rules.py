import pytest

from conf.settings import EvaluateSettings, PromoteSettings
from jobs.training.promotion_rules import decide, withheld


@pytest.mark.parametrize(
    ("challenger", "popularity", "champion", "gain", "decision", "reason"),
    [
        (None, None, None, 1.0, "none", "not enough history: 140 users can be scored, 100 are needed"),
        (0.03, 0.02, None, 1.0, "promote", "holdout NDCG@10 0.0300, popularity has 0.0200, there is no champion"),
        (0.02, 0.02, None, 1.0, "promote", "there is no champion"),
        (0.019, 0.02, None, 1.0, "refuse", "is below popularity's 0.0200"),
        (0.019, 0.02, 0.01, 1.0, "refuse", "is below popularity's 0.0200"),
        (0.03, 0.02, 0.03, 1.0, "promote", "model 7 has 0.0300"),
        (0.03, 0.02, 0.031, 1.0, "refuse", "is below 1.00 times the 0.0310 of model 7"),
        (0.03, 0.02, 0.029, 1.1, "refuse", "is below 1.10 times the 0.0290 of model 7"),
    ],
)
def test_the_challenger_must_reach_popularity_and_the_champion(
    challenger, popularity, champion, gain, decision, reason
):
    found = decide(challenger, popularity, champion, 140, "7", PromoteSettings(min_gain=gain), EvaluateSettings())
    assert found.decision == decision
    assert reason in found.reason


def test_a_person_may_withhold_a_promotion_and_the_rules_are_still_told():
    found = withheld(decide(0.03, 0.02, None, 140, "", PromoteSettings(), EvaluateSettings()))
    assert found.decision == "none"
    assert found.reason.startswith("--no-promote; by the rules: promote, holdout NDCG@10 0.0300")
    assert found.figures["users"] == 140


def test_figures_of_too_few_users_promote_nothing():
    found = decide(0.9, 0.1, 0.1, 99, "7", PromoteSettings(), EvaluateSettings(min_users=100))
    assert found.decision == "none"
    assert found.reason == "not enough history: 99 users can be scored, 100 are needed"
    assert found.figures["min_users"] == 100
