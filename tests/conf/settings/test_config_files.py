import os
import pathlib

import pytest

from conf.errors import BadSetting
from conf.settings import found_files, parse, read_file, read_given


def refused() -> str:
    with pytest.raises(BadSetting) as refusal:
        read_file()
    return refusal.value.message


def test_without_a_file_there_are_the_defaults(folder):
    assert (found_files(), read_file()) == ([], {})


def test_a_later_file_replaces_single_values_of_those_before(folder, monkeypatch):
    (folder / "etc" / "luigi.cfg").write_text("[als]\nrank = 1\nalpha = 1\nreg = 1\niterations = 1\n")
    (folder / "client.cfg").write_text("[als]\nrank = 2\nalpha = 2\nreg = 2\n")
    (folder / "luigi.cfg").write_text("[als]\nrank = 3\nalpha = 3\n[lake]\nroot = there\n")
    (folder / "more.cfg").write_text("[als]\nrank = 4\n")
    monkeypatch.setenv("LUIGI_CONFIG_PATH", "more.cfg")
    assert read_file() == {
        "als": {"rank": "4", "alpha": "3", "reg": "2", "iterations": "1"},
        "lake": {"root": "there"},
    }


def test_each_value_knows_its_file_and_line(folder):
    (folder / "luigi.cfg").write_text("# c\n[spark]\n\nmaster: yarn\nconf = spark.a=1\n  spark.b=2\n[als]\nrank=3\n")
    found = {f"{section}.{name}": one.place for section, of in read_given().items() for name, one in of.items()}
    assert found == {"spark.master": "luigi.cfg:4", "spark.conf": "luigi.cfg:5", "als.rank": "luigi.cfg:8"}


def test_a_value_is_taken_as_it_stands(folder):
    (folder / "luigi.cfg").write_text("[mail]\nuser = 50%/%(x)s/%%/${HOME}\n")
    assert parse(read_file()).mail.user == "50%/%(x)s/%%/${HOME}"


def test_what_is_changed_is_read_anew(folder):
    file = folder / "luigi.cfg"
    for rank in ("1", "2"):
        file.write_text(f"[als]\nrank = {rank}\n")
        os.utime(file, ns=(int(rank), int(rank)))
        assert read_file()["als"]["rank"] == rank


def test_sections_of_luigi_and_of_its_tasks_are_let_be(folder):
    (folder / "luigi.cfg").write_text("[email]\nformat = %d\n[Recommend]\nrevision = 2\n[core]\nlog_level = INFO\n")
    assert read_file() == {}


@pytest.mark.parametrize(
    ("section", "meant"), [("lakes", "lake"), ("recomend", "recommend"), ("postgresql", "postgres")]
)
def test_a_misspelt_section_is_refused(folder, section, meant):
    (folder / "luigi.cfg").write_text(f"[{section}]\na = b\n")
    assert refused() == f"luigi.cfg: [{section}] is not a section; did you mean [{meant}]?"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("token hunter2\n", "line 1 cannot be read"),
        ("[api]\ntimezone = UTC\nhunter2\n", "line 3 cannot be read"),
        ("[api]\ntoken = 1\ntoken = hunter2\n", "line 3 stands there a second time"),
        ("[api]\n[lake]\n[api]\n", "line 3 stands there a second time"),
    ],
)
def test_what_cannot_be_parsed_is_told_by_its_line_and_not_shown(folder, text, found):
    (folder / "luigi.cfg").write_text(text)
    said = refused()
    assert said.startswith(f"luigi.cfg: {found}; required is key = value")
    assert "hunter2" not in said


def test_bytes_that_are_no_text_are_refused(folder):
    (folder / "luigi.cfg").write_bytes(b"[api]\ntimezone = \xff\n")
    assert refused() == "luigi.cfg: found bytes that are not UTF-8; required is a text in UTF-8"


def test_a_folder_in_place_of_a_file_is_refused(folder):
    (folder / "luigi.cfg").mkdir()
    assert refused().startswith("luigi.cfg: cannot be read (Is a directory)")


def test_a_named_file_that_is_not_there_is_refused(folder, monkeypatch):
    monkeypatch.setenv("LUIGI_CONFIG_PATH", "none.cfg")
    assert refused() == (
        f"LUIGI_CONFIG_PATH: there is no file none.cfg (working folder: {folder}); name one that is there, or unset it"
    )


@pytest.mark.parametrize(
    ("variable", "value"), [("LUIGI_CONFIG_PARSER", "toml"), ("LUIGI_CONFIG_PATH", "settings.toml")]
)
def test_luigis_toml_is_refused_because_jobs_do_not_read_it(folder, monkeypatch, variable, value):
    (folder / "settings.toml").write_text("")
    monkeypatch.setenv(variable, value)
    assert refused().startswith(f"{variable}: found '{value}', required is a file such as luigi.cfg")


def test_luigis_other_names_of_the_same_parser_are_taken(folder, monkeypatch):
    monkeypatch.setenv("LUIGI_CONFIG_PARSER", "ini")
    assert read_file() == {}


class TestSecrets:
    @pytest.fixture
    def file(self, folder: pathlib.Path) -> pathlib.Path:
        file = folder / "luigi.cfg"
        file.write_text("[api]\ntoken = hunter2\n")
        return file

    @pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
    def test_in_a_file_that_others_can_read_is_refused_with_the_command_that_mends_it(self, file, mode):
        file.chmod(mode)
        assert refused() == (
            f"luigi.cfg: [api] token is a secret, and others can read the file (mode {mode:04o}); chmod 600 luigi.cfg"
        )
        file.chmod(0o600)
        assert read_file()["api"]["token"] == "hunter2"

    @pytest.mark.parametrize(
        ("text", "where"),
        [
            ("[registry]\nuri = http://me:pa55@host\n", "[registry] uri"),
            ("[postgres]\nurl = postgresql://me:pa55@host/db\n", "[postgres] url"),
            ("[smtp]\npassword = pa55\n", "[smtp] password"),
            ("[task_history]\ndb_connection = mysql://me:pa55@host/db\n", "[task_history] db_connection"),
        ],
    )
    def test_are_urls_with_a_password_and_those_of_luigis_sections_too(self, file, text, where):
        file.write_text(text)
        said = refused()
        assert said.startswith(f"luigi.cfg: {where} is a secret")
        assert "pa55" not in said

    def test_an_empty_one_is_none(self, file):
        file.write_text("[api]\ntoken =\n[postgres]\nurl = postgresql://me@host/db\n")
        assert read_file()["api"]["token"] == ""

    def test_a_file_of_somebody_else_may_be_read_by_its_group(self, file, monkeypatch):
        monkeypatch.setattr(os, "geteuid", lambda: file.stat().st_uid + 1)
        file.chmod(0o640)
        assert read_file()["api"]["token"] == "hunter2"
        file.chmod(0o644)
        assert refused().endswith("; chmod o= luigi.cfg")

    def test_a_file_that_a_variable_names_is_taken_as_docker_mounts_it(self, folder, monkeypatch):
        (folder / "token").write_text("hunter2\n")
        (folder / "token").chmod(0o444)
        monkeypatch.setenv("MOOVITAMIX_API_TOKEN_FILE", str(folder / "token"))
        assert parse(read_file()).api.token == "hunter2"
