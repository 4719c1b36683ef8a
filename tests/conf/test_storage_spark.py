"""What Spark is told of a lake in a bucket, and what not."""

import pytest

from conf.errors import Refused
from lake import storage

ROOT = "s3a://bucket/lake"


@pytest.fixture
def jars(tmp_path, monkeypatch):
    """A folder that bin/setup-s3 has made, and a region without anything else."""
    for name in ("AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    for name in ("b.jar", "a.jar", ".ready"):
        (tmp_path / name).touch()
    return tmp_path


def test_of_a_folder_spark_needs_to_know_nothing(tmp_path):
    assert storage.spark_properties("data/lake", tmp_path / "missing") == {}


def test_spark_gets_the_jars_the_region_and_the_log_that_several_may_write(jars):
    assert storage.spark_properties(ROOT, jars) == {
        "spark.jars": f"{jars}/a.jar,{jars}/b.jar",
        "spark.hadoop.fs.s3a.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        "spark.delta.logStore.s3a.impl": "moovitamix.S3LogStore",
        "spark.hadoop.fs.s3a.endpoint.region": "eu-west-1",
    }


def test_a_server_other_than_aws_is_named_and_has_its_buckets_in_the_path(jars, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9000")
    properties = storage.spark_properties(ROOT, jars)
    assert properties["spark.hadoop.fs.s3a.endpoint"] == "http://127.0.0.1:9000"
    assert properties["spark.hadoop.fs.s3a.path.style.access"] == "true"


def test_keys_are_not_among_what_a_command_line_shows(jars, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "hush-hush")
    properties = storage.spark_properties(ROOT, jars)
    assert "hush-hush" not in str(properties)
    assert not any("key" in key or "credentials" in key for key in properties)


def test_without_a_region_or_jars_the_line_says_what_to_do(jars, monkeypatch):
    with pytest.raises(Refused, match=r"missing is not there; run make setup-s3"):
        storage.spark_properties(ROOT, jars / "missing")
    monkeypatch.delenv("AWS_REGION")
    with pytest.raises(Refused, match=r"AWS_REGION is not set"):
        storage.spark_properties(ROOT, jars)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    assert storage.spark_properties(ROOT, jars)["spark.hadoop.fs.s3a.endpoint.region"] == "us-east-1"
