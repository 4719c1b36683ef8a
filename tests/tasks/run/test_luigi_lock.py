"""Other users of the machine cannot steer where Luigi writes its lock."""

import os
import tempfile

import luigi.configuration
import pytest

from conf.errors import Refused
from tasks.run import luigi_lock


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path / f"moovitamix-{os.getuid()}"


@pytest.fixture
def config(monkeypatch):
    config = luigi.configuration.LuigiConfigParser()
    monkeypatch.setattr(luigi.configuration, "get_config", lambda: config)
    config.add_section("core")
    return config


def test_the_folder_is_its_users_alone_whatever_the_umask(temporary):
    before = os.umask(0)
    try:
        assert luigi_lock.folder() == temporary == luigi_lock.folder()
    finally:
        os.umask(before)
    assert temporary.stat().st_mode & 0o777 == 0o700


def a_link(place):
    (place.parent / "elsewhere").mkdir(mode=0o700)
    place.symlink_to(place.parent / "elsewhere")


def a_file(place):
    place.write_text("")


def a_folder_for_everybody(place):
    place.mkdir()
    place.chmod(0o777)


def a_folder_of_another(place):
    place.mkdir(mode=0o700)
    os.chown(place, 65534, 65534)


PLANTED = [a_link, a_file, a_folder_for_everybody]
PLANTED += [a_folder_of_another] if os.getuid() == 0 else []


@pytest.mark.parametrize("plant", PLANTED)
def test_what_another_has_planted_there_is_refused(temporary, plant):
    plant(temporary)
    with pytest.raises(
        Refused, match=r"found \S+ of user \d+; required is a folder of user .*set \[core\] lock_pid_dir"
    ):
        luigi_lock.folder()


def test_luigi_is_told_the_folder_unless_its_settings_name_one(temporary, config):
    luigi_lock.install()
    assert config.get("core", "lock_pid_dir") == str(temporary)
    config.set("core", "lock_pid_dir", "/run/moovitamix")
    luigi_lock.install()
    assert config.get("core", "lock_pid_dir") == "/run/moovitamix"
