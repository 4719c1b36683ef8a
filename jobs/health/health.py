"""Print whether a day is well, and what to do.

First the verdict, then what needs attention with the commands that help. Needs no Spark.

python -m jobs health [--date YYYY-MM-DD] [--record] [--lake-root data/lake]

It only reads; with ``--record`` what it finds is written into ``health`` and ``findings``, as at the end of a run. Ends
with code 0 where all is well, 1 where there are warnings, 2 where something is critical.
"""

from conf.command_line import Parser
from jobs.health.monitoring.day_health import DayHealth
from jobs.health.monitoring.record import judge, record
from jobs.health.overview import refuse_before_first
from jobs.runtime.command import Job, ask, parser

CODES = {"critical": 2, "warning": 1}


def main(job: Job) -> int:
    lake = job.lake()
    refuse_before_first(lake, job.date)
    health = record(lake, job.date, job.settings) if job.args.record else judge(lake, job.date, job.settings).health
    print(text(health))
    return max((CODES.get(finding.severity, 0) for finding in health.findings), default=0)


def text(health: DayHealth) -> str:
    lines = [f"{health.date}  {health.verdict}"]
    for finding in health.findings:
        lines += ["", f"  {finding.severity.upper():<9}{finding.text}"]
        if finding.command:
            lines.append(f"  {'':<9}{finding.command}")
    return "\n".join(lines)


def arguments() -> Parser:
    result = parser(__doc__, "lake", "evaluate", "retrain", "health", date="yesterday")
    result.add_argument("--record", action="store_true", help="write it into the lake as well")
    return result


if __name__ == "__main__":
    ask(main, arguments())
