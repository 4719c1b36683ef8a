"""Ports of the loopback address for the servers of tests."""

from tasks.run.probe import free_port

__all__ = ["free_port"]
