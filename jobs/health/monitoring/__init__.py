"""The system's health: a date's figures, how they stand beside their own history, and what to do. Needs no Spark."""
