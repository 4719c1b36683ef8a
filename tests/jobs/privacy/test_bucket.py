"""A lake in a bucket: the person is gone from there and from this machine's own files."""

import pytest

from jobs.privacy import forget, traces
from jobs.privacy.person import Person
from lake import files
from lake.access import Lake
from lake.layout import forgetting_file, forgotten_file, growing_folder, machine_folder, raw_folder
from lake.storage import place
from tests.jobs.privacy import lakes

TOLD = (b"zora@quill.example", b"zora@old.example", b"Quill")
MACHINES = ("logs", "_spool")


@pytest.fixture
def root(bucket, tmp_path, monkeypatch):
    """The lake of :mod:`lakes`, copied to where it lies under a URL."""
    monkeypatch.setenv("MOOVITAMIX_SUPPRESSION_KEY", lakes.KEY)
    source = lakes.everything(tmp_path)
    for path in sorted(source.rglob("*")):
        if path.is_file():
            name = path.relative_to(source)
            top = machine_folder(bucket) if name.parts[0] in MACHINES else place(bucket)
            files.write(top / str(name), path.read_bytes())
    half = (
        growing_folder(raw_folder(bucket, "users", lakes.DAYS[0])) / ".date=2024-03-01.partial" / "part-00000.jsonl.gz"
    )
    files.write(half, b"zora@quill.example")
    return bucket


def test_somebody_is_forgotten_in_a_bucket(root, tmp_path):
    job = lakes.job(root, f"sqlite:///{tmp_path}/mlflow.db", 17)
    person = forget.whom(Lake(root), 17)
    before = {found.name: found.found for found in traces.everywhere(root, person, job.settings)}
    assert (
        min(before[name] for name in ("raw users", "table listens", "logs of tables", "models", "logs", "reports")) > 0
    )
    assert forget.main(job)["left"] == 0
    assert {found.name: found.found for found in traces.everywhere(root, person, job.settings)} == dict.fromkeys(
        before, 0
    )
    there = [path for top in (place(root), machine_folder(root)) for path in top.rglob("*") if path.is_file()]
    assert len(there) > 20
    assert not list((tmp_path / "state").rglob("*.partial"))
    assert not [str(path) for path in there if any(told in path.read_bytes() for told in TOLD)]
    assert not forgetting_file(root).exists()
    assert len(forgotten_file(root).read_text().splitlines()) == 1
    assert Lake(root).count("users") == 3
    assert Person(18).user_id in {row["user_id"] for row in Lake(root).rows("listens")}
