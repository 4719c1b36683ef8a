"""Record a date's health, and print it: the verdict, then what needs attention with the commands that help. Needs no Spark."""

from jobs.health.monitoring.day_health import DayHealth
from jobs.health.monitoring.record import record
from jobs.runtime.command import Figures, Job, parser, run


def main(job: Job) -> Figures:
    health = record(job.lake(), job.date, job.settings)
    print(text(health))
    return {"findings": len(health.findings), "rows_out": len(health.figures)}


def text(health: DayHealth) -> str:
    lines = [f"{health.date}  {health.verdict}"]
    for finding in health.findings:
        lines += ["", f"  {finding.severity.upper():<9}{finding.text}"]
        if finding.command:
            lines.append(f"  {'':<9}{finding.command}")
    return "\n".join(lines)


if __name__ == "__main__":
    run(main, parser(__doc__ or "", "lake", "evaluate", "retrain", "health"))
