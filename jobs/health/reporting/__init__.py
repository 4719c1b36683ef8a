"""The day's report: figures as text, small charts, and the pages that show them.

A page is made of plain values: :mod:`jobs.health.report` reads them, the modules here turn them into what the templates
show, and touch neither the lake nor the disk.
"""
