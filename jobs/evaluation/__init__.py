"""Lists held against plays: live (``evaluate``) and on a holdout by time (``holdout``), by the same ``evaluator``.

``metrics`` scores lists, ``intervals`` says how sure that is, ``measured`` turns both into rows of ``evaluations``.
"""
