"""The API: JSON for programs."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, HTTPException, Path, Query, Response
from pydantic import BeforeValidator

from app.stores.store import MAX_ID, Away, NoDay, Store
from app.web import schemas
from app.web.calendar import Calendar
from app.web.request_metrics import RequestMetrics
from conf.settings import Settings

MAX_TEXT = 200  # characters of a search


def digits(text: object) -> object:
    """An id has one spelling: pydantic would take 1_000, 1.0 and +1 too.

    Raises:
        ValueError: it is spelt otherwise.
    """
    if isinstance(text, str) and not (text.isascii() and text.isdigit()):
        raise ValueError("required is a whole number in digits")
    return text


Id = Annotated[int, Path(ge=0, le=MAX_ID, examples=[1]), BeforeValidator(digits)]


def answer(body: dict[str, Any]) -> Response:
    return Response(orjson.dumps(body), media_type="application/json")


def documented(model: type, *statuses: int) -> dict[str, Any]:
    """What a route's page says; the answers themselves are made without it."""
    problem = {"model": schemas.Problem, "content": {"application/problem+json": {}}}
    errors: dict[int | str, Any] = dict.fromkeys((*statuses, 401, 422, 429, 503), problem)
    return {"response_model": None, "responses": {200: {"model": model}, **errors}}


def routes(settings: Settings, store: Store, calendar: Calendar, metrics: RequestMetrics) -> APIRouter:
    router = APIRouter()
    most = settings.app.max_k
    Count = Annotated[int, Query(ge=1, le=most, description="how many at most")]
    usual = min(settings.recommend.k, most)

    @router.get("/users/{user_id}/recommendations", tags=["listeners"], **documented(schemas.Recommendations))
    async def recommendations(user_id: Id, k: Count = usual) -> Response:
        """What to play next. An id that is no listener's gets what is popular, and `why` says so."""
        async with store.day() as day:
            listing = await day.recommendations(user_id, k)
            return answer({**calendar.published(day), "user_id": user_id, **listing})

    @router.get("/users/{user_id}/history", tags=["listeners"], **documented(schemas.History))
    async def history(user_id: Id, limit: Count = usual) -> Response:
        """What was played up to the end of the served day, newest first."""
        async with store.day() as day:
            plays = await day.history(user_id, limit)
            return answer({**calendar.published(day), "user_id": user_id, "plays": plays})

    @router.get("/users", tags=["listeners"], **documented(schemas.Listeners))
    async def listeners(
        prefix: Annotated[str, Query(pattern=r"^[0-9]{0,19}$", description="digits that the ids begin with")] = "",
        limit: Count = usual,
    ) -> Response:
        """Ids of listeners, those with a track in their list first."""
        async with store.day() as day:
            return answer({**calendar.published(day), "user_ids": await day.listeners(prefix, limit)})

    @router.get("/tracks/{track_id}", tags=["tracks"], **documented(schemas.TrackPage, 404))
    async def track(track_id: Id) -> Response:
        """A track and the available ones nearest to it by the day's model."""
        async with store.day() as day:
            found = await day.track(track_id)
            if found is None:
                raise HTTPException(404, f"there is no track {track_id}")
            return answer({**calendar.published(day), "track": found, "similar": await day.similar(track_id)})

    @router.get("/tracks", tags=["tracks"], **documented(schemas.Found))
    async def search(
        q: Annotated[str, Query(max_length=MAX_TEXT, description="words of the name or artist", examples=["harbour"])],
        limit: Count = usual,
    ) -> Response:
        """Available tracks whose name and artist hold every word."""
        async with store.day() as day:
            return answer({**calendar.published(day), "q": q, "tracks": await day.search(q, limit)})

    @router.get("/health", tags=["operation"], **documented(schemas.Health))
    async def health() -> Response:
        """Whether a day is served, and which."""
        async with store.day() as day:
            return answer({**calendar.published(day), "status": "ok", "users": day.users})

    @router.get(
        "/metrics", tags=["operation"], response_class=Response, responses={200: {"content": {"text/plain": {}}}}
    )
    async def prometheus() -> Response:
        """For Prometheus; it answers also when no day can be served."""
        try:
            async with store.day() as day:
                metrics.serve(day.date, calendar.published(day)["stale"])
        except (NoDay, Away):
            metrics.serve(None, True)
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return router
