import pathlib

import pytest

from conf.settings import config_files


@pytest.fixture
def folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A working folder without files of settings, on a machine that has none, and nothing in the environment."""
    for name in ("LUIGI_CONFIG_PATH", "LUIGI_CONFIG_PARSER", "MOOVITAMIX_API_TOKEN", "MOOVITAMIX_API_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(config_files, "USUAL", ("etc/luigi.cfg", "client.cfg", "luigi.cfg"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "etc").mkdir()
    return tmp_path
