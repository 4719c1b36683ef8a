"""After a real day: no secret anywhere, people's data in their places alone, and one of them forgotten for good."""

import collections
import datetime
import gzip
import json
import re

import psycopg
import pytest
import requests

from lake.access import Lake
from lake.layout import SPARK_EVENTS
from tests.services.forget.conftest import DATE, SECRETS

pytestmark = pytest.mark.services
NEXT = DATE + datetime.timedelta(days=1)
EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
NAME = re.compile(r"(?=\b([A-Z][\w'-]+ [A-Z][\w'-]+))")


def rows(day, entity, date=DATE):
    files = sorted((day.lake / "raw" / entity / f"date={date}").glob("*.gz"))
    return [json.loads(line) for file in files for line in gzip.open(file)]


@pytest.fixture(scope="module")
def people(day):
    """E-mail addresses and full names of all listeners, but for names that an artist has too."""
    texts = {text for row in rows(day, "tracks") for text in row.values() if isinstance(text, str)}
    public = {name for text in texts for name in NAME.findall(text)}
    users = rows(day, "users")
    names = {f"{row.get('first_name')} {row.get('last_name')}" for row in users} - public
    emails = {row["email"] for row in users if isinstance(row.get("email"), str) and "@" in row["email"]}
    assert len(emails) > 500
    assert len(names) > 100
    return emails, names


@pytest.fixture(scope="module")
def somebody(day):
    """A listener whom the report shows, with the most plays of these."""
    report = (day.lake / "reports" / f"{DATE}.html").read_text()
    shown = {int(number) for number in re.findall(r"<h3>Listener (\d+)", report)}
    plays = collections.Counter(row["user_id"] for row in rows(day, "listen_history"))
    return max(shown, key=lambda user: plays[user])


def of_mart(day):
    with psycopg.connect(day.mart) as connection:
        query = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')"
        for (name,) in connection.execute(query).fetchall():
            yield name, "\n".join(text for (text,) in connection.execute(f"SELECT t::text FROM {name} t"))


def test_no_secret_is_on_a_command_line_in_a_file_or_in_what_is_printed(day):
    assert any(b"jobs/__main__.py" in words for words in day.watcher.seen)
    shown = [words for words in day.watcher.seen if any(secret.encode() in words for secret in SECRETS)]
    assert [words for words in shown if b"pytest" not in words] == []
    files = list(day.contents())
    assert any(SPARK_EVENTS in path.parts for path, _ in files)
    assert {str(path) for path, text in files if any(secret in text for secret in SECRETS)} == set()
    assert not [secret for secret in SECRETS for text in day.said if secret in text]
    assert not [name for name, text in of_mart(day) if any(secret in text for secret in SECRETS)]


def test_emails_and_names_are_in_users_and_raw_alone(day, people):
    emails, names = people
    allowed = (day.lake / "raw" / "users", day.lake / "users")
    told = collections.defaultdict(set)
    everything = [(str(path), text) for path, text in day.contents() if not any(a in path.parents for a in allowed)]
    assert len(everything) > 50
    for place, text in [*everything, *of_mart(day)]:
        told[place] |= set(EMAIL.findall(text)) & emails
        told[place] |= set(NAME.findall(text)) & names
    assert {place: found for place, found in told.items() if found} == {}


def test_raw_rows_are_readable_by_their_owner_only(day):
    folders = [day.lake / "raw" / entity for entity in ("tracks", "users", "listen_history")]
    paths = [path for folder in folders for path in (folder, *folder.rglob("*"))]
    assert len(paths) >= 12
    assert [path for path in paths if path.stat().st_mode & 0o077] == []
    assert (day.lake / "raw").stat().st_mode & 0o077 == 0


def test_somebody_is_forgotten_everywhere_and_stays_out(day, somebody):
    before = {row["entity"]: row for row in Lake(str(day.lake)).rows("accounting")}
    lost = sum(max(1, len(row["items"] or [])) for row in rows(day, "listen_history") if row["user_id"] == somebody)
    email = next(row["email"] for row in rows(day, "users") if row["id"] == somebody)
    table = day.job("forget", f"--user={somebody}", f"--registry-uri=sqlite:///{day.folder}/mlflow.db")
    counts = {name.strip(): numbers for name, *numbers in (line.rsplit(None, 3) for line in table.splitlines()[1:-1])}
    assert {left for _, _, left in counts.values()} == {"0"}
    there_were = {name: int(before.replace(",", "")) for name, (_, before, _) in counts.items()}
    assert min(there_were[place] for place in ("reports", "mart users", "table listens", "table recommendations")) > 0
    assert not [str(path) for path, text in day.contents() if email in text]
    with psycopg.connect(day.mart) as connection:
        for name in ("users", "listen_history", "recommendations"):
            found = connection.execute(f"SELECT count(*) FROM {name} WHERE user_id = %s", [somebody]).fetchone()
            assert found == (0,)

    requests.post(f"{day.api}/_as_of/{NEXT}", timeout=60).raise_for_status()
    for task in ("CleanTracks", "CleanUsers", "CleanListens"):
        day.luigi("tasks.clean", task, NEXT)
    assert somebody not in {row["id"] for row in rows(day, "users", NEXT)}
    assert somebody not in {row["user_id"] for row in rows(day, "listen_history", NEXT)}
    lake = Lake(str(day.lake))
    assert lake.count("users", [("user_id", "=", somebody)]) == lake.count("listens", [("user_id", "=", somebody)]) == 0
    accounting = {(row["date"], row["entity"]): row for row in lake.rows("accounting")}
    assert accounting[DATE, "listen_history"]["suppressed"] == lost
    assert accounting[DATE, "listen_history"]["fetched"] == before["listen_history"]["fetched"]
    assert accounting[NEXT, "users"]["suppressed"] == 1
    assert accounting[NEXT, "listen_history"]["suppressed"] >= lost
    assert " 0 broken" in day.job("check", f"--spark-remote={day.remote}")
