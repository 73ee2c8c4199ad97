"""What is packaged: settings that load, a unit systemd accepts, the buffer limit we ask for."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from mcastdist.agent.settings import as_dict, load, require
from mcastdist.agent.settings_table import keys, toml
from mcastdist.agent.stream_sockets import BUFFER_BYTES

PACKAGING = Path(__file__).parents[2] / "packaging"
SAMPLE = PACKAGING / "agent.toml"
README = PACKAGING / "README.md"
OFFLINE_MORE = 0.3  # what does not run is rated without what other settings imply; systemds differ


@pytest.fixture
def unit() -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment]  # keys keep their case
    parser.read(PACKAGING / "mcastdist-agent.service")
    return parser["Service"]


def test_the_sample_loads_and_has_all_that_is_required() -> None:
    settings = load(SAMPLE, {}, [])

    require(settings, "cluster.id", "cluster.key_file", "cluster.trusted_keys")
    assert settings.node.state_dir == "/var/lib/mcastdist"


def test_what_the_sample_shows_as_default_is_the_default(tmp_path: Path) -> None:
    section = ""
    shown = 0
    for line in SAMPLE.read_text("utf-8").splitlines():
        if header := re.fullmatch(r"\[(\w+)\]", line):
            section = header[1]
        elif (default := re.fullmatch(r"# (\w+) = (.*)", line)) and section != "trace":
            key = keys()[f"{section}.{default[1]}"]
            path = tmp_path / "one.toml"
            path.write_text(f"[{section}]\n{default[1]} = {default[2]}\n")
            given = as_dict(load(path, {}, []))[key.full]
            assert given == (list(key.default) if isinstance(key.default, tuple) else key.default)
            shown += 1
    assert shown > 10


def test_the_sample_with_everything_switched_on_loads(tmp_path: Path) -> None:
    path = tmp_path / "agent.toml"
    path.write_text(re.sub(r"(?m)^# (\w+ = )", r"\1", SAMPLE.read_text("utf-8")))

    settings = load(path, {}, [])

    assert toml(settings.trace.file) == '"/var/lib/mcastdist/trace.jsonl"'


def test_the_places_of_unit_and_sample_are_the_same(unit: configparser.SectionProxy) -> None:
    settings = load(SAMPLE, {}, [])

    assert settings.node.state_dir == f"/var/lib/{unit['StateDirectory']}"
    assert Path(settings.control.socket).parent == Path("/run") / unit["RuntimeDirectory"]
    assert "--config /etc/mcastdist/agent.toml" in unit["ExecStart"]


def test_the_unit_runs_unprivileged_and_permits_what_the_agent_opens(
    unit: configparser.SectionProxy,
) -> None:
    assert unit["Type"] == "notify"
    assert unit["User"] == "mcastdist"
    assert unit["CapabilityBoundingSet"] == ""
    families = set(unit["RestrictAddressFamilies"].split())
    assert families == {"AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK"}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    text = (PACKAGING / "mcastdist-agent.service").read_text("utf-8")
    copy = tmp_path / "mcastdist-agent.service"
    copy.write_text(text.replace("/usr/bin/mcastdist agent", "/bin/true agent"))

    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(copy)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    complaints = [line for line in verified.stderr.splitlines() if "mcastdist" in line]
    assert (verified.returncode, complaints) == (0, [])


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_the_unit_is_as_closed_as_the_readme_says() -> None:
    [exposure] = re.findall(r"exposure level[^0-9]*(\d\.\d)", README.read_text("utf-8"))
    unit = str(PACKAGING / "mcastdist-agent.service")
    rated = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", unit],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "unrecognized option" in rated.stderr:
        pytest.skip("needs systemd 250: what is older rates only what runs")

    [told] = re.findall(r"Overall exposure level for \S+: (\d+\.\d)", rated.stdout)
    assert float(told) <= float(exposure) + OFFLINE_MORE


def test_the_buffer_limit_is_what_a_stream_asks_for() -> None:
    text = (PACKAGING / "90-mcastdist.conf").read_text("utf-8")

    (limit,) = re.findall(r"(?m)^net\.core\.rmem_max = (\d+)$", text)
    assert int(limit) == BUFFER_BYTES


def test_the_user_of_the_unit_is_the_one_that_is_made(unit: configparser.SectionProxy) -> None:
    sysusers = (PACKAGING / "mcastdist.sysusers").read_text("utf-8")

    assert re.search(rf"(?m)^u {unit['User']} - ", sysusers)
