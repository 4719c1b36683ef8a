import hashlib
import pathlib
import re

import pytest

from conf.errors import BadSetting, Refused
from tasks.run import jars
from tasks.run.jars import DELTA, S3, JarSet, arguments, install

ROOT = pathlib.Path(__file__).parents[3]
CONTENTS = {"one-1.0.jar": b"one", "two_2.13-1.0.jar": b"two"}
# What Spark's resolver does: it puts the jars into a folder, each with its group in front.
RESOLVER = """#!/bin/sh
echo "$@" > {told}
for word in "$@"; do case $word in spark.jars.ivy=*) folder=${{word#*=}}/jars ;; esac; done
mkdir -p $folder
cp {served}/* $folder
"""


@pytest.fixture
def wanted(tmp_path) -> JarSet:
    sums = tmp_path / "jars.sha256"
    sums.write_text("".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in CONTENTS.items()))
    return JarSet("what is wanted", ("org.example:one:1.0", "org.example:two:1.0"), sums, excluded=("org.example:big",))


@pytest.fixture
def served(tmp_path) -> pathlib.Path:
    folder = tmp_path / "served"
    folder.mkdir()
    for name, data in {**CONTENTS, "three-1.0.jar": b"Spark has it"}.items():
        (folder / f"org.example_{name}").write_bytes(data)
    return folder


@pytest.fixture
def spark(tmp_path, monkeypatch, served) -> pathlib.Path:
    """A Spark whose resolver serves the folder."""
    folder = tmp_path / "pyspark"
    (folder / "bin").mkdir(parents=True)
    submit(folder, RESOLVER.format(told=tmp_path / "told", served=served))
    monkeypatch.setattr(jars, "spark_folder", lambda: folder)
    monkeypatch.delenv(jars.SETTINGS, raising=False)
    return folder


def submit(spark: pathlib.Path, script: str) -> None:
    (spark / "bin" / "spark-submit").write_text(script)
    (spark / "bin" / "spark-submit").chmod(0o755)


def there(folder: pathlib.Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def test_what_is_wanted_is_fetched_and_nothing_else(wanted, spark, tmp_path):
    install(wanted, tmp_path / "jars")
    assert there(tmp_path / "jars") == CONTENTS
    told = (tmp_path / "told").read_text()
    assert "--packages org.example:one:1.0,org.example:two:1.0 --exclude-packages org.example:big" in told


def test_nothing_is_fetched_when_all_is_there(wanted, spark, tmp_path):
    install(wanted, tmp_path / "jars")
    submit(spark, "#!/bin/sh\nexit 1\n")
    install(wanted, tmp_path / "jars")


def test_a_jar_that_is_broken_is_replaced(wanted, spark, tmp_path):
    install(wanted, tmp_path / "jars")
    (tmp_path / "jars" / "one-1.0.jar").write_bytes(b"half")
    install(wanted, tmp_path / "jars")
    assert there(tmp_path / "jars") == CONTENTS


def test_a_jar_that_is_not_what_was_pinned_is_refused_and_none_is_put(wanted, served, tmp_path):
    (served / "org.example_two_2.13-1.0.jar").write_bytes(b"another")
    with pytest.raises(Refused, match=r"two_2.13-1.0.jar: found SHA-256 \w{64}, required is \w{64}"):
        install(wanted, tmp_path / "jars", served)
    assert there(tmp_path / "jars") == {}


def test_without_a_network_they_come_out_of_a_folder(wanted, served, tmp_path):
    install(wanted, tmp_path / "jars", served)
    assert there(tmp_path / "jars") == CONTENTS
    (served / "org.example_one-1.0.jar").rename(served / "one-1.0.jar")  # as Maven Central names it
    install(wanted, tmp_path / "more", served)
    assert there(tmp_path / "more") == CONTENTS


def test_a_folder_without_one_of_them_is_refused(wanted, tmp_path):
    with pytest.raises(Refused, match=r"has no one-1.0.jar, which is needed"):
        install(wanted, tmp_path / "jars", tmp_path / "empty")


def test_why_it_could_not_be_fetched_is_one_line(wanted, spark, tmp_path):
    submit(
        spark,
        "#!/bin/sh\necho ':: loading'; echo '::: unresolved dependency: org.example#one;1.0: not found'; exit 1\n",
    )
    with pytest.raises(
        Refused, match=r"what is wanted could not be fetched: ::: unresolved dependency: org.example#one"
    ):
        install(wanted, tmp_path / "jars")


def test_a_folder_that_cannot_be_written_is_named(wanted, served, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(Refused, match=r"file/jars: cannot be written"):
        install(wanted, tmp_path / "file" / "jars", served)


def test_another_source_is_named_by_a_file_of_ivys_settings(wanted, spark, tmp_path, monkeypatch):
    settings = tmp_path / "ivysettings.xml"
    monkeypatch.setenv(jars.SETTINGS, str(settings))
    with pytest.raises(Refused, match=r"ivysettings.xml is not there"):
        install(wanted, tmp_path / "jars")
    settings.touch()
    install(wanted, tmp_path / "jars")
    assert f"--conf spark.jars.ivySettings={settings}" in (tmp_path / "told").read_text()


def test_a_run_without_deltas_jars_is_told_how_to_get_them(spark):
    with pytest.raises(Refused, match=r"is not there, Spark needs it for Delta tables; run: python -m tasks.run.jars"):
        jars.require_delta({})
    jars.require_delta({"spark.jars.packages": "io.delta:delta-spark_4.2_2.13:4.4.0"})


def test_deltas_jars_of_another_version_are_removed(tmp_path):
    for name in ("delta-spark_4.2_2.13-4.3.0.jar", "delta-storage-4.4.0.jar", "spark-core_2.13-4.2.0.jar"):
        (tmp_path / name).touch()
    jars.remove_others(DELTA, tmp_path)
    assert sorted(there(tmp_path)) == ["delta-storage-4.4.0.jar", "spark-core_2.13-4.2.0.jar"]


@pytest.mark.parametrize("jar_set", [DELTA, S3], ids=["delta", "s3"])
def test_each_package_that_is_asked_for_has_a_sum(jar_set):
    sums = jar_set.sums()
    for package in jar_set.packages:
        _, artifact, version = package.split(":")
        assert f"{artifact}-{version}.jar" in sums
    assert all(re.fullmatch("[0-9a-f]{64}", value) for value in sums.values())


def test_the_jars_are_of_the_version_that_python_has():
    pinned = re.search(r'"delta-spark==(.*)"', (ROOT / "setup.py").read_text())[1]
    assert {name.rpartition("-")[2] for name in DELTA.sums()} == {f"{pinned}.jar"}
    assert len(DELTA.sums()) == 5
    assert DELTA.packages[0].endswith(f":{pinned}")
    hadoop = re.search("^HADOOP=(\\S+)", (ROOT / "bin" / "setup-s3").read_text(), re.MULTILINE)[1]
    assert S3.packages[0].endswith(f":{hadoop}")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--form=x"], "did you mean --from"),
        (["--from=/nowhere"], "found no folder at /nowhere"),
        (["x"], "not expected"),
    ],
)
def test_a_mistake_in_its_words_is_one_line(words, said):
    with pytest.raises(BadSetting, match=said):
        arguments().parse_args(words)
