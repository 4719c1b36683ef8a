"""Content codings of a body: what the client asks for, and nothing else."""

import urllib3

from tasks.api.api_errors import BadAnswer, PassingFault

ASKED = "gzip, deflate"
KNOWN = ("gzip", "x-gzip", "deflate")
MOST = 2  # one in the other
SHOWN = 40  # characters of what was not asked for


def settle_coding(response: urllib3.BaseHTTPResponse) -> None:
    """Put ``Content-Encoding`` into the form that urllib3 decodes: lower case, without "identity" and empty members.

    Raises:
        PassingFault: the body is in a coding that was not asked for.
    """
    given = response.headers.get("Content-Encoding", "")
    codings = [name for part in given.lower().split(",") if (name := part.strip()) not in ("", "identity")]
    if len(codings) > MOST or not set(codings) <= set(KNOWN):
        shown = ascii(given[:SHOWN])[1:-1]
        raise PassingFault(f"a body in Content-Encoding {shown}, where {ASKED} or none was asked for", BadAnswer)
    response.headers["Content-Encoding"] = ", ".join(codings)
