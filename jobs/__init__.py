"""How each step is done: Spark and numpy, never Luigi. A package is a part of the flow; its jobs are listed in ``__main__``.

Each imports only what stands before it: runtime, cleaning, model, recommendation, evaluation, registry, training; then mart,
health, privacy, sql, upkeep. Each job runs by itself: python -m jobs clean --help
"""

from conf.program import settle_module

settle_module()
