"""Ports of the loopback address for the servers of tests."""

from tasks.run.spark_server import free_port

__all__ = ["free_port"]
