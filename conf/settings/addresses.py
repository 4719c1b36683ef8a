"""Which addresses of a server can be used, said before anything is started."""

import ipaddress
import urllib.parse

BASE_URL = "a URL that starts with http:// or https://, with a host and no blank, and without query and fragment"


def is_base_url(text: str) -> bool:
    """Whether paths can be put behind a URL, and its host can be looked up."""
    if not text.isprintable() or any(mark in text for mark in ' ?#\\"<>'):
        return False
    try:
        parts = urllib.parse.urlsplit(text)
        _ = parts.port  # which is parsed when it is asked for
        return parts.scheme in ("http", "https") and _is_host(parts.hostname or "", "[" in parts.netloc)
    except ValueError:
        return False


def _is_host(name: str, bracketed: bool) -> bool:
    """Whether a name, or an address of IPv6 with or without zone, is one.

    Raises:
        ValueError: it is not.
    """
    if bracketed:
        return bool(ipaddress.IPv6Address(name.partition("%")[0]))
    plain = name.encode("idna").decode()  # refuses labels that are empty or too long
    return bool(plain) and all(mark.isalnum() or mark in "-._~" for mark in plain)
