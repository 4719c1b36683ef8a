"""An S3 server on the loopback address, for lakes in a bucket."""

import contextlib
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

from tests.ports import free_port

BUCKET = "moovitamix"
PATIENCE = 60  # seconds for the server to answer


@contextlib.contextmanager
def server(module: str = "moto.server") -> Iterator[dict[str, str]]:
    """The variables by which a server with an empty bucket is reached; what it holds is gone with it."""
    url = f"http://127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", module, "-H", "127.0.0.1", "-p", url.rpartition(":")[2]]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _make_bucket(url)
        yield {
            "AWS_ENDPOINT_URL": url,
            "AWS_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "tests",
            "AWS_SECRET_ACCESS_KEY": "not-a-secret-of-anyone",
        }
    finally:
        process.kill()
        process.wait()


def _make_bucket(url: str) -> None:
    where = b"<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>"
    until = time.monotonic() + PATIENCE
    while True:
        try:
            request = urllib.request.Request(f"{url}/{BUCKET}", data=where, method="PUT")
            urllib.request.urlopen(request, timeout=5).close()
            return
        except urllib.error.HTTPError:
            raise
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
