"""GET with manners: connections reused, time-outs, and patience with faults that pass."""

import logging
import os
import random
import threading
import time
import urllib.parse
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import requests
import urllib3

from conf.errors import BadSetting
from conf.settings import ApiSettings
from tasks.api.address import MOST_REDIRECTS, REDIRECTS, asked_at, public_url, redirected, split_login
from tasks.api.api_errors import ApiError, BadAnswer, LargePage, PassingFault, TooSlow, Unreachable
from tasks.api.coding import ASKED, settle_coding
from tasks.api.deadline import Deadline
from tasks.api.faults import fault_of, fault_of_status
from tasks.api.retry_after import wanted_wait
from tasks.api.wire import BoundedAdapter, Wire

log = logging.getLogger("moovitamix.api")

T = TypeVar("T")
LONGEST_PAUSE = 30.0  # seconds, where the API does not ask for more
CHUNK = 2**16
UNDER_WAY = 2**24  # bytes of all pages that are read at once, or wait to be taken


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
        self._most = int(api.max_body_mb * 2**20)
        self._share = min(self._most, UNDER_WAY // (2 * api.concurrency))
        self._wire = Wire(deadline, api.connect_timeout, api.timeout, self._most)
        self._adapter = BoundedAdapter(self._wire, api.concurrency)
        url, login = split_login(api.base_url)
        self._request, self._how = _prepared(url, _Bearer(api.token) if api.token else login, api.ca_bundle)
        self._base = asked_at(str(self._request.url), url)
        self._lock = threading.Lock()
        self._parsing = threading.Lock()  # one page at a time: together they are no faster, and many times as large
        self._closed = threading.Event()
        self._answers = 0
        self._resume_at = 0.0

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        """Wakes and ends whoever still waits for a turn, or for the API."""
        self._closed.set()
        self._wire.close()
        self._adapter.close()

    def get(self, path: str, query: dict[str, int], read: Callable[[bytes], T], alone: bool = True) -> T:
        """What ``read`` makes of the body; it raises PassingFault for one that should be asked for again.

        Raises:
            LargePage: the body has to be asked for ``alone``.
            ApiError: the answer is of a kind that asking again cannot mend, or patience ran out.
        """
        target = f"{path}?{urllib.parse.urlencode(query)}"
        request = self._request.copy()
        request.url = self._base + target
        failed, answers, pause, met = 0, self._answers, 0.0, ""
        while True:
            try:
                self._sleep(pause, met)
                self._wait_for_turn(met)
                body = self._body(request, self._most if alone else self._share)
                with self._parsing:
                    self._deadline.left()
                    result = read(body)
            except PassingFault as fault:
                others_got_through, answers = self._answers > answers, self._answers
                failed += not (fault.busy and others_got_through)
                pause, met = self._pause(target, fault, failed), fault.found
            except ApiError as error:
                raise type(error)(f"{self._name(target)}: {error}") from None
            else:
                with self._lock:
                    self._answers += 1
                return result

    def _name(self, target: str) -> str:
        return f"GET {public_url(self._base)}{target}"

    def _pause(self, target: str, fault: PassingFault, failed: int) -> float:
        """How long to wait after a fault.

        Raises:
            ApiError: patience ran out.
        """
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
        return pause

    def _wait_for_turn(self, met: str) -> None:
        while (wait := self._resume_at - time.monotonic()) > 0:
            self._sleep(wait, met)

    def _sleep(self, seconds: float, met: str) -> None:
        self._deadline.left(seconds, met)
        if self._closed.wait(seconds):
            raise TooSlow("the fetch has ended")  # in a thread that nobody listens to any more

    def _body(self, request: requests.PreparedRequest, most: int) -> bytes:
        left = self._deadline.left()
        timeout = (min(self._api.connect_timeout, left), min(self._api.timeout, left))
        try:
            with self._answer(request, timeout) as response:
                if response.status_code != 200:
                    waits = response.raw.headers.getlist("Retry-After")
                    raise fault_of_status(response.status_code, wanted_wait(waits, response.headers.get("Date")))
                settle_coding(response.raw)
                return self._read(response, most)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            fault = fault_of(error, timeout)
            if isinstance(fault, PassingFault):
                self._deadline.left(met=fault.found)
            raise fault from None

    def _answer(self, request: requests.PreparedRequest, timeout: tuple[float, float]) -> requests.Response:
        """What the API answers, where its redirects end. Their bodies are not read, nor are cookies kept."""
        for _ in range(MOST_REDIRECTS + 1):
            response = self._adapter.send(request, timeout=timeout, **self._how)
            location = response.headers.get("Location")
            if response.status_code not in REDIRECTS or not location:
                return response
            response.close()
            request = request.copy()
            request.url = redirected(str(request.url), location)
        raise BadAnswer(f"found more than {MOST_REDIRECTS} redirects; see [api] base_url")

    def _read(self, response: requests.Response, most: int) -> bytes:
        """The body, piece by piece."""
        body = bytearray()
        while chunk := response.raw.read1(CHUNK, decode_content=True):
            body += chunk
            if len(body) > most:
                if most < self._most:
                    raise LargePage
                raise BadAnswer(
                    f"found a body of more than {self._api.max_body_mb:g} MB; lower [api] page_size, or raise max_body_mb"
                )
            self._deadline.left()
        return bytes(body)


def _prepared(url: str, auth: Any, ca_bundle: str) -> tuple[requests.PreparedRequest, Mapping[str, Any]]:
    """A request that each page's is a copy of, since it takes longer than parsing a page, and how it is sent.

    Raises:
        BadSetting: the URL is none, or the environment names a file of authorities that is not there.
    """
    with requests.Session() as session:
        session.auth = auth
        session.headers.update({"Accept": "application/json", "Accept-Encoding": ASKED})
        how = session.merge_environment_settings(url, {}, True, ca_bundle or None, None)
        trusted = how["verify"]
        if isinstance(trusted, str) and not os.path.exists(trusted):  # [api] ca_bundle was looked at with the settings
            raise BadSetting(
                f"REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE in the environment: found {trusted!r}, which is not there; "
                "correct or unset it, or set [api] ca_bundle"
            )
        try:
            return session.prepare_request(requests.Request("GET", url)), how
        except (requests.RequestException, ValueError) as error:
            raise BadSetting(f"[api] base_url: found a value that is no URL ({type(error).__name__})") from None
