import asyncio
import base64

import pytest

from app.stores.lake_store import LakeStore
from app.web.guard import CLIENTS, Bucket, client_of
from tests.app.serving import served, settings_of

TOKEN = "s3cret-token"


def basic(text):
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


@pytest.fixture(scope="module")
def locked(root):
    settings = settings_of(root, token=TOKEN)
    with served(settings, LakeStore(settings)) as client:
        yield client


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer"},
        {"Authorization": TOKEN},
        basic("me:wrong"),
        basic(TOKEN),
        {"Authorization": "Basic %%%"},
        {"Authorization": "Bearer " + TOKEN + "x"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/users/1/recommendations", "/metrics", "/openapi.json", "/nothing"])
def test_without_the_token_nothing_is_told(locked, path, headers):
    answer = locked.get(path, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic")
    assert "Listener" not in answer.text
    assert TOKEN not in answer.text


@pytest.mark.parametrize("headers", [{"Authorization": f"Bearer {TOKEN}"}, basic(f"anybody:{TOKEN}")])
def test_the_token_opens_as_bearer_and_as_password(locked, headers):
    assert locked.get("/users/1/recommendations", headers=headers).status_code == 200
    assert locked.get("/", headers=headers).status_code == 200


def test_health_and_styles_need_no_token(locked):
    assert locked.get("/health").status_code == 200
    assert locked.get("/static/app.css").status_code == 200


def test_a_client_that_asks_too_fast_waits(root):
    settings = settings_of(root, rate=1)
    with served(settings, LakeStore(settings)) as client:
        answers = [client.get("/users/1/recommendations") for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200, 200, 429, 429, 429]
        assert answers[-1].headers["retry-after"] == "1"
        assert client.get("/health").status_code == 200


def test_a_bucket_fills_by_its_rate_and_each_client_has_its_own():
    now = [0.0]
    bucket = Bucket(2, lambda: now[0])
    assert [bucket.take("a") for _ in range(5)] == [0, 0, 0, 0, 0.5]
    assert bucket.take("b") == 0
    now[0] = 0.5
    assert [bucket.take("a"), bucket.take("a")] == [0, 0.5]
    now[0] = 1000
    assert [bucket.take("a") for _ in range(5)] == [0, 0, 0, 0, 0.5]


def test_buckets_do_not_grow_without_end():
    bucket = Bucket(1, lambda: 0.0)
    for number in range(CLIENTS + 50):
        bucket.take(str(number))
    assert len(bucket._clients) == CLIENTS


@pytest.mark.parametrize(
    ("address", "client"),
    [("10.1.2.3", "10.1.2.3"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("fe80::1%eth0", "fe80::/64"), ("", "")],
)
def test_a_client_is_an_address_or_a_network_of_its_own(address, client):
    assert client_of({"client": (address, 1)}) == client
    assert client_of({"client": None}) == ""


@pytest.mark.parametrize("path", ["/", "/users/1/recommendations", "/nothing", "/static/app.js", "/users/x/history"])
def test_every_answer_has_safe_headers(client, path):
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "server" not in headers


def test_a_fault_here_is_told_without_its_stack_and_with_the_headers(root, monkeypatch):
    settings = settings_of(root)
    store = LakeStore(settings)
    monkeypatch.setattr("app.stores.lake_day.LakeDay.recommendations", lambda *_: {}["secret_name"])
    with served(settings, store) as client:
        answer = client.get("/users/1/recommendations")
        assert (answer.status_code, answer.json()["title"]) == (500, "Internal Server Error")
        assert answer.headers["x-content-type-options"] == "nosniff"
        page = client.page("/listeners/1")
        assert page.status_code == 500
        for text in (answer.text, page.text):
            assert "secret_name" not in text
            assert "Traceback" not in text
        assert 'route="/users/{user_id}/recommendations",status="500"' in client.get("/metrics").text


def test_a_store_that_is_away_is_said_and_comes_back(root, monkeypatch):
    from app.stores.store import Away

    settings = settings_of(root)
    store = LakeStore(settings)
    with served(settings, store) as client:
        with monkeypatch.context() as gone:

            def away():
                raise Away("the database does not answer")

            gone.setattr(store, "day", away)
            answer = client.get("/users/1/recommendations")
            assert (answer.status_code, answer.json()["detail"]) == (503, "the database does not answer")
            assert answer.headers["retry-after"] == "2"
        assert client.get("/users/1/recommendations").status_code == 200


def test_a_request_that_is_broken_off_is_counted_too():
    from app.web.guard import Guard
    from app.web.request_metrics import RequestMetrics

    async def gives_up(scope, receive, send):
        raise asyncio.CancelledError

    metrics = RequestMetrics()
    guard = Guard(gives_up, "", 0, metrics)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(guard({"type": "http", "path": "/x", "headers": []}, None, None))
    assert b'request_seconds_count{route="none",status="500"} 1.0' in metrics.text()
