"""Does a plain file with a digest go the same way, and what do the exit statuses say?

For a plain URL there is no manifest at the origin: the representative makes one, and the digest
that the task named decides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from evidence import (
    PAYLOAD_COPIES_MAX,
    WAN_COPIES_MAX,
    came_from,
    of_role,
    records,
)

from bench.lab import Agents, Host, Lab, NginxOrigin, Package, Run, make_keys

MakeLab = Callable[..., Lab]
MakeAgents = Callable[..., Agents]
Nginx = Callable[[Lab], NginxOrigin]

END_S_MAX = 30.0
USAGE, UNAVAILABLE, CONTENT, STORAGE = 2, 3, 4, 5
AT_ONCE = ""  # of download.retry_backoff_min: no second attempt


def test_a_plain_file_with_its_digest_crosses_the_wan_once(
    make_lab: MakeLab, nginx: Nginx, package: Package, make_agents: MakeAgents
) -> None:
    lab = make_lab(3)
    origin, agents = nginx(lab), make_agents()
    name = package.payload_name
    expected = _digest(package.directory / name)

    runs = [agents.fetch(host, origin.url_of(name), sha256=expected) for host in lab.hosts]
    found = dict(zip([host.name for host in lab.hosts], records(runs), strict=True))

    for host in lab.hosts:
        assert _delivered(agents, host) == [name]
        assert _digest(agents.home(host) / "dest" / name) == expected
    assert origin.bytes_served(name) <= PAYLOAD_COPIES_MAX * package.payload_bytes
    assert lab.wan_bytes() <= WAN_COPIES_MAX * package.payload_bytes
    [representative] = of_role(found, "representative")
    assert came_from(found.pop(representative)) == {"origin": package.payload_bytes}
    for record in found.values():
        assert set(came_from(record)) <= {"multicast", "parity", "peer"}


def test_a_plain_file_of_another_digest_is_delivered_to_nobody(
    make_lab: MakeLab, nginx: Nginx, package: Package, make_agents: MakeAgents
) -> None:
    lab = make_lab(3)
    origin, agents = nginx(lab), make_agents()
    url, wrong = origin.url_of(package.payload_name), "ab" * 32

    runs = [agents.fetch(host, url, sha256=wrong, linger_s=0) for host in lab.hosts]

    assert [run.wait(END_S_MAX) for run in runs] == [CONTENT] * 3
    assert [_delivered(agents, host) for host in lab.hosts] == [[], [], []]
    for run in runs:
        assert run.record(0)["failure"] == "content"


def test_an_origin_that_is_not_there_is_said_to_be_unavailable(
    make_lab: MakeLab, package: Package, make_agents: MakeAgents
) -> None:
    lab = make_lab(1)
    agents = make_agents({"download.retry_backoff_min": AT_ONCE})
    url = f"http://{lab.origin.address}:8080/{package.manifest_name}"

    run = agents.fetch(lab.hosts[0], url, linger_s=0)

    assert run.wait(END_S_MAX) == UNAVAILABLE
    assert run.record(0)["reason"] == "refused"
    _assert_one_sentence(run)


def test_a_package_that_is_not_there_is_said_to_be_unavailable(
    make_lab: MakeLab, nginx: Nginx, make_agents: MakeAgents
) -> None:
    lab = make_lab(1)
    origin, agents = nginx(lab), make_agents({"download.retry_backoff_min": AT_ONCE})

    run = agents.fetch(lab.hosts[0], origin.url_of("other-2.mcd"), linger_s=0)

    assert run.wait(END_S_MAX) == UNAVAILABLE
    assert "404" in run.record(0)["reason"]
    _assert_one_sentence(run)


def test_a_signature_of_somebody_else_is_refused_by_all(
    make_lab: MakeLab,
    nginx: Nginx,
    package: Package,
    make_agents: MakeAgents,
    tmp_path: Path,
) -> None:
    lab = make_lab(2)
    origin, stranger = nginx(lab), make_keys(tmp_path / "stranger")
    agents = make_agents()
    url = origin.url_of(package.manifest_name)

    runs = [
        agents.fetch(host, url, linger_s=0, cluster__trusted_keys=str(stranger.public))
        for host in lab.hosts
    ]

    assert [run.wait(END_S_MAX) for run in runs] == [CONTENT] * 2
    assert [_delivered(agents, host) for host in lab.hosts] == [[], []]
    assert origin.bytes_served(package.payload_name) == 0
    for run in runs:
        assert run.record(0)["reason"] == "bad_signature"
        _assert_one_sentence(run)


@pytest.mark.parametrize(
    ("key", "value"),
    [("multicast.session_start_delay_s", -1), ("multicast.sesion_start_delay_s", 5)],
    ids=["out_of_range", "unknown_key"],
)
def test_bad_settings_are_refused_with_their_name(
    make_lab: MakeLab, make_agents: MakeAgents, key: str, value: int
) -> None:
    host = make_lab(1, wan=False).hosts[0]
    agents = make_agents()

    wrong = ("--set", f"{key}={value}")
    run = agents.start(host, "fetch", "http://10.77.0.9/a.mcd", *agents.common(host), *wrong)

    assert run.wait(END_S_MAX) == USAGE
    assert key in run.log.read_text()
    _assert_one_sentence(run)


def test_a_destination_that_cannot_be_written_is_said_to_be_so(
    make_lab: MakeLab,
    nginx: Nginx,
    package: Package,
    make_agents: MakeAgents,
    tmp_path: Path,
) -> None:
    lab = make_lab(1)
    origin, agents = nginx(lab), make_agents()
    (tmp_path / "file").write_text("root may write anywhere, but not below a file")

    url = origin.url_of(package.manifest_name)
    run = agents.fetch(lab.hosts[0], url, dest=tmp_path / "file" / "dest", linger_s=0)

    assert run.wait(END_S_MAX) == STORAGE
    _assert_one_sentence(run)
    assert origin.bytes_served(package.payload_name) == 0  # it was tried before the download


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _delivered(agents: Agents, host: Host) -> list[str]:
    """The names of all that lies at the host's destination."""
    dest = agents.home(host) / "dest"
    return sorted(path.name for path in dest.rglob("*")) if dest.exists() else []


def _assert_one_sentence(run: Run) -> None:
    """People are told what is wrong, once, and without a traceback."""
    told = run.log.read_text()
    sentences = [line for line in told.splitlines() if line.startswith("mcastdist: ")]
    assert len(sentences) == 1, told
    assert "Traceback" not in told
