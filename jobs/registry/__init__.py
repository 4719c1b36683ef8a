"""The MLflow registry: ``versions`` and their ``aliases``, ``live_figures``, ``pruning``, and the loader ``pyfunc``.

The jobs: ``models`` lists and repairs, ``mlflow_page`` opens the registry's own page.
"""
