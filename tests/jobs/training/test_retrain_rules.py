"""When a challenger is trained, as a table of situations."""

import dataclasses
import datetime

import numpy as np
import pytest

from conf.settings import EvaluateSettings, RetrainSettings
from jobs.training.retrain_rules import Situation, UserDays, cooldown_ends, decide, forced, paired

DAY = datetime.date(2024, 3, 20)
EVALUATE = EvaluateSettings(min_users=50, window_days=7)
RETRAIN = RetrainSettings()


def days(als, popularity, count=200):
    """A day each of so many users, whose NDCG is 0 or twice the mean in turn."""
    wave = np.tile([0.0, 2.0], count // 2)
    return UserDays(np.arange(count), wave * als, wave * popularity)


WELL = Situation(
    date=DAY,
    champion_version="7",
    champion_since=DAY - datetime.timedelta(days=20),
    window=days(0.06, 0.02),
    reference=days(0.06, 0.02),
    unknown_play_share=0.1,
    listeners=200,
    last_training=DAY - datetime.timedelta(days=20),
    refusals=0,
)


def now(**changes):
    return dataclasses.replace(WELL, **changes)


@pytest.mark.parametrize(
    ("situation", "decision", "reason"),
    [
        (WELL, "keep", "no rule calls for training"),
        (
            now(champion_version="", champion_since=None, reference=None, window=days(0, 0, 0), last_training=None),
            "train",
            "no champion",
        ),
        (
            now(window=days(0.03, 0.02)),
            "train",
            "live NDCG@10 0.0300 over 7 days is below 0.80 of 0.0600, the reference of model 7, interval of the difference -",
        ),
        (now(window=days(0.0475, 0.02)), "keep", "no rule calls"),  # below 0.048, but within chance
        (now(window=days(0.03, 0.02), reference=None), "keep", "no rule calls"),
        (now(window=days(0.02, 0.04), reference=None), "train", "below 1.00 times popularity's 0.0400"),
        (now(window=days(0.03, 0.04, count=40)), "keep", "popularity's 0.0400 (too few: 40 users, 50 needed)"),
        (now(window=days(0.03, 0.02), reference=days(0.06, 0.02, count=40)), "keep", "no rule calls"),
        (now(window=days(0, 0, 0)), "keep", "model 7 has no live figures yet"),
        (now(champion_since=DAY - datetime.timedelta(days=30)), "keep", "no rule calls"),
        (now(champion_since=DAY - datetime.timedelta(days=31)), "train", "model 7 is 31 days old, the limit is 30"),
        (now(unknown_play_share=0.3), "keep", "no rule calls"),
        (
            now(unknown_play_share=0.31),
            "train",
            "31% of the day's plays are of tracks that model 7 does not know, the limit is 30%",
        ),
    ],
)
def test_the_rules(situation, decision, reason):
    found = decide(situation, RETRAIN, EVALUATE)
    assert found.decision == decision
    assert reason in found.reason


@pytest.mark.parametrize(
    ("situation", "few"),
    [
        (WELL, []),
        (now(window=days(0.01, 0.04, count=48)), ["window"]),
        (now(window=days(0.03, 0.02), reference=days(0.06, 0.02, count=48)), ["reference"]),
        (now(unknown_play_share=1.0, listeners=49), ["plays"]),
    ],
)
def test_figures_of_too_few_users_are_named_and_decide_nothing(situation, few):
    found = decide(situation, RETRAIN, EVALUATE)
    assert (found.decision, found.figures["too_few"], found.figures["min_users"]) == ("keep", few, 50)


def test_many_days_of_few_users_are_too_few():
    week = UserDays(np.tile(np.arange(40), 7), np.zeros(280), np.ones(280))
    assert decide(now(window=week, reference=None), RETRAIN, EVALUATE).figures["too_few"] == ["window"]


def test_the_days_of_a_user_are_drawn_together():
    """Of two users one is always better and one always worse: more days of the same two tell no more."""
    ours = UserDays(np.tile([1, 2], 50), np.tile([0.0, 1.0], 50), np.full(100, 0.5))
    assert paired(ours, ours.als - ours.popularity) == [-0.5, 0.5]


@pytest.mark.parametrize(
    ("days_ago", "refusals", "decision"),
    [(6, 0, "keep"), (7, 0, "train"), (13, 1, "keep"), (14, 1, "train"), (55, 9, "keep"), (56, 9, "train")],
)
def test_after_a_training_there_is_a_pause_that_doubles_with_refusals_up_to_eightfold(days_ago, refusals, decision):
    trained = DAY - datetime.timedelta(days=days_ago)
    found = decide(now(unknown_play_share=0.5, last_training=trained, refusals=refusals), RETRAIN, EVALUATE)
    assert found.decision == decision
    if decision == "keep":
        assert found.reason.startswith("cooling down until ")


def test_without_a_training_there_is_no_pause():
    assert cooldown_ends(now(last_training=None), RETRAIN) is None


def test_a_person_may_force_a_training_and_the_rules_are_still_told():
    found = forced(decide(WELL, RETRAIN, EVALUATE))
    assert (found.decision, found.figures["forced"]) == ("train", True)
    assert found.reason.startswith("--force-train; by the rules: keep, live NDCG@10 0.0600 beside")
