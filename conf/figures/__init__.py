"""Every figure of the system's health: its name, title, unit, label, rank and which way is bad, declared once.

Recorded day by day in the table ``health``, drawn in the report, watched for anomalies, exported to Prometheus and mailed.
A figure with a label has one value for each of a bounded set: entities, tasks, tables, fields, rules.
"""

from conf.figures.contents import DATA
from conf.figures.listening import MODEL
from conf.figures.metric import Metric, Place
from conf.figures.performance import PERFORMANCE
from conf.figures.stability import STABILITY

GROUPS = {"stability": STABILITY, "data": DATA, "performance": PERFORMANCE, "model": MODEL}
METRICS: dict[str, Metric] = {metric.name: metric for group in GROUPS.values() for metric in group}


def shown_in(place: Place) -> list[Metric]:
    """The figures that are shown there, most important first."""
    return sorted((metric for metric in METRICS.values() if place in metric.places), key=lambda metric: metric.rank)
