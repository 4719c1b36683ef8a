"""Keeping the lake in order: ``check`` proves the tables, ``maintain`` removes what is old, ``migrate`` changes schemas."""
