"""What stands in ``deploy`` and the container file says the same as the rest of the project."""

from __future__ import annotations

import re
import shlex
import tomllib

import pytest

from jne_engine.datasets.allowed import VARIABLE
from pages.frame.people import EDITORS, READERS, read_people
from tests.browser.conftest import ROOT

DEPLOY = ROOT / "deploy"
CONTAINER = (ROOT / "Containerfile").read_text(encoding="utf-8")
CONFIG = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PORT = re.search(r"^PORT\s*\?= (\d+)$", MAKEFILE, re.MULTILINE)[1]


def start_of_the_makefile() -> list[str]:
    """Return the command by which ``make app`` starts the dashboard."""
    command = re.search(r"\$\(BIN\)/(streamlit run .*)", MAKEFILE)[1]
    return shlex.split(command.replace("$(PORT)", PORT))


def instructions(name: str) -> list[str]:
    """Return the arguments of one kind of instruction of the container file."""
    joined = CONTAINER.replace("\\\n", " ")
    return [
        line.split(maxsplit=1)[1] for line in joined.splitlines() if line.startswith(f"{name} ")
    ]


def test_the_container_installs_the_requirements_and_nothing_else():
    installs = [line for line in instructions("RUN") if "pip install" in line]
    assert installs == [
        "python -m pip install --no-cache-dir --requirement requirements.txt",
        "python -m pip install --no-cache-dir --no-deps --editable .",
    ]
    assert not re.search(r"\bapt(-get)?\b|curl|wget", CONTAINER)


def test_the_container_starts_what_the_makefile_starts():
    (command,) = (line for line in instructions("CMD"))
    assert tomllib.loads(f"command = {command}")["command"] == start_of_the_makefile()


def test_the_container_holds_every_folder_that_the_app_needs():
    copied = " ".join(instructions("COPY")).split()
    for name in ("app.py", "pages", "jne_engine", "assets", ".streamlit", "requirements.txt"):
        assert name in copied
        assert (ROOT / name).exists()


def test_the_container_runs_without_rights_and_offline():
    last_user = instructions("USER")[-1]
    assert last_user == "jne"
    assert CONTAINER.index("USER jne") < CONTAINER.index("\nCMD")
    assert {"HF_HUB_OFFLINE=1", "TRANSFORMERS_OFFLINE=1"} <= set(
        " ".join(instructions("ENV")).split()
    )
    assert "/_stcore/health" in CONTAINER


def test_the_services_start_what_the_makefile_starts():
    app = (DEPLOY / "jne-app.service").read_text(encoding="utf-8")
    command = re.search(r"^ExecStart=\S*/bin/(.*)$", app, re.MULTILINE)[1]
    assert shlex.split(command) == start_of_the_makefile()


@pytest.mark.parametrize("name", ["jne-app", "jne-worker"])
def test_the_services_are_hardened_and_limited(name):
    lines = set((DEPLOY / f"{name}.service").read_text(encoding="utf-8").splitlines())
    assert {"User=jne", "NoNewPrivileges=yes", "ProtectSystem=strict", "PrivateTmp=yes"} <= lines
    assert any(line.startswith("MemoryMax=") for line in lines)


@pytest.mark.parametrize("name", ["nginx.conf", "Caddyfile"])
def test_the_proxies_lead_to_the_apps_port_and_take_its_uploads(name):
    text = (DEPLOY / name).read_text(encoding="utf-8")
    assert set(re.findall(r"127\.0\.0\.1:(\d+)", text)) == {PORT}
    assert f"{CONFIG['server']['maxUploadSize']}m" in text.lower()


def test_the_example_environment_is_one_that_the_app_reads():
    lines = (DEPLOY / "jne.env").read_text(encoding="utf-8").splitlines()
    found = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert {VARIABLE, EDITORS, READERS, "JNE_RUNS", "STREAMLIT_SECRETS_FILES"} <= found.keys()
    assert not read_people(found).is_empty
    assert set(CONFIG["server"]["allowedHosts"]) < set(
        found["STREAMLIT_SERVER_ALLOWED_HOSTS"].split()
    )


def test_the_example_secrets_turn_the_sign_in_on():
    secrets = tomllib.loads((DEPLOY / "secrets.toml").read_text(encoding="utf-8"))
    assert secrets["auth"]["redirect_uri"].endswith("/oauth2callback")


def test_the_server_is_closed_by_default():
    server, client = CONFIG["server"], CONFIG["client"]
    assert server["address"] == "127.0.0.1"
    assert server["allowedHosts"] == ["localhost", "127.0.0.1"]
    assert server["enableCORS"]
    assert server["enableXsrfProtection"]
    assert not server["enableStaticServing"]
    assert not server["enableAgentApi"]
    assert client["showErrorDetails"] == "none"
    assert not CONFIG["browser"]["gatherUsageStats"]
