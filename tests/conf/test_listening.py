"""Every service listens on this machine alone unless a person says otherwise: by setting, by command, as a process, as a container."""

import configparser
import pathlib
import re

import pytest

from conf.settings import LOOPBACK, Settings
from tasks import base
from tasks.run import spark_server

ROOT = pathlib.Path(__file__).parents[2]
ELSEWHERE = re.compile(r"0\.0\.0\.0|\[?::\]?(?=[:\s])|\*:\d")
# Services of conf/deploy/supervisord.conf whose command says no address, and what says it for them.
BY_DEFAULT = {
    "demo-api": "demo_api/__main__.py",  # --host
    "spark-connect": "tasks/run/spark_server.py",  # --bind
    "metrics": "conf/settings/running_sections.py",
    "app": "conf/settings/running_sections.py",
    "postgres": "bin/postgres-here",
    "pipeline": "",  # it listens nowhere; a Spark server that it starts is tasks/run/spark_server.py's
}


def programs() -> dict[str, str]:
    config = configparser.RawConfigParser()
    config.read(ROOT / "conf" / "deploy" / "supervisord.conf")
    sections = {
        name.removeprefix("program:"): config[name] for name in config.sections() if name.startswith("program:")
    }
    return {name: section["command"] for name, section in sections.items()}


def test_addresses_of_settings_are_of_this_machine():
    settings = Settings()
    assert {settings.app.host, settings.metrics.host, settings.mail.host} <= set(LOOPBACK)
    assert settings.api.base_url == "http://127.0.0.1:8000"


@pytest.mark.parametrize("name", programs())
def test_a_service_as_a_process_listens_on_the_loopback_address(name):
    command = programs()[name]
    assert not ELSEWHERE.search(command)
    if name not in BY_DEFAULT:
        assert re.search(r"(--(address|host)[ =]|listen-address=)127\.0\.0\.1", command)
    elif BY_DEFAULT[name]:
        assert "127.0.0.1" in (ROOT / BY_DEFAULT[name]).read_text()
        assert not re.search(r"--(host|bind|app-host|metrics-host)", command)


def test_a_spark_connect_server_and_its_pages_are_bound_to_this_machine():
    words = spark_server.command(15002, "local[*]", {})
    assert "spark.connect.grpc.binding.address=127.0.0.1" in words
    assert "spark.driver.bindAddress=127.0.0.1" in words
    assert base.LOOPBACK == {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}


def test_mlflows_page_is_served_to_this_machine():
    assert '"--host=127.0.0.1"' in (ROOT / "jobs" / "registry" / "mlflow_page.py").read_text()


def test_a_container_is_reached_from_this_machine_unless_bind_says_otherwise():
    published = re.findall(
        r'"([^"\s]+:\d+)"',
        "\n".join(re.findall(r"ports:(?:.*\n(?:\s+- .*\n)*)", (ROOT / "docker-compose.yml").read_text())),
    )
    assert len(published) >= 5
    assert [port for port in published if not port.startswith("${BIND:-127.0.0.1}:")] == []
