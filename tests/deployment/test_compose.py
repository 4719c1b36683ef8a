"""What docker-compose.yml names exists in the project: no engine is needed to find a service that could not start."""

import argparse
import configparser
import os
import pathlib
import re
import shlex
import subprocess
import sys

import pytest
import yaml

from conf.settings import SECTIONS, add_flags, parse
from jobs.__main__ import JOBS
from tasks.run import services

ROOT = pathlib.Path(__file__).parents[2]
BIN = pathlib.Path(sys.executable).parent
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
LOCAL = configparser.RawConfigParser()
LOCAL.read(ROOT / "conf" / "deploy" / "supervisord.conf")


def filled(text: str) -> str:
    """With each ``${NAME:-default}`` as where the variable is not set."""
    return re.sub(r"\$\{\w+:?-([^}]*)\}", r"\1", text)


def test_the_file_is_of_the_compose_specification():
    command = [BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", ROOT / "docker-compose.yml"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_image_is_named_after_the_version():
    version = re.search(r'version="(.*)"', (ROOT / "setup.py").read_text())[1]
    assert {service["image"] for service in OURS.values()} == {f"moovitamix-recommender:{version}"}


def test_the_same_services_run_as_plain_processes():
    local = {name.removeprefix("program:") for name in LOCAL.sections() if name.startswith("program:")}
    assert set(SERVICES) - local == {"proxy", "grafana"}  # that need no proxy, and Debian has no Grafana
    assert local <= set(SERVICES)
    assert local == {*services.PORTS, services.WORKERS, services.LAST}


@pytest.mark.parametrize("name", OURS)
def test_every_command_is_there_and_takes_its_flags(name):
    words = [filled(str(word)) for word in OURS[name]["command"]]
    if words[0] == "python":
        assert words[1] == "-m"
        module = words[2].replace(".", "/")
        assert (ROOT / f"{module}.py").exists() or (ROOT / module / "__main__.py").exists()
        if words[2] == "jobs":
            assert words[3] in JOBS
    else:
        assert os.access(ROOT / words[0] if "/" in words[0] else BIN / words[0], os.X_OK)
    parser = argparse.ArgumentParser()
    add_flags(parser, *SECTIONS)
    known = {flag for action in parser._actions for flag in action.option_strings}
    ours = [word for word in words if re.match(rf"--({'|'.join(SECTIONS)})-", word)]
    assert {word.split("=")[0] for word in ours} <= known
    for word in ours:  # and values that are allowed
        section, _, key = word[2:].split("=")[0].partition("-")
        parse({section: {key.replace("-", "_"): word.split("=", 1)[1]}})


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_bounded_watched_pinned_and_without_privileges(name):
    service = SERVICES[name]
    assert service["mem_limit"]
    assert service["cpus"]
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert re.search(r":v?\d+\.\d+[\w.-]*$", service["image"]), "pinned to a version"
    assert not str(service.get("user", "101")).startswith("0"), "not root"
    assert "healthcheck" in service or name == "pipeline"


@pytest.mark.parametrize("name", SERVICES)
def test_every_file_secret_volume_and_network_is_there(name):
    service = SERVICES[name]
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        assert (ROOT / source).exists() if source.startswith(".") else source in COMPOSE["volumes"]
    assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
    assert set(service["networks"]) <= set(COMPOSE["networks"])
    for other in service.get("depends_on", {}):
        assert other in SERVICES
        assert set(SERVICES[other].get("profiles", [])) <= set(service.get("profiles", [])), "or it never starts"


def test_every_secret_is_made_at_random_and_none_stands_in_the_file(tmp_path):
    for _ in range(2):  # what is there stays
        subprocess.run([ROOT / "bin" / "secrets", tmp_path / "secrets"], check=True)
    names = {pathlib.Path(secret["file"]).name for secret in COMPOSE["secrets"].values()}
    assert names <= {path.name for path in (tmp_path / "secrets").iterdir()}
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0
    passwords = [
        (tmp_path / "secrets" / name).read_text() for name in ("postgres", "grafana", "app", "proxy", "suppression")
    ]
    assert len(set(passwords)) == 5
    assert min(map(len, passwords)) > 40
    given = [value for service in SERVICES.values() for key, value in environment(service).items() if "PASSWORD" in key]
    assert all(value.startswith("/run/secrets/") or value.startswith("${") for value in given)


def environment(service: dict) -> dict[str, str]:
    return service.get("environment", {})


def test_every_variable_of_ours_is_one_that_the_project_reads():
    known = {field.metadata["env"] for cls in SECTIONS.values() for field in vars(cls)["__dataclass_fields__"].values()}
    for service in OURS.values():
        for variable in environment(service):
            assert variable.removesuffix("_FILE") in known


@pytest.mark.parametrize("name", SERVICES)
def test_a_secrets_file_that_a_variable_names_is_given_to_the_service(name):
    """A variable that names a file which is not there is refused at start."""
    named = {value for value in environment(SERVICES[name]).values() if value.startswith("/run/secrets/")}
    assert named <= {f"/run/secrets/{secret}" for secret in SERVICES[name].get("secrets", [])}


def test_published_ports_are_the_loopback_addresss_and_reach_what_listens():
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert all(port.startswith("${BIND:-127.0.0.1}:") for port in published)
    assert len({filled(port).split(":")[1] for port in published}) == len(published)
    pages = (ROOT / "conf" / "deploy" / "compose" / "proxy.conf").read_text()
    behind = dict(re.findall(r"listen (\d+); location / \{ set \$to ([\w-]+); +proxy_pass", pages))
    assert sorted(behind) == sorted(port.split(":")[-1] for port in SERVICES["proxy"]["ports"])
    for port, name in behind.items():
        listens = " ".join(map(str, SERVICES[name]["command"]))
        assert port in listens or name == "prometheus"
    assert "auth_basic_user_file /run/secrets/htpasswd" in pages


@pytest.mark.parametrize("name", [name for name, service in SERVICES.items() if "healthcheck" in service])
def test_health_checks_ask_a_port_that_the_service_listens_at(name):
    asked = SERVICES[name]["healthcheck"]["test"]
    if "tasks.run.probe" not in asked:
        return
    port = re.search(r"127\.0\.0\.1:(\d+)", asked[-1])
    assert port
    assert re.search(rf"\b{port[1]}\b", " ".join(map(str, SERVICES[name]["command"])))


def test_prometheus_scrapes_the_same_in_containers_as_here():
    def jobs(file: str) -> dict[str, str]:
        text = yaml.safe_load((ROOT / file).read_text())
        return {job["job_name"]: job["static_configs"][0]["targets"][0].split(":")[1] for job in text["scrape_configs"]}

    assert jobs("conf/deploy/compose/prometheus.yml") == jobs("conf/deploy/prometheus/prometheus.yml")


def test_plain_processes_run_commands_that_are_there():
    given = {f"%(ENV_{key})s": value for key, value in services.environment(pathlib.Path("/up")).items()}
    for name in LOCAL.sections():
        command = LOCAL.get(name, "command", fallback="")
        for variable, value in given.items():
            command = command.replace(variable, value)
        assert "%(ENV" not in command
        if command and not command.startswith("prometheus"):
            assert os.access(shlex.split(command)[0], os.X_OK), command
