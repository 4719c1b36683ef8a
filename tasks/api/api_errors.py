"""What can go wrong with the API, each told in one line: what was found, what was required, what to do.

::

    Refused
     +- ApiError               the API could not be read
     |   +- Unreachable            no connection, no bytes, HTTP 5xx or 429, until patience ran out
     |   +- BadAnswer              an answer that the contract does not know, or one that asking again cannot mend
     |   +- TooSlow                the entity's deadline passed
     +- Torn                   the pages do not belong together, each time that they were fetched
     +- TornDay                the entities of a day do not belong together
     +- ContractDrift          a field vanished, or changed its JSON type
     +- VolumeFell             far fewer rows than on the days before, or none
     +- DamagedSnapshot        what lies on disk is not what was fetched
     +- NotWritten             the disk took no more

``PassingFault`` and ``LargePage`` are not shown: one failed try, which may end as an ApiError, or as a page.
"""

from conf.errors import Refused


class ApiError(Refused):
    """The API could not be read."""


class Unreachable(ApiError):
    """No connection, no bytes, or an answer that says "not now", as often as it was asked."""


class BadAnswer(ApiError):
    """An answer that is not the contract's."""


class TooSlow(ApiError):
    """The entity was not whole when its deadline passed."""


class Torn(Refused):
    """The pages of an entity are not of one state of the API."""


class TornDay(Refused):
    """The entities of a day are not of one state of the API."""


class ContractDrift(Refused):
    """A field vanished or changed type in more than half of the rows."""


class VolumeFell(Refused):
    """An entity has far fewer rows than on the days before, or none."""


class DamagedSnapshot(Refused):
    """A raw folder misses a file, or a file is not what its manifest says."""


class NotWritten(Refused):
    """A raw folder could not be written."""


class PassingFault(Exception):
    """One try failed in a way that another may not.

    ``wait`` is what the API asked for, in seconds; ``busy`` says that it has too much to do;
    ``becomes`` is the error when patience runs out.
    """

    def __init__(self, found: str, becomes: type[ApiError], wait: float = 0.0, busy: bool = False) -> None:
        super().__init__(found)
        self.found, self.becomes, self.wait, self.busy = found, becomes, wait, busy


class LargePage(Exception):
    """A page is too large to be in memory with others."""
