"""What listens to Luigi while steps run: console, day's log, links, run ledger, mail. No step knows of it.

Importing it changes nothing: what starts a run calls :func:`install`.
"""

import functools


@functools.cache  # a second call would print and keep everything twice
def install() -> None:
    """Listen from now on, in this process and in those that are forked from it, to a Luigi that is told what we need."""
    # These import the tasks, which import this package.
    from tasks.observe import attempts, console, links, logs, mail
    from tasks.run import luigi_settings

    luigi_settings.take_defaults()
    logs.listen()
    console.listen()
    links.listen()
    mail.listen(attempts.listen())
