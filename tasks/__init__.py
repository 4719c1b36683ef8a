"""What runs, for which date, after what: Luigi's tasks, one module a step, and ``daily`` that ties them together.

``api`` fetches and proves a snapshot, ``observe`` listens to Luigi, ``run`` starts things. Never pyspark, never jobs.

Importing it changes nothing, with one exception: where Luigi's own command is the program (``luigi --module tasks.…``)
a run begins with this import, and there is no ``main`` of ours that could install what listens to it. Such a
program has ``luigi_run`` from ``luigi.cmdline``, under whatever name it was started. A notebook, Airflow or a script that
calls ``luigi.build`` has not: a run there begins with ``tasks.observe.install()``.

It also looks at the files of settings before Luigi does, which tells of one that it cannot read by a stack.
"""

import sys

from conf.errors import refusals_told
from conf.settings import read_file

if "luigi" not in sys.modules:
    with refusals_told():
        read_file()

if hasattr(sys.modules.get("__main__"), "luigi_run"):
    from tasks.run import luigi_command

    luigi_command.prepare()
