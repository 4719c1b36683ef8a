"""Whether the challenger takes the champion's place: not worse than popularity, and enough better than the champion."""

from conf.settings import EvaluateSettings, PromoteSettings
from jobs.training.decision import Decision


def decide(
    challenger: float | None,
    popularity: float | None,
    champion: float | None,
    users: int,
    champion_version: str,
    promote: PromoteSettings,
    evaluate: EvaluateSettings,
) -> Decision:
    """``promote``, ``refuse``, or ``none`` where nothing was trained.

    Args:
        challenger, popularity, champion: NDCG at k on the same holdout and users; a champion of None
            means that there is none.
        users: how many were scored.
    """
    figures = {"challenger": challenger, "popularity": popularity, "champion": champion, "users": users}
    figures["min_users"] = evaluate.min_users
    if challenger is None or popularity is None or users < evaluate.min_users:
        return Decision(
            "none", f"not enough history: {users} users can be scored, {evaluate.min_users} are needed", figures
        )
    at = f"holdout NDCG@{evaluate.k} {challenger:.4f}"
    if challenger < popularity:
        return Decision("refuse", f"{at} is below popularity's {popularity:.4f}, over {users} users", figures)
    if champion is not None and challenger < promote.min_gain * champion:
        return Decision(
            "refuse",
            f"{at} is below {promote.min_gain:.2f} times the {champion:.4f} of model {champion_version}, over {users} users",
            figures,
        )
    beside = "there is no champion" if champion is None else f"model {champion_version} has {champion:.4f}"
    return Decision("promote", f"{at}, popularity has {popularity:.4f}, {beside}, over {users} users", figures)


def withheld(decided: Decision) -> Decision:
    """Do not promote because the operator asks for it: that is no verdict on the challenger, so there is no cool-down."""
    return Decision("none", f"--no-promote; by the rules: {decided.decision}, {decided.reason}", decided.figures)
