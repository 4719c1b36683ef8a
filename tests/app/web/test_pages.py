import dataclasses
import re

import pytest

from app.stores.lake_store import LakeStore
from conf.settings import EvaluateSettings
from lake import files
from lake.layout import report_file
from tests.app.lakes import DAY, HOSTILE, HOSTILE_ARTIST, small_lake
from tests.app.serving import served, settings_of

PAGES = [
    "/",
    "/listeners",
    "/listeners/1",
    "/listeners/12",
    "/listeners/999",
    "/songs",
    "/songs?q=script",
    "/songs/5",
    "/model",
]


def words(page) -> str:
    """What a page says, without its markup."""
    text = re.sub(r"<(script|style|svg).*?</\1>", " ", page.text, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", text))


def test_a_listener_reads_what_is_recommended_why_and_what_they_listened_to(client):
    text = words(client.page("/listeners/1"))
    assert "Picked for you" in text
    assert "Because you listened to Blue Train by Ann Frank, and to Águas de Março" in text
    assert "Listened to lately" in text
    assert "1 March 2024" in text
    assert "Lists of 1 March 2024, made by model 7" in text


@pytest.mark.parametrize(
    ("user", "said"),
    [
        (12, "Too little is known of your taste yet"),
        (999, "Nobody with this id has a list"),
        (999, "Played 2 times in 7 days"),
    ],
)
def test_what_comes_from_popularity_says_so(client, user, said):
    text = words(client.page(f"/listeners/{user}"))
    assert said in text
    assert "Because you listened" not in text


def test_an_id_leads_to_its_listener(client):
    answer = client.page("/listeners?id=%2012%20")
    assert (answer.status_code, answer.headers["location"]) == (303, "/listeners/12")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("1200", "Nobody’s id begins with these digits"),
        ("12x", "An id is a whole number"),
        ("9" * 30, "An id is a whole number"),
        ("٣", "An id is a whole number"),
        ("", "Give the listener’s id"),
    ],
)
def test_an_id_that_nobody_has_is_explained(client, asked, said):
    answer = client.page(f"/listeners?id={asked}")
    assert answer.status_code == 200
    assert said in words(answer)


def test_a_song_leads_to_songs_like_it_and_to_the_artist(client):
    page = client.page("/songs/1")
    assert 'href="/songs/4"' in page.text
    assert 'href="/songs?q=Ann+Frank"' in page.text.replace("%20", "+")
    assert "90% alike" in words(page)
    assert "Model 7 has no song like it to offer" in words(client.page("/songs/3"))


def test_the_models_page_has_figures_champion_and_decisions(client):
    page = client.page("/model")
    text = words(page)
    assert "2.0 times as good as popularity" in text
    assert "Model 7 since 29 February 2024" in text
    assert "retrain: keep" in text
    assert 'href="/model/report"' in page.text
    assert page.text.count('class="dot"') == 2


def test_figures_of_too_few_listeners_are_not_praised(root):
    settings = dataclasses.replace(settings_of(root), evaluate=EvaluateSettings(min_users=121))
    with served(settings, LakeStore(settings)) as client:
        text = words(client.page("/model"))
    assert "Too few listeners to tell" in text
    assert "times as good" not in text


def test_the_days_report_comes_with_a_policy_that_lets_no_script_run(client):
    answer = client.page("/model/report")
    assert answer.text == "<h1>Health of the day</h1>"
    assert "script-src" not in answer.headers["content-security-policy"]
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", PAGES)
def test_hostile_names_are_text_and_no_page_has_script_or_style_of_its_own(client, path):
    text = client.page(path).text
    assert HOSTILE not in text
    assert HOSTILE_ARTIST not in text
    assert "<b>" not in text
    assert re.findall(r"<script[^>]*>", text) == ['<script src="/static/app.js" defer>']
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", text.replace("&lt;", "").replace("onerror=", ""))


def test_what_is_searched_for_is_shown_as_text(client):
    page = client.page('/songs?q="><script>x</script>')
    assert "<script>x" not in page.text
    assert "&lt;script&gt;x" in page.text


@pytest.mark.parametrize("path", ["/songs/777", "/nothing", "/listeners/x"])
def test_what_is_not_there_is_said_on_a_page(client, path):
    answer = client.page(path)
    assert answer.status_code in (404, 422)
    assert answer.headers["content-type"].startswith("text/html")
    assert "To the first page" in words(answer)


def test_lake_in_a_bucket_is_served_like_one_in_a_folder(bucket, client):
    small_lake(bucket)
    files.write(report_file(bucket, DAY), b"<h1>Health of the day</h1>")
    settings = settings_of(bucket, max_k=50)
    with served(settings, LakeStore(settings)) as there:
        for page in ("/listeners/1", "/songs/1", "/model"):
            assert words(there.page(page)) == words(client.page(page))
        assert "Health of the day" in there.page("/model/report").text
