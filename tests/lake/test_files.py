import errno
import os
import stat

import pytest

from lake import files


def test_a_folder_of_a_file_system_that_cannot_sync_folders_is_written_all_the_same(tmp_path, monkeypatch):
    sync = os.fsync

    def of_files_alone(handle):
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        sync(handle)

    monkeypatch.setattr(os, "fsync", of_files_alone)
    files.write(tmp_path / "file", b"x")
    assert files.read(tmp_path / "file") == b"x"


@pytest.mark.parametrize(("place", "code"), [("file", errno.EINVAL), ("file", errno.EIO), (".", errno.EIO)])
def test_what_could_not_be_synced_is_an_error(tmp_path, monkeypatch, place, code):
    def fails(handle):
        raise OSError(code, os.strerror(code))

    (tmp_path / "file").touch()
    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(OSError, match=os.strerror(code)):
        files.sync([tmp_path / place])
