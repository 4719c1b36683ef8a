import json
import os
import pathlib
import subprocess
import sys

import pytest

from conf.errors import BadSetting
from conf.settings import SECTIONS
from tasks.run import show_settings

ROOT = pathlib.Path(__file__).parents[3]


@pytest.fixture
def shown(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LUIGI_CONFIG_PATH", raising=False)
    monkeypatch.setenv("MOOVITAMIX_API_TOKEN", "hunter2")
    (tmp_path / "luigi.cfg").write_text("[als]\nrank = 7\n[spark]\nconf = spark.a=1\n  spark.b=2\n")

    def shown(*words: str) -> str:
        assert show_settings.main(words) == 0
        return capsys.readouterr().out

    return shown


def test_one_setting_has_its_value_source_default_limits_and_meaning(shown):
    assert shown("als.rank").splitlines()[-3:] == [
        "[als]",
        "  rank = 7   (luigi.cfg:2; default: 64)",
        "      number of latent factors; allowed: a whole number from 1 to 1024",
    ]
    assert shown("[als] rank") == shown("als.rank")


def test_all_sections_are_shown_in_lines_of_a_terminal_without_a_secret(shown):
    said = shown()
    assert [line[1:-1] for line in said.splitlines() if line.startswith("[")] == list(SECTIONS)
    assert "hunter2" not in said
    assert "  token = (not shown)   (MOOVITAMIX_API_TOKEN; default: empty)" in said
    assert "  conf = spark.a=1 | spark.b=2   (luigi.cfg:4; default: empty)" in said
    assert max(len(line) for line in said.splitlines() if line.startswith("      ")) <= show_settings.WIDTH


def test_a_flag_shows_what_a_command_with_it_would_take(shown):
    assert "  rank = 9   (--als-rank; default: 64)" in shown("als", "--als-rank=9")


def test_as_json_each_setting_is_an_object(shown):
    [row] = json.loads(shown("api.page_size", "--format", "json"))
    assert (row["value"], row["source"], row["flag"]) == ("100", "default", "--api-page-size")
    token = next(row for row in json.loads(shown("api", "--format=json")) if row["key"] == "token")
    assert (token["value"], token["variable"], token["flag"]) == ("(not shown)", "MOOVITAMIX_API_TOKEN", "")


def test_the_schema_is_printed_whole(shown):
    assert list(json.loads(shown("--schema"))["properties"]) == list(SECTIONS)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("mai", "mai: there is no such section; did you mean mail?"),
        ("xyz", "xyz: there is no such section; known are api, lake, "),
        ("als.rnk", "[als] rnk: there is no such setting; did you mean rank?"),
    ],
)
def test_a_name_that_is_none_is_refused_with_the_nearest(shown, word, said):
    with pytest.raises(BadSetting) as refused:
        shown(word)
    assert refused.value.message.startswith(said)


def test_a_reader_that_has_seen_enough_ends_it_quietly(tmp_path):
    done = subprocess.run(
        f"{sys.executable} -m tasks.run.show_settings | head -n 1",
        shell=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == ("Files, of which a later one goes before: none\n", "")
