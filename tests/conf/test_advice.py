import pathlib
import re

import pytest

from conf.advice import FLAGS, TARGETS, typed
from tests.conf.advised import advised

ROOT = pathlib.Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("run make status ROOT=/data/lake; then look", "run moovitamix status --lake-root=/data/lake; then look"),
        ("make sql Q=\"SELECT 'a b'\" ROOT=x", "moovitamix sql --query=\"SELECT 'a b'\" --lake-root=x"),
        (
            "name a version: make rollback VERSION=…, see make models",
            "name a version: moovitamix rollback --to=…, see moovitamix models",
        ),
        ("see make check-lake; nothing was published", "see moovitamix check; nothing was published"),
        (
            "make room on the disk; make it readable; make run-around",
            "make room on the disk; make it readable; make run-around",
        ),
    ],
)
def test_without_a_checkout_a_message_names_the_installed_command(text, without):
    assert typed(text, checkout=False) == without
    assert typed(text, checkout=True) == text


@pytest.mark.parametrize("target", TARGETS)
def test_it_is_the_command_that_the_target_calls(target):
    recipe = re.search(rf"^{target}:.*##.*\n(?:\t(?!@\$\(MOOV).*\n)*\t@\$\(MOOVITAMIX\) (.*)", MAKEFILE, re.M)
    assert recipe
    assert recipe[1].startswith(TARGETS[target].removeprefix("moovitamix "))
    used = [name for name in re.findall(r"\$\((?:if \$\()?(?:value )?([A-Z]+)", recipe[1]) if name in FLAGS]
    assert all(FLAGS[name] in recipe[1] for name in used)


def test_every_command_of_make_that_a_message_advises_has_one():
    assert advised() <= set(TARGETS)
