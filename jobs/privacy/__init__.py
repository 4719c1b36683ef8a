"""A user is forgotten: ``python -m jobs forget --user 17``.

``person`` says whom to look for, ``plan`` what the accounting has to say, ``intent`` remembers both until all is done.
``raw``, ``tables``, ``models``, ``registry``, ``texts`` and ``mart`` each remove what their place holds, and do nothing
where it is gone; ``search`` looks everywhere and counts.
"""
