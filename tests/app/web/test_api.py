import datetime

import pytest

from app.stores.lake_store import LakeStore
from app.web import schemas
from tests.app.lakes import LISTS
from tests.app.serving import served, settings_of

PUBLISHED = {"date": "2024-03-01", "model_version": "7", "stale": False, "expected_date": "2024-03-01"}


def names(rows):
    return [row["track"]["name"] for row in rows]


def test_a_list_is_in_order_and_says_why_and_where_it_comes_from(client):
    answer = client.get("/users/1/recommendations").json()
    assert answer.items() >= {**PUBLISHED, "user_id": 1, "known": True, "source": "als"}.items()
    assert [row["track"]["track_id"] for row in answer["recommendations"]] == [4, 5, 2]
    assert [row["rank"] for row in answer["recommendations"]] == [1, 2, 3]
    assert answer["recommendations"][0]["score"] == 0.5
    assert names({"track": track} for track in answer["recommendations"][0]["because"]) == [
        "Blue Train",
        "Águas de Março",
    ]


def test_k_shortens_the_list(client):
    assert len(client.get("/users/1/recommendations?k=2").json()["recommendations"]) == 2


def test_a_list_that_popularity_made_says_so(client):
    answer = client.get("/users/12/recommendations").json()
    assert (answer["known"], answer["source"]) == (True, "popular")
    assert answer["recommendations"][0]["because"] == []


def test_somebody_unknown_gets_what_is_played_most_lately_of_what_is_served(client):
    answer = client.get("/users/999/recommendations").json()
    assert (answer["known"], answer["source"]) == (False, "popular")
    # Track 3 has two plays, 1 and 2 one each lately, of which 2 has one more of long ago; 6 is not served any more.
    assert [(row["track"]["track_id"], row["score"]) for row in answer["recommendations"]] == [
        (3, 2),
        (2, 1),
        (1, 1),
        (4, 0),
        (5, 0),
    ]


def test_history_is_what_was_known_and_heard_by_the_end_of_the_day_newest_first(client):
    answer = client.get("/users/1/history").json()
    assert [(play["track"]["track_id"], play["listened_at"]) for play in answer["plays"]] == [
        (3, "2024-03-01T09:00:00+00:00"),
        (2, "2024-03-01T08:00:00+00:00"),
        (1, "2024-03-01T08:00:00+00:00"),
    ]
    assert len(client.get("/users/1/history?limit=1").json()["plays"]) == 1
    assert client.get("/users/999/history").json()["plays"] == []


def test_a_track_has_those_nearest_to_it_by_the_model_that_serves(client):
    answer = client.get("/tracks/1").json()
    assert answer["track"]["album"] == "Rails"
    assert [(row["track"]["track_id"], row["score"]) for row in answer["similar"]] == [(4, 0.9), (2, 0.45)]
    assert client.get("/tracks/2").json()["track"]["duration_s"] is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("blue", [1, 4]),
        ("TRAIN", [4, 1]),
        ("aguas", [3]),
        ("elis marco", [3]),
        ("frank boat", [2]),
        ("zzz", []),
        ("", []),
    ],
)
def test_search_finds_every_word_in_name_or_artist_whatever_its_case_and_accents(client, text, found):
    answer = client.get("/tracks", params={"q": text}).json()
    assert [track["track_id"] for track in answer["tracks"]] == found


def test_listeners_are_found_by_the_digits_that_their_ids_begin_with(client):
    assert client.get("/users?prefix=12").json()["user_ids"] == [12, 120]
    assert client.get("/users").json()["user_ids"] == [1, 2, 12, 120]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/users/9223372036854775808/recommendations", 422),
        ("/users/-1/recommendations", 422),
        ("/users/x/history", 422),
        ("/users/1/recommendations?k=0", 422),
        ("/users/1/recommendations?k=51", 422),
        ("/users/1/history?limit=51", 422),
        ("/users?prefix=1x", 422),
        ("/tracks", 422),
        ("/tracks/777", 404),
        ("/nothing", 404),
        ("/listeners/9223372036854775808", 422),
    ],
)
def test_what_cannot_be_answered_is_a_problem_in_words(client, path, status):
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["status"] == status
    assert answer.json()["detail"]


def test_the_largest_id_is_an_id(client):
    assert client.get("/users/9223372036854775807/recommendations").json()["known"] is False


def test_nothing_can_be_written(client):
    import requests

    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert requests.request(method, client.url + "/users/1/recommendations", timeout=10).status_code == 405


def test_health_says_what_is_served(client):
    assert client.get("/health").json() == {**PUBLISHED, "status": "ok", "users": 4}


def test_metrics_count_requests_by_template_and_status_and_name_the_day(client):
    client.get("/users/1/recommendations")
    client.get("/users/2/recommendations")
    text = client.get("/metrics").text
    midnight = datetime.datetime(2024, 3, 1, tzinfo=datetime.UTC).timestamp()
    assert f"moovitamix_app_served_date_seconds {midnight:g}".replace("e+09", "") in text.replace("e+09", "")
    assert 'request_seconds_count{route="/users/{user_id}/recommendations",status="200"}' in text
    assert "/users/1/" not in text


def test_a_day_that_is_due_and_missing_is_said(root):
    settings = settings_of(root, due_hours=6)
    clock = [datetime.datetime(2024, 3, 3, 5, 59, tzinfo=datetime.UTC)]
    with served(settings, LakeStore(settings), lambda: clock[0]) as client:
        assert client.get("/health").json()["stale"] is False
        clock[0] = datetime.datetime(2024, 3, 3, 6, 0, tzinfo=datetime.UTC)
        answer = client.get("/users/1/recommendations").json()
        assert (answer["stale"], answer["date"], answer["expected_date"]) == (True, "2024-03-01", "2024-03-02")
        assert "The lists of 2 March 2024 are not there yet" in client.page("/").text


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/users/1/recommendations", schemas.Recommendations),
        ("/users/999/recommendations", schemas.Recommendations),
        ("/users/1/history", schemas.History),
        ("/users", schemas.Listeners),
        ("/tracks/1", schemas.TrackPage),
        ("/tracks?q=blue", schemas.Found),
        ("/health", schemas.Health),
        ("/nothing", schemas.Problem),
    ],
)
def test_answers_and_examples_have_the_shape_that_openapi_gives(client, path, model):
    body = client.get(path).json()
    assert model.model_validate(body)
    example = model.model_json_schema()["examples"][0]
    assert model.model_validate(example)
    assert body.keys() == example.keys() == model.model_fields.keys()


def test_no_list_of_the_lake_is_told_otherwise(client):
    for user in (1, 2, 12, 120):
        rows = client.get(f"/users/{user}/recommendations").json()["recommendations"]
        assert [row["track"]["track_id"] for row in rows] == [
            row["track_id"] for row in LISTS if row["user_id"] == user
        ]
