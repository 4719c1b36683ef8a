"""What ``pip install .`` installs. A day of the demo runs from it in ``tests/acceptance/test_demo_days.py``."""

import pathlib
import re
import subprocess
import zipfile

import pytest

from tests import installed

PACKAGES = ("app", "cli", "conf", "demo_api", "jobs", "lake", "tasks")
# Of the checkout's top; what else lies there is for development.
BESIDE = ("luigi.cfg", "bin/postgres-here", "bin/secrets")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> pathlib.Path:
    return installed.build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory) -> pathlib.Path:
    return installed.install(wheel, tmp_path_factory.mktemp("installed") / "venv")


def test_a_wheel_has_every_file_of_the_packages_and_nothing_else(wheel):
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    wanted = {*installed.tracked(*PACKAGES), *(f"conf/installed/{name}" for name in BESIDE)}
    assert names == wanted


def test_every_package_of_the_project_is_in_the_wheel():
    folders = {name.partition("/")[0] for name in installed.tracked("*/__init__.py") if name.count("/") == 1}
    assert folders - {"bench", "tests"} <= set(PACKAGES)


def test_scripts_can_be_run_as_installed(python):
    ask(python, "import os; from conf.checkout import TOP; assert os.access(TOP / 'bin' / 'secrets', os.X_OK)")


def test_commands_of_an_installed_package_run_where_their_user_stands(python, tmp_path):
    code = "from conf.checkout import *; print(CODE); print(ROOT.absolute()); print((TOP / 'luigi.cfg').exists())"
    code_folder, root, found = ask(python, code, tmp_path).split()
    assert "site-packages" in code_folder
    assert (root, found) == (str(tmp_path), "True")


def test_in_a_checkout_they_run_in_the_checkout():
    from conf.checkout import CODE, DEPLOY, ROOT, TOP

    assert CODE == ROOT == TOP == installed.ROOT
    assert (DEPLOY / "supervisord.conf").exists()


def test_a_model_of_an_installed_package_names_the_packages_version(python):
    """Not the commit of another project, where its user stands and site-packages lie."""
    other = python.parents[2]
    for words in (["init"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "--allow-empty", "--message=one"]):
        subprocess.run(["git", "-C", other, *words], check=True, capture_output=True)
    assert ask(python, "from jobs.model.lineage import code_version; print(code_version())", other) == version()


def test_services_of_an_installed_package_are_started_from_it(python, tmp_path):
    code = (
        "import pathlib; from tasks.run import services; given = services.environment(pathlib.Path('up')); "
        "print(given['HERE']); print(given['SCRIPTS']); print(given['NIGHTLY'])"
    )
    here, scripts, nightly = ask(python, code, tmp_path).splitlines()
    assert here == str(tmp_path)
    assert scripts.endswith("site-packages/conf/installed/bin")
    assert nightly == f"{python.parent}/moovitamix nightly"


def test_the_installed_command_helps_completes_and_refuses_in_an_empty_folder(python, tmp_path):
    def moovitamix(*words: str, **more: str) -> subprocess.CompletedProcess:
        command = [python.with_name("moovitamix"), *words]
        environment = {**installed.environment(), **more}
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)

    assert "  backfill     Run a range of days" in moovitamix("--help").stdout
    completion = {"_MOOVITAMIX_COMPLETE": "bash_complete", "COMP_WORDS": "moovitamix back", "COMP_CWORD": "1"}
    assert moovitamix(**completion).stdout.strip() == "plain,backfill"
    refused = moovitamix("status")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert list(tmp_path.iterdir()) == []


def ask(python: pathlib.Path, code: str, folder: pathlib.Path = pathlib.Path("/")) -> str:
    done = subprocess.run([python, "-c", code], cwd=folder, env=installed.environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def version() -> str:
    return re.search(r'version="(.*)"', (installed.ROOT / "setup.py").read_text())[1]
