"""The figures of health as Prometheus reads them.

``naming`` says what each figure of conf/figures is called there, ``figures`` reads them from the lake, ``families``
turns them into metrics, ``collector`` answers a scrape with those and with what is measured at that moment.
"""
