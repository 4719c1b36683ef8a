"""How long an entity may take."""

import time

from tasks.api.api_errors import TooSlow


class Deadline:
    """Counts down from the moment it is made."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self, ahead: float = 0.0, met: str = "") -> float:
        """Seconds left after ``ahead`` more have passed; ``met`` is the fault that the last try found.

        Raises:
            TooSlow: there are none.
        """
        left = self._end - time.monotonic() - ahead
        if left <= 0:
            wanted = f"; the API asks to wait {ahead:.0f} s more" if ahead > 60 else ""
            last = f"; the last try found {met}; see whether the API is up, and" if met else "; see"
            raise TooSlow(
                f"not fetched within the deadline of {self.seconds:g} s{wanted}{last} why the API is slow, "
                "or raise [api] deadline or concurrency"
            )
        return left
