"""From factors to lists: ``candidates`` may be listed, ``scorer`` and ``ranking`` choose, ``scoring`` does it for all on Spark."""
