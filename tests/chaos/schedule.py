"""When which fault comes: drawn from a seed, so that the same seed gives the same faults with the same pauses between them."""

import dataclasses
import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator

from tests.chaos.faults import FAULTS, LOOK
from tests.chaos.house import House

Say = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Event:
    pause: float  # seconds after the fault before
    kind: str
    seed: int  # of the fault's own source of chance


def events(seed: int, kinds: list[str], pauses: tuple[float, float]) -> Iterator[Event]:
    """Deck after deck of all kinds, each shuffled: every kind comes as often as any other."""
    chance = random.Random(seed)
    while True:
        for kind in chance.sample(kinds, len(kinds)):
            yield Event(chance.uniform(*pauses), kind, chance.getrandbits(32))


class Injector(threading.Thread):
    """Injects the events until it is told to stop, or there are no more. ``hits`` counts those of each kind that hit something."""

    def __init__(self, house: House, planned: Iterator[Event], patience: float, say: Say) -> None:
        super().__init__(name="chaos")
        self.house, self.planned, self.patience, self.say = house, planned, patience, say
        self.over = threading.Event()
        self.hits = dict.fromkeys(FAULTS, 0)
        self.again: list[Event] = []  # what had nothing to hit: tried again once all else is over
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            for event in self._in_turn():
                if self.over.wait(event.pause):
                    return
                self._inject(event)
        except Exception as error:  # the run's own fault, not the pipeline's: told at the end
            self.error = error

    def _in_turn(self) -> Iterator[Event]:
        yield from self.planned
        while self.again:
            yield self.again.pop(0)

    def stop(self) -> None:
        """End the schedule; a server that is away comes back first."""
        self.over.set()
        self.join()

    def _inject(self, event: Event) -> None:
        """Wait for something to hit, for as long as there is patience."""
        fault, chance = FAULTS[event.kind], random.Random(event.seed)
        deadline = time.monotonic() + self.patience
        while not (hit := fault(self.house, chance)):
            if time.monotonic() > deadline or self.over.wait(LOOK):
                self.again.append(event)
                self.say(f"{event.kind:<9} nothing to hit")
                return
        self.hits[event.kind] += 1
        self.say(f"{event.kind:<9} {hit}")


def one_deck(planned: Iterator[Event], kinds: list[str], decks: int) -> Iterator[Event]:
    return itertools.islice(planned, decks * len(kinds))
