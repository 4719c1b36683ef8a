"""What a person gets wrong, or an API: one clear line, a code that is not 0, nothing half-written, and it can be mended."""

import contextlib
import http.server
import threading
from collections.abc import Iterator

import pytest

pytestmark = pytest.mark.acceptance


@contextlib.contextmanager
def answering(body: bytes, content_type: str, status: int = 200) -> Iterator[str]:
    """A server that gives every request the same answer."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def no_stack(text: str) -> bool:
    return "Traceback" not in text and 'File "' not in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--date=2999-01-01"], "2999-01-01 has not come yet"),
        (["--date=2014-02-30"], "found '2014-02-30', required is a day as YYYY-MM-DD"),
        (["--als-rank=0"], "[als] rank: found '0', allowed is a whole number from 1 to 1024"),
        (["--evaluate-min-users=many"], "[evaluate] min_users: found 'many', allowed is a whole number of at least 1"),
        (["--api-base-url=localhost"], "[api] base_url: found 'localhost', allowed is a URL"),
    ],
)
def test_a_wrong_value_is_refused_by_name_before_anything_runs(luigi, tmp_path, arguments, said):
    done = luigi("DailyPipeline", "--local-scheduler", f"--lake-root={tmp_path / 'lake'}", *arguments)
    assert done.returncode != 0
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "lake").exists()


def test_an_unknown_flag_is_refused(luigi, tmp_path):
    done = luigi("DailyPipeline", "--local-scheduler", f"--lake-root={tmp_path / 'lake'}", "--als-rnk=3")
    said = "error: --als-rnk: there is no such flag; did you mean --als-rank?\n"
    assert (done.returncode, done.stderr) == (2, said)


def test_an_unknown_key_in_the_file_is_refused(luigi, tmp_path):
    config = tmp_path / "luigi.cfg"
    config.write_text(f"[lake]\nroot = {tmp_path / 'lake'}\n[als]\nrnk = 3\n")
    done = luigi("DailyPipeline", "--local-scheduler", LUIGI_CONFIG_PATH=str(config))
    assert done.returncode != 0
    assert "[als] rnk: not a setting; known are rank, " in done.stderr
    assert no_stack(done.stderr)


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"<html>Service unavailable</html>", "text/html", 503),
        (b"<html>Welcome</html>", "text/html", 200),
        (b'{"error": "no such thing"}', "application/json", 404),
        (b'["not", "the", "contract"]', "application/json", 200),
        (b'{"items": [], "total": 0, "page": 1, "size": 100, "pages": 0}', "application/json", 200),
    ],
)
def test_an_api_that_answers_something_else_fails_the_fetch_and_leaves_nothing(
    luigi, tmp_path, body, content_type, status
):
    with answering(body, content_type, status) as url:
        done = luigi(
            "FetchTracks",
            "--local-scheduler",
            "--date=2014-12-17",
            f"--lake-root={tmp_path}",
            f"--api-base-url={url}",
            "--api-retries=0",
        )
    assert done.returncode == 30  # [retcode] task_failed
    assert no_stack(done.stderr)
    assert "FetchTracks" in done.stderr
    assert "FAILED" in done.stderr
    assert not (tmp_path / "raw" / "tracks" / "date=2014-12-17").exists()


def test_a_fetch_that_failed_works_once_the_api_is_back(luigi, demo, tmp_path):
    command = ["FetchUsers", "--local-scheduler", "--date=2026-10-01", f"--lake-root={tmp_path}"]
    failed = luigi(*command, "--api-base-url=http://127.0.0.1:9", "--api-retries=0")
    assert failed.returncode == 30
    assert "127.0.0.1:9" in failed.stderr
    assert no_stack(failed.stderr)
    worked = luigi(*command, f"--api-base-url={demo.url}")
    assert worked.returncode == 0, worked.stderr
    assert (tmp_path / "raw" / "users" / "date=2026-10-01" / "_manifest.json").exists()
