"""From raw JSON to clean rows, quarantine and accounting.

``snapshot`` reads the raw text, ``checks`` turns it into typed columns and the names of the rules that
each row breaks, ``rows`` and ``plays`` say which rows of an entity stand, ``quarantine`` keeps the rest. ``served``
keeps through which dates a track or a user stood.
"""

# The task that cleans each entity, as markers name it.
TASKS = {"tracks": "CleanTracks", "users": "CleanUsers", "listen_history": "CleanListens"}
