"""How hypothesis draws what one Spark job is asked at once."""

from hypothesis import HealthCheck, Phase, settings


def in_spark(batches: int = 1) -> settings:
    """So many batches of rows, the same in every run: a job each, so few of them, and none is made smaller when one fails."""
    return settings(
        max_examples=batches,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
    )
