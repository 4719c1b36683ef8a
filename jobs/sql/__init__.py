"""Spark SQL for operators and analysts: every table and view by name, at a prompt or for one query.

``statements`` takes text apart and says what only reads, ``names`` makes tables and views known to a session,
``engine`` runs a statement, ``shown`` turns rows into a table, CSV or JSON, ``failures`` Spark's errors into a line,
``help`` answers without Spark, ``complete`` and ``loop`` are the prompt itself.
"""
