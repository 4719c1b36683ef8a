"""What runs, for which date, after what: Luigi's tasks, one module a step, and ``daily`` that ties them together.

``api`` fetches and proves a snapshot, ``observe`` listens to Luigi, ``run`` starts things. Never pyspark, never jobs.
"""
