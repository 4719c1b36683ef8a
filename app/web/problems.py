"""Errors as problem+json (RFC 9457) for programs and as a page for browsers; never a stack."""

import http
import logging
from collections.abc import Mapping
from typing import cast

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from app.stores.store import Away, NoDay
from app.web.templating import render

log = logging.getLogger("app")
SHOWN = 200  # characters of what was found


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    body = {"type": "about:blank", "title": http.HTTPStatus(status).phrase, "status": status, "detail": detail}
    return Response(orjson.dumps(body), status, headers, media_type="application/problem+json")


def _answer(request: Request, status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    if "text/html" in request.headers.get("accept", ""):
        return render("error.html", status, headers, title=http.HTTPStatus(status).phrase, detail=detail)
    return problem(status, detail, headers)


def _refused(request: Request, error: Exception) -> Response:
    known = cast(HTTPException, error)
    return _answer(request, known.status_code, str(known.detail), known.headers)


def _wrong(request: Request, error: Exception) -> Response:
    first = cast(RequestValidationError, error).errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:])
    found = repr(first.get("input"))[:SHOWN]
    return _answer(request, 422, f"{where}: found {found}; {first['msg']}")


def _no_day(request: Request, error: Exception) -> Response:
    return _answer(request, 503, str(error), {"Retry-After": "30"})


def _away(request: Request, error: Exception) -> Response:
    log.warning("%s", error)
    return _answer(request, 503, str(error), {"Retry-After": "2"})


def _broken(request: Request, error: Exception) -> Response:
    # It is raised again behind this, and the server logs it with its stack.
    return _answer(request, 500, "something went wrong here; it has been logged")


def handle(app: FastAPI) -> None:
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _wrong)
    app.add_exception_handler(NoDay, _no_day)
    app.add_exception_handler(Away, _away)
    app.add_exception_handler(Exception, _broken)
