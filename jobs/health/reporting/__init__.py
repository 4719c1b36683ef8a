"""The day's report: figures as people read them, small charts, and the pages they stand on.

A page is made of plain values: :mod:`jobs.health.report` reads them, the modules here turn them into what the templates
show, and touch neither the lake nor the disk.
"""
