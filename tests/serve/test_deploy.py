"""The container files and the systemd unit are well formed, and keep what they promise: little may be written."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from cogdoc.serve import defaults

DEPLOY = Path(__file__).parents[2] / "deploy"
INSTRUCTIONS = {"ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "RUN", "STOPSIGNAL", "USER"}
INSTRUCTIONS |= {"VOLUME", "WORKDIR"}


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile's stages, with their arguments on one line."""
    text = re.sub(r"^#.*\n", "", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [(name, rest.strip()) for line in lines if line.strip() for name, _, rest in [line.partition(" ")]]


def services() -> dict[str, dict[str, Any]]:
    described: dict[str, dict[str, Any]] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))[
        "services"
    ]
    return described


def test_the_dockerfile_has_only_known_instructions_and_ends_without_root() -> None:
    found = instructions()
    assert {name for name, _ in found} <= INSTRUCTIONS
    stages = [rest.partition(" AS ")[2] for name, rest in found if name == "FROM"]
    assert stages == ["build", "runtime-cpu", "runtime-cuda", ""]
    last_stage = found[max(index for index, (name, _) in enumerate(found) if name == "FROM") :]
    values = dict(last_stage)
    assert values["USER"] == "10001:10001"
    assert values["EXPOSE"] == str(defaults.PORT)
    assert f":{defaults.PORT}/healthz" in values["HEALTHCHECK"]
    assert [name for name, _ in last_stage].index("USER") > [name for name, _ in last_stage].index("RUN")
    assert (values["ENTRYPOINT"], values["CMD"]) == ('["cogdoc"]', '["serve"]')
    for name, rest in found:
        if name == "COPY" and "--from" not in rest:
            assert rest == ". ."


def test_commands_of_the_dockerfile_are_valid_shell() -> None:
    for name, rest in instructions():
        if name == "RUN":
            subprocess.run(["sh", "-n", "-c", rest], check=True)


def test_services_write_nowhere_but_in_their_volume() -> None:
    assert set(services()) == {"cogdoc", "cogdoc-cuda"}
    for name, service in services().items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["volumes"] == ["data:/var/lib/cogdoc"]
        assert service["ports"] == [f"127.0.0.1:{defaults.PORT}:{defaults.PORT}"], "on this machine only"
        assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
    assert services()["cogdoc-cuda"]["deploy"]["resources"]["reservations"]["devices"][0]["capabilities"] == ["gpu"]


def test_no_file_names_a_package_registry() -> None:
    for file in DEPLOY.iterdir():
        addresses = re.findall(r"https?://[^\s'\"]+", file.read_text(encoding="utf-8"))
        assert [address for address in addresses if "127.0.0.1" not in address] == [], file.name


def test_the_health_check_tells_a_server_from_none(server: Any) -> None:
    (command,) = (rest for name, rest in instructions() if name == "HEALTHCHECK")
    code = yaml.safe_load(command[command.index("CMD") + 4 :])[2]
    port = server.url.rpartition(":")[2]
    for asked, expected in ((port, 0), ("1", 1)):
        changed = code.replace(str(defaults.PORT), asked)
        ended = subprocess.run([sys.executable, "-c", changed], capture_output=True, check=False)
        assert ended.returncode == expected


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    unit = (DEPLOY / "cogdoc.service").read_text(encoding="utf-8")
    assert "ExecStart=/opt/cogdoc/bin/cogdoc serve" in unit
    copy = tmp_path / "cogdoc.service"
    copy.write_text(unit.replace("/opt/cogdoc/bin/cogdoc serve", f"{sys.executable} -m cogdoc serve"), encoding="utf-8")
    command = ["systemd-analyze", "verify", "--man=no", str(copy)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    complaints = [line for line in ended.stderr.splitlines() if "cogdoc.service" in line]
    assert complaints == []
