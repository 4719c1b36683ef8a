"""Which faults pass and which do not, in plain words."""

import http.client
import os
import re
import socket
import ssl

import requests
import urllib3

from tasks.api.api_errors import ApiError, BadAnswer, PassingFault, Unreachable

HINTS = {
    401: "set MOOVITAMIX_API_TOKEN",
    403: "see whether MOOVITAMIX_API_TOKEN is allowed to read",
    404: "see [api] base_url",
    422: "see [api] page_size",
}
PROXY = "see http_proxy, https_proxy and no_proxy in the environment"
TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})\b")


def fault_of_status(status: int, wait: float) -> PassingFault | BadAnswer:
    """What an answer other than 200 means: 429 and 5xx pass, any other 4xx does not. ``wait`` is what it asks for."""
    if 400 <= status < 500 and status != 429:
        return BadAnswer(f"found HTTP {status}, required is 200; {HINTS.get(status, 'see what the API asks for')}")
    becomes: type[ApiError] = Unreachable if status == 429 or 500 <= status < 600 else BadAnswer
    return PassingFault(f"HTTP {status}", becomes, wait=wait, busy=status == 429)


def fault_of(error: Exception, timeout: tuple[float, float]) -> PassingFault | BadAnswer:
    """What an error on the wire means. Its own text is not shown: it may hold what was sent."""
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return BadAnswer("found a certificate that is not trusted; name its authority's file in [api] ca_bundle")
    if isinstance(error, requests.exceptions.InvalidProxyURL):
        return BadAnswer("found a proxy whose address is no URL; see http_proxy and https_proxy in the environment")
    if isinstance(error, urllib3.exceptions.DecodeError):
        return PassingFault("a body that is not what its Content-Encoding says", BadAnswer)
    if isinstance(error, ValueError) and not isinstance(error, requests.exceptions.InvalidHeader):
        return BadAnswer(f"found {type(error).__name__}; see [api] base_url")
    refused = TUNNEL.search(str(error))
    if refused and refused[1].startswith("4"):
        return BadAnswer(f"found HTTP {refused[1]} from the proxy; {PROXY}")
    return PassingFault(_found(error, timeout), Unreachable)


def _found(error: Exception, timeout: tuple[float, float]) -> str:
    causes = list(_causes(error))
    kinds = tuple(type(cause) for cause in causes)
    found = _of_causes(causes, kinds, timeout)
    return f"{found} on the way to the proxy ({PROXY})" if _any(kinds, requests.exceptions.ProxyError) else found


def _of_causes(causes: list[BaseException], kinds: tuple[type, ...], timeout: tuple[float, float]) -> str:
    if urllib3.exceptions.ConnectTimeoutError in kinds or _any(kinds, requests.ConnectTimeout):
        return f"no connection within {round(timeout[0], 1):g} s"
    if _any(kinds, requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError, TimeoutError):
        return f"nothing sent for {round(timeout[1], 1):g} s"
    if _any(kinds, urllib3.exceptions.IncompleteRead):
        return "a body shorter than announced"
    if _any(kinds, socket.gaierror, urllib3.exceptions.NameResolutionError):
        return "no host of that name"
    if _any(kinds, http.client.HTTPException, urllib3.exceptions.InvalidHeader) and not _any(kinds, ConnectionError):
        return "an answer that is cut off or not HTTP"
    if _any(kinds, ssl.SSLError):
        return "a TLS connection that failed"
    numbers = [cause.errno for cause in causes if isinstance(cause, OSError) and cause.errno]
    return os.strerror(numbers[-1]).lower() if numbers else f"a broken connection ({kinds[-1].__name__})"


def _any(kinds: tuple[type, ...], *wanted: type) -> bool:
    return any(issubclass(kind, wanted) for kind in kinds)


def _causes(error: BaseException | None) -> list[BaseException]:
    """The error and what it was raised from or wraps, outermost first."""
    found: list[BaseException] = []
    waiting = [error]
    while waiting:
        cause = waiting.pop(0)
        if isinstance(cause, BaseException) and cause not in found:
            found.append(cause)
            waiting += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]
    return found
