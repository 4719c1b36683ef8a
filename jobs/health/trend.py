"""Print how the lists did day by day, and what was decided.

Beside them stands popularity. With --plot it is drawn. Needs no Spark."""

import dataclasses
import datetime
import pathlib

from conf.command_line import Parser, any_day
from jobs.runtime.command import Job, ask, parser
from lake.access import Lake


@dataclasses.dataclass(frozen=True)
class TrendDay:
    """Live NDCG of the lists from the model (None where there is none), and the date's decisions by step."""

    date: datetime.date
    als: dict | None
    popularity: dict | None
    decisions: dict[str, dict]


def days(lake: Lake, since: datetime.date, until: datetime.date, k: int) -> list[TrendDay]:
    """The dates that have been decided, in order."""
    span = [("date", ">=", since), ("date", "<=", until)]
    figures = lake.rows("evaluations", [*span, ("kind", "=", "live"), ("metric", "=", "ndcg"), ("k", "=", k)])
    live = {(row["date"], row["model"]): row for row in figures}
    decided: dict[datetime.date, dict[str, dict]] = {}
    for row in lake.rows("decisions", span):
        decided.setdefault(row["date"], {})[row["step"]] = row
    return [
        TrendDay(date, live.get((date, "als")), live.get((date, "popularity_als")), decided[date])
        for date in sorted(decided)
    ]


def text(found: list[TrendDay], k: int) -> str:
    """A line a day, and below it the reason of each training and promotion."""
    lines = [f"{'date':<12}{'model':>6}  {f'live NDCG@{k}':<28}{'popularity':>10}{'users':>7}  decision"]
    for day in found:
        lines.append(f"{day.date!s:<12}{_model(day):>6}  {_figures(day)}  {_decision(day)}".rstrip())
        lines += [
            f"{'':<20}{step}: {row['reason']}"
            for step, row in sorted(day.decisions.items(), reverse=True)
            if row["decision"] != "keep"
        ]
    return "\n".join(lines)


def _model(day: TrendDay) -> str:
    return day.als["model_version"] if day.als else "-"


def _figures(day: TrendDay) -> str:
    if not day.als or not day.popularity:
        return f"{'-':<28}{'-':>10}{0:>7}"
    interval = f"{day.als['value']:.4f} ({day.als['low']:.4f} to {day.als['high']:.4f})"
    return f"{interval:<28}{day.popularity['value']:>10.4f}{day.als['users']:>7,}"


def _decision(day: TrendDay) -> str:
    return ", ".join(row["decision"] for _, row in sorted(day.decisions.items(), reverse=True))


def plot(found: list[TrendDay], k: int, mark: datetime.date | None, target: pathlib.Path) -> None:
    """Draw both figures with the interval, promotions, and a moment to be marked; the file's ending says the format."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt
    from matplotlib.dates import date2num

    measured = [day for day in found if day.als and day.popularity]
    dates = [date2num(day.date) for day in measured]
    figure, axes = plt.subplots(figsize=(9, 4), layout="constrained")
    als = [day.als for day in measured if day.als]
    axes.fill_between(dates, [row["low"] for row in als], [row["high"] for row in als], alpha=0.2)
    axes.plot(dates, [row["value"] for row in als], marker="o", label="lists from the model")
    axes.plot(
        dates,
        [day.popularity["value"] for day in measured if day.popularity],
        marker=".",
        color="grey",
        label="popularity, same users",
    )
    for day in found:
        if day.decisions.get("promote", {}).get("decision") == "promote":
            version = day.decisions["promote"]["model_version"]
            axes.axvline(date2num(day.date), color="green", linestyle=":", label=f"model {version} promoted")
    if mark:
        axes.axvline(date2num(mark), color="red", linestyle="--", label="tastes change")
    axes.xaxis_date()
    axes.set(ylabel=f"live NDCG@{k}", ylim=(0, axes.get_ylim()[1]))
    figure.legend(loc="outside upper center", ncols=3, frameon=False)
    figure.autofmt_xdate()
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target)
    plt.close(figure)


def show(job: Job) -> None:
    k = job.settings.evaluate.k
    found = days(job.lake(), job.args.since or datetime.date.min, job.date, k)
    print(text(found, k))
    if job.args.plot:
        plot(found, k, job.args.mark, job.args.plot)
        print(f"\n  plot     {job.args.plot.absolute()}")


def arguments() -> Parser:
    result = parser(__doc__, "lake", "evaluate", date="yesterday")
    result.add_argument(
        "--since", type=any_day("--since"), metavar="YYYY-MM-DD", help="first date (default: the first there is)"
    )
    result.add_argument("--plot", type=pathlib.Path, help="file to draw into, such as trend.svg or trend.png")
    result.add_argument("--mark", type=any_day("--mark"), metavar="YYYY-MM-DD", help="a date to be marked in the plot")
    return result


if __name__ == "__main__":
    ask(show, arguments())
