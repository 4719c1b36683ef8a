"""The API over HTTP."""

import asyncio
import datetime
import json
import math
import socket
from typing import Annotated, Any

import uvicorn
from fastapi import FastAPI, HTTPException, Path, Query, Response

from conf import stopping
from demo_api.faults import SLOW, SLOW_SECONDS, spoiled
from demo_api.schema import AsOf, CatalogueTrack, ListenHistory, Page, User
from demo_api.snapshot import ServedState, take_snapshot

DESCRIPTION = """Tracks, users and their listening history as they stand at the end of one day.

There is no filter and no sort, and unknown parameters are ignored. Listeners and their tastes are made
up from a seed; a few rows are spoiled on purpose."""

DRAIN_SECONDS = 1

PageNumber = Annotated[int, Query(ge=1, description="from 1; beyond the last page `items` is empty")]
PageSize = Annotated[int, Query(ge=1, le=100, description="rows a page")]
Day = Annotated[str, Path(pattern=r"^\d{4}-\d{2}-\d{2}$", description="YYYY-MM-DD", examples=["2026-11-22"])]


def create_app(seed: int, as_of: datetime.date, drift: datetime.date | None = None) -> FastAPI:
    """The API as of the end of a day.

    Raises:
        ValueError: there is no data for that day.
    """
    app = FastAPI(title="MooVitamix demo API", version="1.0", description=DESCRIPTION)
    app.state.snapshot = app.state.sound = take_snapshot(seed, as_of, drift)
    app.state.faults = []

    def snapshot() -> ServedState:
        return app.state.snapshot

    @app.get("/tracks", summary="The catalogue", response_model=Page[CatalogueTrack], tags=["data"])  # type: ignore[valid-type]
    async def tracks(page: PageNumber = 1, size: PageSize = 100) -> Response:
        return page_of(snapshot().tracks, page, size)

    @app.get("/users", summary="All listeners", response_model=Page[User], tags=["data"])  # type: ignore[valid-type]
    async def users(page: PageNumber = 1, size: PageSize = 100) -> Response:
        return page_of(snapshot().users, page, size)

    @app.get("/listen_history", summary="Sessions that have ended", response_model=Page[ListenHistory], tags=["data"])
    async def listen_history(page: PageNumber = 1, size: PageSize = 100) -> Response:
        if SLOW in app.state.faults:
            await asyncio.sleep(SLOW_SECONDS)
        return page_of(snapshot().listen_history, page, size)

    # Not async: taking a snapshot would hold up every other request.
    @app.post("/_as_of/{day}", summary="Move the present to the end of a day", tags=["clock"])
    def move_to(day: Day) -> AsOf:
        try:
            app.state.sound = take_snapshot(seed, datetime.date.fromisoformat(day), drift)
        except ValueError as error:
            raise HTTPException(422, detail=str(error)) from None
        app.state.snapshot = moved = spoiled(app.state.sound, app.state.faults)
        return AsOf(as_of=moved.as_of.isoformat(), listen_history=len(moved.listen_history))

    @app.post("/_faults", summary="Serve with these faults from now on; with none, without any", tags=["clock"])
    def break_down(name: Annotated[list[str], Query()] = []) -> list[str]:  # noqa: B006 - FastAPI copies it
        try:
            app.state.snapshot, app.state.faults = spoiled(app.state.sound, name), name
        except ValueError as error:
            raise HTTPException(422, detail=str(error)) from None
        return name

    return app


def page_of(rows: list[dict[str, Any]], page: int, size: int) -> Response:
    """The page as JSON, without a look at what the rows hold."""
    first = (page - 1) * size
    body = {
        "items": rows[first : first + size],
        "total": len(rows),
        "page": page,
        "size": size,
        "pages": math.ceil(len(rows) / size),
    }
    return Response(json.dumps(body, ensure_ascii=False, separators=(",", ":")), media_type="application/json")


class _Server(uvicorn.Server):
    """Says where it is once it accepts connections."""

    def __init__(self, config: uvicorn.Config, url: str) -> None:
        super().__init__(config)
        self.url = url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print(self.url, flush=True)


def serve(listener: socket.socket, seed: int, as_of: datetime.date, drift: datetime.date | None = None) -> None:
    """Answer on a socket that listens, until a signal ends it; the URL goes to stdout.

    Raises:
        ValueError: there is no data for that day.
    """
    app = create_app(seed, as_of, drift)
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=DRAIN_SECONDS)
    uvicorn.server.HANDLED_SIGNALS = tuple(stopping.ours())  # type: ignore[assignment]
    _Server(config, _url(listener)).run(sockets=[listener])


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
