"""Run the nightly command through days on which the world outside is odd, and hold the tables against the rules.

python -m tests.odd_days.run [--seed N] [--days N] [--compared N] [--keep]

Days are drawn from declared kinds (``generator``, ``texts``, ``times``). Each night the command of ``bin/daily`` is called
without a date, with today moved on by a day, over one Connect server that stays. At the end every day is complete and
``python -m jobs check`` finds nothing. On the days compared, drawn too, the tables are row by row those that ``oracle``
gives, and each listener has the list that can be. Ends with code 1, and what differs, where anything does.
"""

import argparse
import contextlib
import pathlib
import random
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator

from tests.odd_days.nights import Nights, Outcome, house

COMPARED = 5
PRINTED = 40  # lines of findings


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, help="of the days; by default a new one, which is printed")
    parser.add_argument("--days", type=int, default=30, help="how many (default: 30)")
    parser.add_argument("--compared", type=int, default=COMPARED, help=f"days held row by row (default: {COMPARED})")
    parser.add_argument("--keep", action="store_true", help="leave the run's folder, for a look")
    args = parser.parse_args()
    if args.days < 1:
        parser.error("--days: at least 1")
    seed = random.SystemRandom().randrange(10**6) if args.seed is None else args.seed
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what is started is ended all the same
    with kept(args.keep) as folder:
        outcome = odd_days(folder, seed, args.days, args.compared)
    return 1 if outcome.findings else 0


@contextlib.contextmanager
def kept(keep: bool) -> Iterator[pathlib.Path]:
    folder = pathlib.Path(tempfile.mkdtemp(prefix="odd-days-"))
    try:
        yield folder
    finally:
        if keep:
            print(f"left for a look: {folder}", flush=True)
        else:
            shutil.rmtree(folder, ignore_errors=True)


def odd_days(folder: pathlib.Path, seed: int, count: int, compared: int = COMPARED) -> Outcome:
    """The whole of it, told on standard output."""
    print(f"seed {seed}: python -m tests.odd_days.run --seed {seed} --days {count}", flush=True)
    with house(folder) as there:
        outcome = Nights(there, seed, count, compared).run()
    tell(outcome, seed)
    return outcome


def tell(outcome: Outcome, seed: int) -> None:
    print(f"\n{'what happens':<34}{'days':>5}{'seconds':>9}  findings")
    for kind, (days, seconds, findings) in sorted(outcome.by_kind.items()):
        print(f"{kind:<34}{days:>5}{seconds / days:>9.0f}  {findings or ''}")
    for name, number in outcome.counts.items():
        print(f"{name:<34}{number:>5}")
    for finding in outcome.findings[:PRINTED]:
        print(finding)
    if len(outcome.findings) > PRINTED:
        print(f"and {len(outcome.findings) - PRINTED} lines more")
    said = "the tables are what the rules give, and check finds nothing"
    print(f"\nseed {seed}: {f'{len(outcome.findings)} lines of findings' if outcome.findings else said}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
