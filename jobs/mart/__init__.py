"""The data mart: a copy of what an application reads, in PostgreSQL. ``python -m jobs publish`` fills it from the lake."""
