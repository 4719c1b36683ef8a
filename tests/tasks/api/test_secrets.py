"""The token and what else is nobody's business; certificates of one's own authority."""

import logging
import pathlib
import ssl

import pytest

from conf.contract import ENTITIES
from conf.errors import BadSetting
from conf.settings import ApiSettings
from lake.layout import MANIFEST
from tasks import api as fetching
from tests.tasks.api.certificates import make_authority
from tests.tasks.api.conftest import DATE, data
from tests.tasks.api.fault_server import Answer, running

TOKEN = "s3cr3t-t0k3n"


def test_token_is_sent(fetch, server):
    fetch(token=TOKEN)
    assert {request.headers.get("Authorization") for request in server.seen} == {f"Bearer {TOKEN}"}


def test_no_token_is_sent_where_none_is_set(fetch, server):
    fetch()
    assert {request.headers.get("Authorization") for request in server.seen} == {None}


@pytest.mark.parametrize("status", [401, 500])
def test_token_is_shown_nowhere(fetch, server, api, folder, caplog, status):
    caplog.set_level(logging.DEBUG)
    server.fault = lambda request: Answer(status=status, body=TOKEN.encode()) if request.number == 3 else None
    shown = []
    try:
        fetch(token=TOKEN)
        shown += [path.read_text(errors="replace") for path in folder.rglob(MANIFEST)]
    except fetching.ApiError as error:
        shown.append(str(error))
    shown += [caplog.text, repr(ApiSettings(token=TOKEN))]
    assert len(shown) == 3
    assert not any(TOKEN in text for text in shown)


@pytest.mark.parametrize("token", [f"{TOKEN}\n", f"{TOKEN} x", f"{TOKEN}é"])
def test_token_that_no_header_can_carry_is_refused_unseen(fetch, token):
    with pytest.raises(BadSetting, match=r"^\[api\] token: found characters that no header can carry") as caught:
        fetch(token=token)
    assert TOKEN not in str(caught.value)


def test_another_host_is_not_asked(fetch, server):
    with running(data()) as other:
        elsewhere = other.url.replace("127.0.0.1", "localhost")
        server.fault = lambda request: Answer(status=307, headers={"Location": f"{elsewhere}/tracks?page=1&size=10"})
        with pytest.raises(fetching.BadAnswer, match="found a redirect to http on localhost, which is another origin"):
            fetch(token=TOKEN)
        assert other.seen == []


def test_password_in_the_url_is_shown_nowhere(fetch, server, folder):
    url = server.url.replace("://", f"://name:{TOKEN}@")
    assert fetch(base_url=url).api == server.url
    assert server.seen[0].headers["Authorization"].startswith("Basic ")
    assert TOKEN not in (folder / MANIFEST).read_text()


@pytest.fixture
def authority(tmp_path: pathlib.Path) -> tuple[pathlib.Path, ssl.SSLContext]:
    return make_authority(tmp_path)


def test_private_authority(authority, tmp_path):
    ca, context = authority
    with running(data(), tls=context) as server:
        api = ApiSettings(base_url=server.url, page_size=10, ca_bundle=str(ca))
        assert fetching.fetch_snapshot(ENTITIES["users"], tmp_path / "raw" / "users" / "d", DATE, api).rows == 40


def test_certificate_that_is_not_trusted_is_not_asked_again(authority, tmp_path):
    with running(data(), tls=authority[1]) as server:
        api = ApiSettings(base_url=server.url, page_size=10)
        with pytest.raises(fetching.BadAnswer, match=r"found a certificate that is not trusted; .* \[api\] ca_bundle"):
            fetching.fetch_snapshot(ENTITIES["users"], tmp_path / "raw" / "users" / "d", DATE, api)
        assert server.connections <= 1
