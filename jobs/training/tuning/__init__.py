"""Choosing the model's parameters: the search, its trials, how lists are scored, and when a day's training does so."""
