"""From raw JSON to clean rows, quarantine and accounting.

``snapshot`` reads the raw text and ``checks`` turns it into typed columns and the names of the rules that each row
breaks: ``typed`` settles the good rows, ``judge`` the others. ``rows`` and ``plays`` say which rows of an entity stand,
and ``as_served`` how quarantine keeps the rest. ``served`` keeps through which dates a track or a user stood.

``judge``, ``forms``, ``members`` and ``as_served`` are plain Python over a row's text: they run on Spark's workers.
"""

# The task that cleans each entity, as markers name it.
TASKS = {"tracks": "CleanTracks", "users": "CleanUsers", "listen_history": "CleanListens"}
