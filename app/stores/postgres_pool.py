"""A few connections to PostgreSQL, lent one at a time; what breaks is thrown away, so that it comes back by itself."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

import psycopg
from psycopg import AsyncConnection, IsolationLevel, errors

from app.stores.store import Away
from conf.postgres import conninfo
from conf.settings import PostgresSettings

log = logging.getLogger("app")

SIZE = 8
WAIT = 5.0  # seconds for a free connection
CONNECT = 3  # seconds to connect
OPTIONS = "-c statement_timeout=5000 -c idle_in_transaction_session_timeout=15000"
LOST = (psycopg.OperationalError, psycopg.InterfaceError, OSError)
# What somebody dropped, changed or did not grant.
CHANGED = (errors.InsufficientPrivilege, errors.UndefinedTable, errors.UndefinedColumn, errors.UndefinedFunction)


class Pool:
    """Each loan is one read-only transaction that sees one state of the database (REPEATABLE READ)."""

    def __init__(self, settings: PostgresSettings) -> None:
        self._settings = settings
        self._idle: list[AsyncConnection] = []
        self._free = asyncio.Semaphore(SIZE)

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """
        Raises:
            Away: the server cannot be reached, does not answer in time, or its tables are not as they were published.
        """
        try:
            await asyncio.wait_for(self._free.acquire(), WAIT)
        except TimeoutError:
            raise Away("the database is busy; ask again shortly") from None
        try:
            connection = await self._connection()
            try:
                yield connection
            finally:  # also when the answer is an error: the connection is as good as before
                await connection.rollback()
                self._idle.append(connection)
        except LOST as error:
            # The other connections stood on the same server. Its own words may name users and hosts: for the log alone.
            log.warning("the database is away: %s", str(error).strip())
            await self.close()
            raise Away("the database does not answer; it is asked again with the next request") from error
        except CHANGED as error:
            log.warning(
                "the mart was changed, or the application's role may not read it: %s", error.diag.message_primary
            )
            raise Away("the database is not as it was published; the application's log says what is missing") from error
        finally:
            self._free.release()

    async def _connection(self) -> AsyncConnection:
        while self._idle:
            connection = self._idle.pop()
            if not connection.closed:
                return connection
        connection = await AsyncConnection.connect(
            conninfo(self._settings, connect_timeout=CONNECT, options=OPTIONS, application_name="moovitamix app")
        )
        await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
        await connection.set_read_only(True)
        return connection

    async def close(self) -> None:
        idle, self._idle = self._idle, []
        for connection in idle:
            with contextlib.suppress(psycopg.Error, OSError):
                await connection.close()
