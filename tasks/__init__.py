"""What runs, for which date, after what: Luigi's tasks, one module a step, and ``daily`` that ties them together.

``api`` fetches and proves a snapshot, ``observe`` listens to Luigi, ``run`` starts things. Never pyspark, never jobs.

Importing it changes nothing, with one exception: where Luigi's own command is the program (``luigi --module tasks.…``)
a run begins with this import, and there is no ``main`` of ours that could install what listens to it. Such a
program has ``luigi_run`` from ``luigi.cmdline``, under whatever name it was started. A notebook, Airflow or a script that
calls ``luigi.build`` has not: a run there begins with ``tasks.observe.install()``.

What is a program also settles its environment here (:mod:`conf.program`).

It also looks at the files of settings before Luigi does, which tells of one that it cannot read by a stack. Whoever
imports it gets :class:`~conf.errors.BadSetting`; where the import is the beginning of a command, the command ends with its
line and code 2.
"""

import contextlib
import sys

from conf.errors import refusals_told
from conf.program import settle, settle_module
from conf.settings import read_file

IS_LUIGI = hasattr(sys.modules.get("__main__"), "luigi_run")

settle_module()
if IS_LUIGI:
    with refusals_told():
        settle()

if "luigi" not in sys.modules:
    # While Python looks for the module of "python -m tasks.…", that word is all it says of the program.
    with refusals_told() if IS_LUIGI or sys.argv[:1] == ["-m"] else contextlib.nullcontext():
        read_file()

if IS_LUIGI:
    from tasks.run import luigi_command

    luigi_command.prepare()
