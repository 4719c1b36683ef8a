"""The pages: HTML that is whole without a script."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from app.stores.store import MAX_ID, Listed, Play, PublishedDay, Store
from app.web.api import MAX_TEXT, Id
from app.web.calendar import Calendar
from app.web.chart import chart
from app.web.templating import render
from conf.settings import Settings
from lake import files
from lake.layout import report_file

SUGGESTED = 12  # listeners on the first page
SHELF = 12  # popular tracks there
FOUND = 30
PLAYS, LATELY = 60, 12  # plays read, and different tracks of them shown
# Of the pipeline's own report: it brings its style along; a script in it would not run.
REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox"


def routes(settings: Settings, store: Store, calendar: Calendar) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    most, days = settings.app.max_k, settings.recommend.popular_days
    count = min(settings.recommend.k, most)

    @router.get("/")
    async def home() -> Response:
        async with store.day() as day:
            heading, popular = await shelf(day)
            return render(
                "home.html",
                published=calendar.published(day),
                users=day.users,
                suggested=await day.listeners("", SUGGESTED),
                heading=heading,
                popular=popular,
            )

    @router.get("/listeners")
    async def find(id: Annotated[str, Query(max_length=MAX_TEXT)] = "") -> Response:
        """To the listener's page where the id is one; else those whose ids begin like it."""
        digits = id.strip()
        whole = digits.isascii() and digits.isdigit() and int(digits) <= MAX_ID
        async with store.day() as day:
            if whole and (await day.recommendations(int(digits), 1))["why"] != "unknown":
                return RedirectResponse(f"/listeners/{int(digits)}", 303)
            close = await day.listeners(str(int(digits)), SUGGESTED) if whole else []
            return render(
                "listeners.html", published=calendar.published(day), asked=digits, whole=whole, close=close, most=MAX_ID
            )

    @router.get("/listeners/{user_id}")
    async def listener(user_id: Id) -> Response:
        async with store.day() as day:
            listing = await day.recommendations(user_id, count)
            plays = distinct(await day.history(user_id, PLAYS))[:LATELY]
            return render(
                "listener.html",
                published=calendar.published(day),
                user_id=user_id,
                listing=listing,
                lately=[{"day": play["listened_at"].date(), "track": play["track"]} for play in plays],
                days=days,
                heard_days=settings.recommend.exclude_heard_days,
            )

    @router.get("/songs")
    async def songs(q: Annotated[str, Query(max_length=MAX_TEXT)] = "") -> Response:
        q = q.strip()
        async with store.day() as day:
            found = await day.search(q, FOUND)
            heading, popular = ("", []) if q else await shelf(day)
            return render(
                "songs.html",
                published=calendar.published(day),
                q=q,
                found=found,
                most=FOUND,
                heading=heading,
                popular=popular,
            )

    @router.get("/songs/{track_id}")
    async def song(track_id: Id) -> Response:
        async with store.day() as day:
            track = await day.track(track_id)
            if track is None:
                raise HTTPException(404, f"There is no song with the id {track_id}.")
            return render(
                "song.html",
                published=calendar.published(day),
                track=track,
                similar=await day.similar(track_id),
                longest=MAX_TEXT,
            )

    @router.get("/model")
    async def model() -> Response:
        async with store.day() as day:
            health = await day.health()
            there = await asyncio.to_thread(report_file(settings.lake.root, day.date).is_file)
            return render(
                "model.html",
                published=calendar.published(day),
                health=health,
                chart=chart(health["live"]),
                min_users=settings.evaluate.min_users,
                report=there,
            )

    @router.get("/model/report")
    async def report() -> Response:
        """The health report that the pipeline wrote of the served day."""
        async with store.day() as day:
            path = report_file(settings.lake.root, day.date)
        try:
            text = await asyncio.to_thread(files.read, path)
        except FileNotFoundError:
            raise HTTPException(404, "There is no report of the day that is served.") from None
        return HTMLResponse(text, headers={"Content-Security-Policy": REPORT_POLICY})

    return router


async def shelf(day: PublishedDay) -> tuple[str, list[Listed]]:
    """Some songs for everybody and what stands above them; where nothing was played lately, this is not said."""
    popular = await day.popular(SHELF)
    played = [each for each in popular if each["score"]]
    return ("What everybody plays", played) if played else ("Songs to begin with", popular)


def distinct(plays: list[Play]) -> list[Play]:
    """The newest play of each track."""
    newest: dict[int, Play] = {}
    for play in plays:
        newest.setdefault(play["track"]["track_id"], play)
    return list(newest.values())
