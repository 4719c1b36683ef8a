"""What is declared and does nothing: settings, the API's contract, tables, views, figures, errors. Both sides read it."""
