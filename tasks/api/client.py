"""GET with manners: connections reused, time-outs, and patience with faults that pass."""

import logging
import random
import threading
import time
import urllib.parse
from collections.abc import Callable
from typing import Any, TypeVar

import requests
import urllib3

from conf.errors import BadSetting
from conf.settings import ApiSettings
from tasks.api.api_errors import ApiError, BadAnswer, PassingFault, TooSlow, Unreachable
from tasks.api.deadline import Deadline
from tasks.api.faults import fault_of, fault_of_status

log = logging.getLogger("moovitamix.api")

T = TypeVar("T")
LONGEST_PAUSE = 30.0  # seconds, where the API does not ask for more
CHUNK = 2**16


class _Bearer(requests.auth.AuthBase):
    """Sends the token. As ``auth`` rather than a header: a .netrc cannot replace it, nor a redirect carry it away."""

    def __init__(self, token: str) -> None:
        if not (token.isascii() and token.isprintable()) or " " in token:
            raise BadSetting("[api] token: found characters that no header can carry (not shown)")
        self._token = token

    def __call__(self, request: Any) -> Any:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Client:
    """Reads one API until its deadline; threads share it.

    A try that failed in a passing way is made again up to ``retries`` times, after exponential back-off
    with jitter or what ``Retry-After`` asks of everybody. "Too many requests" counts as a failed try only
    while nobody else gets through.
    """

    def __init__(self, api: ApiSettings, deadline: Deadline) -> None:
        self.retries = 0
        self._api, self._deadline = api, deadline
        self._session = requests.Session()
        adapter = requests.adapters.HTTPAdapter(pool_connections=1, pool_maxsize=api.concurrency)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)
        self._session.headers["Accept"] = "application/json"
        self._session.auth = _Bearer(api.token) if api.token else None
        self._how = self._session.merge_environment_settings(api.base_url, {}, True, api.ca_bundle or None, None)
        try:  # once: it takes longer than parsing a page
            self._request = self._session.prepare_request(requests.Request("GET", api.base_url))
        except requests.RequestException as error:
            raise BadSetting(f"[api] base_url: found a value that is no URL ({type(error).__name__})") from None
        self._base = str(self._request.url).rstrip("/")
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._answers = 0
        self._resume_at = 0.0

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        """Wakes and ends whoever still waits for a turn."""
        self._closed.set()
        self._session.close()

    def get(self, path: str, query: dict[str, int], read: Callable[[bytes], T]) -> T:
        """What ``read`` makes of the body; it raises PassingFault for one that should be asked for again.

        Raises:
            ApiError: the answer is of a kind that asking again cannot mend, or patience ran out.
        """
        target = f"{path}?{urllib.parse.urlencode(query)}"
        request = self._request.copy()
        request.url = self._base + target
        failed, answers = 0, self._answers
        while True:
            self._wait_for_turn()
            try:
                result = read(self._body(request))
            except PassingFault as fault:
                others_got_through, answers = self._answers > answers, self._answers
                failed += not (fault.busy and others_got_through)
                self._pause(target, fault, failed)
            except ApiError as error:
                raise type(error)(f"{self._name(target)}: {error}") from None
            else:
                with self._lock:
                    self._answers += 1
                return result

    def _name(self, target: str) -> str:
        return f"GET {public_url(self._base)}{target}"

    def _pause(self, target: str, fault: PassingFault, failed: int) -> None:
        if failed > self._api.retries:
            hint = "see whether the API is up" if fault.becomes is Unreachable else "see what answers at that address"
            raise fault.becomes(
                f"{self._name(target)}: found {fault.found}, asked {failed} times; {hint}, then run again"
            )
        pause = min(LONGEST_PAUSE, self._api.backoff * 2 ** max(0, failed - 1)) * random.uniform(0.5, 1)  # noqa: S311 - no secret hangs on it
        log.info("%s: found %s; asked again in %.1f s", self._name(target), fault.found, max(pause, fault.wait))
        with self._lock:
            self.retries += 1
            if fault.wait:
                self._resume_at = max(self._resume_at, time.monotonic() + fault.wait)
        self._sleep(pause)

    def _wait_for_turn(self) -> None:
        while (wait := self._resume_at - time.monotonic()) > 0:
            self._sleep(wait)
        self._sleep(0)

    def _sleep(self, seconds: float) -> None:
        self._deadline.left(seconds)
        if self._closed.wait(seconds):
            raise TooSlow("the fetch has ended")  # in a thread that nobody listens to any more

    def _body(self, request: requests.PreparedRequest) -> bytes:
        left = self._deadline.left()
        timeout = (min(self._api.connect_timeout, left), min(self._api.timeout, left))
        try:
            with self._session.send(request, timeout=timeout, **{**self._how, "stream": True}) as response:
                if response.status_code != 200:
                    raise fault_of_status(response.status_code, response.headers.get("Retry-After"))
                return self._read(response)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            self._deadline.left()
            raise fault_of(error, timeout) from None

    def _read(self, response: requests.Response) -> bytes:
        """The body, piece by piece: a drop now and then must not hold out against the deadline."""
        limit = int(self._api.max_body_mb * 2**20)
        body = bytearray()
        while chunk := response.raw.read1(CHUNK, decode_content=True):
            body += chunk
            if len(body) > limit:
                raise BadAnswer(
                    f"found a body of more than {self._api.max_body_mb:g} MB; lower [api] page_size, or raise max_body_mb"
                )
            self._deadline.left()
        return bytes(body)


def public_url(url: str) -> str:
    """The URL without the user and password that it may hold."""
    parts = urllib.parse.urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
