"""Whether the system is well, and how people see it.

``monitoring`` collects and judges figures, ``reporting`` draws them, ``mailing`` sends them, ``exporting`` serves them to
Prometheus. The jobs: ``health``, ``report``, ``notify``, ``exporter``, ``ledger``, and what people print: ``status``,
``summary``, ``trend``.
"""
