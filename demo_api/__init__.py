"""The MooVitamix API for people who have none: seeded listeners with tastes, in the real one's contract.

``draws`` is where chance comes from, ``population`` says who and what exists on a day, ``taste`` who
likes what. ``catalogue``, ``people`` and ``sessions`` make the rows, ``dirt_entities`` and
``dirt_history`` spoil a few, ``snapshot`` puts together what is served at the end of a day, and
``server`` serves it. Everything is a pure function of a seed and of that day.
"""

from conf.program import settle_module

settle_module()
