"""What all command lines share. That each command uses it is held in tests/cli."""

import pytest

from conf import command_line
from conf.command_line import Parser, about, folder_to_make, one_of, refuse_no_folder, whole
from conf.errors import BadSetting


@pytest.fixture
def parser():
    made = Parser("Do it.", prog="do")
    made.add_argument("--format", type=one_of("--format", ("table", "csv")))
    made.add_argument("--user", required=True, type=whole("--user", 1, 9))
    return made


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--user=1", "--formt=csv"], "--formt: there is no such flag; did you mean --format?"),
        (["--usr=1"], "--usr: there is no such flag; did you mean --user?"),
        (["--user=1", "--for=csv"], "--for: there is no such flag; did you mean --format?"),
        (["--user=1", "--xyz"], "--xyz: there is no such flag; see do --help"),
        (["--user=1", "csv"], "'csv' is not expected here; see do --help"),
        (["--user=1", "--format=cvs"], "--format: found 'cvs'; did you mean csv?"),
        (["--user=1", "--format=pdf"], "--format: found 'pdf'; required is one of table, csv"),
        (["--user=ann"], "--user: found 'ann', required is a whole number from 1 to 9"),
        (["--user=10"], "--user: found '10', required is a whole number from 1 to 9"),
        (["--user"], "--user: expected one argument; see do --help"),
        ([], "required: --user; see do --help"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_mistake_is_one_line_with_the_nearest_right_word(parser, words, said):
    with pytest.raises(BadSetting) as refused:
        parser.parse_args(words)
    assert refused.value.message == said


def test_what_stands_behind_two_dashes_is_no_flag(parser):
    with pytest.raises(BadSetting, match="'csv' is not expected here"):
        parser.parse_args(["--user=1", "--", "csv"])


def test_a_password_on_the_command_line_is_refused_before_anything_else(parser):
    with pytest.raises(BadSetting, match="found a URL with a password"):
        parser.parse_args(["--xyz=postgresql://me:secret@host/db"])


def test_a_module_says_what_it_does_without_being_run():
    assert about("jobs.health.status") == "Print the last day done, the champion, and what needs attention"
    with pytest.raises(LookupError):
        about("jobs.nothing")


def test_a_folder_that_is_not_there_is_answered_with_its_neighbour(tmp_path):
    (tmp_path / "lake").mkdir()
    refuse_no_folder(str(tmp_path / "lake"))
    refuse_no_folder("s3a://bucket/lake")
    with pytest.raises(BadSetting, match=rf"found no folder at .*; did you mean {tmp_path}/lake\?"):
        refuse_no_folder(str(tmp_path / "lkae"))


def test_a_neighbour_of_a_folder_above_is_not_meant(tmp_path):
    (tmp_path / "lake").mkdir()
    with pytest.raises(BadSetting, match="make run makes the demo's"):
        refuse_no_folder(str(tmp_path / "data" / "lake"))


def test_a_file_is_no_lake_and_no_place_for_one(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BadSetting, match="found a file at"):
        refuse_no_folder(str(tmp_path / "file"))
    with pytest.raises(BadSetting, match="is a file, required is a folder"):
        folder_to_make(str(tmp_path / "file" / "lake"))
    assert folder_to_make(str(tmp_path / "new" / "lake")) == tmp_path / "new" / "lake"


def test_help_names_the_program_as_the_user_typed_it(monkeypatch):
    monkeypatch.setattr(command_line, "PROGRAM", "moovitamix status")
    assert Parser("x").prog == "moovitamix status"


def test_the_folder_beside_a_lake_is_not_taken_for_it(tmp_path):
    (tmp_path / "lake").mkdir()
    with pytest.raises(BadSetting, match=rf"found no lake at .*; did you mean {tmp_path}/lake\?"):
        refuse_no_folder(str(tmp_path))
    (tmp_path / "raw").mkdir()
    refuse_no_folder(str(tmp_path))
