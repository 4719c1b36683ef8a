"""The nightly run as it would be on another day: python -m tests.odd_days.nightly_of TODAY FLAGS of bin/daily.

Only what the command itself takes for today is another: which days are due, and how its log is called. The steps that it
starts are given their date.
"""

import datetime
import sys

from conf import days
from tasks.run import nightly

if __name__ == "__main__":
    today = datetime.date.fromisoformat(sys.argv.pop(1))
    days.today = lambda: today
    sys.exit(nightly.main())
