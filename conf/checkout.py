"""Where the project's own files lie, and the folder that its commands run in.

In a checkout both are the checkout. Of an installed package the files lie in site-packages, where nothing is written,
and commands run in the folder of whoever starts them: ``data/`` and ``luigi.cfg`` are that folder's.
"""

import pathlib

CODE = pathlib.Path(__file__).parents[1]  # of the packages
IS_CHECKOUT = (CODE / "setup.py").is_file() and (CODE / "luigi.cfg").is_file()
ROOT = CODE if IS_CHECKOUT else pathlib.Path()  # what commands run in; later as well, it is where they stand then
TOP = CODE if IS_CHECKOUT else CODE / "conf" / "installed"  # of luigi.cfg and of bin; setup.py puts them there
DEPLOY = CODE / "conf" / "deploy"  # files for other programs
