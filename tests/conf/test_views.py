"""Views stand on tables and on views before them, and have names of their own."""

import re

from conf.tables import TABLES
from conf.views import VIEWS


def test_no_view_hides_a_table():
    assert not VIEWS.keys() & TABLES.keys()


def test_each_reads_tables_and_views_before_it():
    known = set(TABLES)
    for name, view in VIEWS.items():
        read = set(re.findall(r"\w+", view.sql)) & (TABLES.keys() | VIEWS.keys())
        assert read & known
        assert not read & VIEWS.keys() - known, name
        known.add(name)
