"""The application, put together."""

import contextlib
import pathlib
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from app.stores.lake_store import LakeStore
from app.stores.postgres_store import PostgresStore
from app.stores.store import Store
from app.web import api, pages, problems
from app.web.calendar import Calendar
from app.web.guard import Guard
from app.web.request_metrics import RequestMetrics
from conf.settings import Settings

STATIC = pathlib.Path(__file__).with_name("web") / "static"
ABOUT = """What listeners are recommended, what they listened to, and which tracks are alike.

Every answer says which day and model it comes from: `date` and `model_version`. Where a newer day is due and not
there, `stale` is true and the last one is served. Nothing can be written. Listeners are known by their ids alone."""


def store_of(settings: Settings) -> Store:
    """PostgreSQL where there is one, else the lake."""
    return PostgresStore(settings) if settings.postgres.url else LakeStore(settings)


def create_app(settings: Settings, store: Store, calendar: Calendar | None = None) -> Guard:
    """The API and the page over a store."""
    metrics = RequestMetrics()
    calendar = calendar or Calendar(settings.app.due_hours)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await store.start()
        yield
        await store.stop()

    app = FastAPI(
        title="MooVitamix for listeners",
        version="1.0",
        description=ABOUT,
        lifespan=lifespan,
        docs_url=None,  # their scripts come from elsewhere
        redoc_url=None,
    )
    app.include_router(api.routes(settings, store, calendar, metrics))
    app.include_router(pages.routes(settings, store, calendar))
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    problems.handle(app)
    return Guard(app, settings.app.token, settings.app.rate / settings.app.workers, metrics)
