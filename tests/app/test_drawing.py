import datetime
import re

import pytest

from app.stores.store import Live, Track
from app.web.chart import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, chart
from app.web.sleeves import PALETTES, initials, sleeve


def live(day, ndcg, popularity, version="1"):
    date = datetime.date(2024, 3, day)
    return Live(date=date, model_version=version, ndcg=ndcg, low=ndcg, high=ndcg, popularity=popularity, users=9)


def track(album, artist="A"):
    return Track(track_id=1, name="N", artist=artist, album=album, genres="", duration_s=None)


def test_one_day_is_no_course():
    assert chart([live(1, 0.1, 0.1)]) is None


def test_days_are_placed_by_date_and_figures_by_value():
    drawn = chart([live(1, 0.1, 0.0), live(2, 0.05, 0.05), live(5, 0.0, 0.1, "2")])
    left, right, top, bottom = LEFT, WIDTH - RIGHT, TOP, HEIGHT - BOTTOM
    third = round(left + (right - left) / 4, 1)
    assert drawn.ours == f"{left}.0,{top}.0 {third},{(top + bottom) / 2} {right}.0,{bottom}.0"
    assert drawn.popularity == f"{left}.0,{bottom}.0 {third},{(top + bottom) / 2} {right}.0,{top}.0"
    assert drawn.changes == [(right, "2")]
    assert [text for _, text in drawn.lines] == ["0.00", "0.02", "0.04", "0.06", "0.08", "0.10"]


def test_figures_of_nothing_can_be_drawn():
    assert chart([live(1, 0.0, 0.0), live(2, 0.0, 0.0)]).ours


def test_an_album_has_one_sleeve_and_albums_differ():
    assert sleeve(track("Rails")) == sleeve(track("Rails"))
    assert len({sleeve(track(f"Album {number}")) for number in range(200)}) > 50


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("The Signal of the Mirror", "SM"),
        ("Rails", "R"),
        ("the", "T"),
        ("ß-side", "S"),
        ("<b>x", "<"),
        ("", ""),
        ("élan vital", "ÉV"),
    ],
)
def test_initials_are_of_the_words_that_matter(name, letters):
    assert initials(name) == letters


def test_letters_can_be_read_on_their_ground():
    def light(colour):
        parts = [int(part, 16) / 255 for part in re.findall("..", colour[1:])]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    for ground, _, letters in PALETTES:
        pale, deep = sorted([light(ground), light(letters)], reverse=True)
        assert (pale + 0.05) / (deep + 0.05) >= 3, ground  # WCAG's least for large text
