"""The lake without Spark and without Luigi, for tasks, jobs and the application alike.

``storage`` and ``layout`` say where things lie, ``files`` writes them whole; ``delta`` opens tables, ``access`` reads and
writes their rows, ``commits`` and ``champion`` say what stands; ``suppression`` keeps whom nobody may keep.
"""
