"""Whether the system is well, and how operators see it.

``monitoring`` collects and judges figures, ``reporting`` draws them, ``mailing`` sends them, ``exporting`` serves them to
Prometheus. The jobs: ``health``, ``report``, ``notify``, ``exporter``, ``ledger``, and what is printed at a terminal: ``status``,
``summary``, ``trend``.
"""
