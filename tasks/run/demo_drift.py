"""Show how a change of taste is noticed and answered.

Runs days in a row on the demo API. In the middle of them half of the listeners go over to other genres; live NDCG
falls, the rule asks for training, the challenger wins, and the figure comes back. Window and cool-down are
shorter than by default, so that it does not take a month.
"""

from conf.checkout import ROOT
from conf.command_line import Parser, whole
from conf.errors import BadSetting, refusals_told
from conf.stopping import stoppable
from tasks.run.demo import last_days, of_demo, run, show
from tasks.run.luigi_settings import use

WINDOW = 3  # days of live figures that the rule averages, and of the reference


def arguments() -> Parser:
    result = of_demo(__doc__, 16, ROOT / "data" / "demo-drift")
    result.add_argument(
        "--drift-after", type=whole("--drift-after", 1), default=6, help="days before tastes change (default: 6)"
    )
    return result


def main() -> None:
    args = arguments().parse_args()
    if args.drift_after >= args.days:
        raise BadSetting(f"--drift-after: found {args.drift_after}, required is fewer than --days, {args.days}")
    use("evaluate", "window_days", str(WINDOW))
    use("retrain", "cooldown_days", str(WINDOW))
    folder, dates = args.root.absolute(), last_days(args.days)
    drift = dates[args.drift_after]
    run(dates, folder, args.port, drift)
    print(f"from {drift} on half of the listeners like other genres\n")
    show("trend", folder, dates[-1], f"--since={dates[0]}", f"--mark={drift}", f"--plot={folder / 'drift.svg'}")


if __name__ == "__main__":
    with stoppable(), refusals_told():
        main()
