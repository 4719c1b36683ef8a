"""Where Luigi keeps the process ids of its commands: a folder that other users of the machine can neither enter nor plant.

Luigi's own, ``/tmp/luigi``, is taken as it is found: its files are for everybody to write, and links in it are followed.
"""

import contextlib
import os
import pathlib
import stat
import tempfile

import luigi.configuration

from conf.errors import Refused

OPTION = "lock_pid_dir"


def install() -> None:
    """Let Luigi keep them there, unless its settings or the command line name another folder.

    Raises:
        Refused: what lies there is not a folder of this user's alone.
    """
    config = luigi.configuration.get_config()
    if not (config.has_option("core", OPTION) or config.has_option("core", OPTION.replace("_", "-"))):
        config.set("core", OPTION, str(folder()))


def folder() -> pathlib.Path:
    """The folder, which is made where there is none.

    Raises:
        Refused: as above.
    """
    place = pathlib.Path(tempfile.gettempdir()) / f"moovitamix-{os.getuid()}"
    with contextlib.suppress(FileExistsError):
        place.mkdir(mode=0o700)
    found = place.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise Refused(
            f"{place}: found {stat.filemode(found.st_mode)} of user {found.st_uid}; required is a folder of user "
            f"{os.getuid()} that nobody else can enter; remove it, or set [core] {OPTION}"
        )
    return place
