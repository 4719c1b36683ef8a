"""Mail about the system's health: what it says, how it is put together, how it is sent, what was sent before.

Letters are made of plain values read from the tables; only :mod:`jobs.health.mailing.smtp` speaks to anybody.
"""
