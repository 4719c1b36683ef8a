"""Where the API is: its address without the login, and where a redirect may lead."""

import urllib.parse

import requests

from tasks.api.api_errors import BadAnswer

REDIRECTS = (301, 302, 303, 307, 308)
MOST_REDIRECTS = 5
PORTS = {"http": 80, "https": 443}
SHOWN = 100  # characters of an address that the API names


def split_login(url: str) -> tuple[str, tuple[bytes, bytes] | None]:
    """The URL without user and password, and these, if it has them."""
    parts = urllib.parse.urlsplit(url)
    login, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, None
    user, _, password = login.partition(":")
    pair = urllib.parse.unquote_to_bytes(user), urllib.parse.unquote_to_bytes(password)
    return parts._replace(netloc=host).geturl(), pair


def asked_at(prepared: str, url: str) -> str:
    """What paths are put behind: the URL as requests has quoted it, but for the zone of IPv6, which it mistakes for a byte."""
    netloc = urllib.parse.urlsplit(url).netloc
    if "[" in netloc and "%" in netloc:
        address, _, zone = netloc.partition("%")
        prepared = urllib.parse.urlsplit(prepared)._replace(netloc=f"{address}%25{zone.removeprefix('25')}").geturl()
    return prepared.rstrip("/")


def public_url(url: str) -> str:
    """The URL without the user and password that it may hold."""
    return urllib.parse.urlsplit(split_login(url)[0])._replace(query="", fragment="").geturl()


def redirected(url: str, location: str) -> str:
    """Where an answer sends a request: to the same origin, since whoever is elsewhere is not the API that was set.

    Raises:
        BadAnswer: it leads elsewhere, or is no address.
    """
    try:
        here = urllib.parse.urlsplit(url)
        there = urllib.parse.urlsplit(urllib.parse.urljoin(url, location))
        if _origin(there) != _origin(here):
            host = (there.hostname or "")[:SHOWN] if there.hostname and there.hostname.isprintable() else "another host"
            raise BadAnswer(
                f"found a redirect to {there.scheme[:5]} on {host}, which is another origin; see [api] base_url"
            )
        target = there._replace(netloc=here.netloc, fragment="").geturl()
        return str(requests.utils.requote_uri(target))
    except (ValueError, requests.RequestException):
        raise BadAnswer("found a redirect to what is no address; see [api] base_url") from None


def _origin(parts: urllib.parse.SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or PORTS.get(parts.scheme)
