"""Where the application's data come from: the lake, or PostgreSQL.

``store`` says what is asked, whoever answers. ``lake_store`` keeps the newest day in memory (``lake_day``, ``track_index``,
``packed``); ``postgres_store`` asks the mart.
"""
