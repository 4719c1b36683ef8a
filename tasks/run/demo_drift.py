"""Show a change of taste being noticed and answered: what ``make demo-drift`` does.

Runs days in a row on the demo API. In the middle of them half of the listeners go over to other genres; live NDCG
falls, the rule asks for training, the challenger wins, and the figure comes back. Window and cool-down are
shorter than by default, so that it does not take a month.
"""

import argparse
import pathlib

from conf.checkout import ROOT
from conf.errors import refusals_told
from tasks.run.demo import PORT, last_days, run, show, use

WINDOW = 3  # days of live figures that the rule averages, and of the reference


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=16, help="how many whole days up to yesterday (default: 16)")
    parser.add_argument("--drift-after", type=int, default=6, help="days before tastes change (default: 6)")
    parser.add_argument(
        "--root", type=pathlib.Path, default=ROOT / "data" / "demo-drift", help="folder of lake, registry and logs"
    )
    parser.add_argument("--port", type=int, default=PORT, help=f"of the Spark Connect server (default: {PORT})")
    args = parser.parse_args()
    if not 0 < args.drift_after < args.days:
        parser.error(f"--drift-after: found {args.drift_after}, required is 1 to {args.days - 1}")
    use("evaluate", "window_days", str(WINDOW))
    use("retrain", "cooldown_days", str(WINDOW))
    folder, dates = args.root.absolute(), last_days(args.days)
    drift = dates[args.drift_after]
    run(dates, folder, args.port, drift)
    print(f"from {drift} on half of the listeners like other genres\n")
    show("trend", folder, dates[-1], f"--since={dates[0]}", f"--mark={drift}", f"--plot={folder / 'drift.svg'}")


if __name__ == "__main__":
    with refusals_told():
        main()
