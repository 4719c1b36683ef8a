"""A model's life: ``decide``, ``train`` (with ``tuning``), ``promote``, ``rollback``.

The rules are pure functions: ``retrain_rules`` and ``promotion_rules`` give a ``Decision``.
"""
