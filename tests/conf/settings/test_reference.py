"""What is generated from the declaration is what a generation makes now."""

import dataclasses

import pytest

from conf.settings import SECTIONS, describe
from conf.settings.reference import COMMAND, FILES, PAGE, commented, page

MEND = f"is not what the declaration says; make it anew: .venv/bin/{COMMAND}"


def test_the_page_of_the_documents_is_up_to_date():
    assert PAGE.read_text() == page(PAGE.read_text()), f"{PAGE.name} {MEND}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_comments_of_a_file_of_settings_are_up_to_date(file):
    assert file.read_text() == commented(file.read_text()), f"{file.name} {MEND}"


def test_the_page_has_every_setting_with_its_limits_and_variable():
    text = PAGE.read_text().replace("\\|", "|")
    for section, cls in SECTIONS.items():
        for field in dataclasses.fields(cls):
            default = "empty" if field.default == "" else field.default
            assert (
                f"\n| [{section}] {field.name} | {default} | {describe(field)} | {field.metadata['help']} |\n" in text
            )
            if variable := field.metadata["env"]:
                assert f"\n| `[{section}] {field.name}` | `{variable}` | `{variable}_FILE` |\n" in text


def test_the_text_around_the_tables_stays():
    text = PAGE.read_text()
    changed = text.replace("\n## Secrets\n", "\n## Ours\n").replace("| [als] rank | 64 |", "| [als] rank | 63 |")
    assert page(changed) == text.replace("\n## Secrets\n", "\n## Ours\n")


def test_a_comment_stands_above_those_written_by_hand_and_replaces_an_old_one():
    text = "[core]\nrank = 1\n[als]\n#: old\n# ours\nrank = 7\nsolver = auto\n"
    once = commented(text)
    assert once.splitlines() == [
        "[core]",
        "rank = 1",
        "[als]",
        "#: number of latent factors (default: 64; allowed: a whole number from 1 to 1024)",
        "# ours",
        "rank = 7",
        "#: what solves the factors (default: auto; allowed: auto or local or blocks or mllib)",
        "solver = auto",
    ]
    assert commented(once) == once
