"""What do the tests on real sockets stand on? Labs, origins, a package of real files, agents.

Every test in this folder is marked `lab`. Where no lab can be made it is skipped with the reason;
where CI is set it fails instead: a green run then means that the lab tests ran, all of them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import observations
import pytest

from bench.lab import (
    Agents,
    Keys,
    Lab,
    NginxOrigin,
    OwnOrigin,
    Package,
    available,
    collect_files,
    find_tool,
    make_keys,
    publish,
)

HERE = Path(__file__).parent

# Beside those that `Agents` gives: the tests wait for deadlines, not for people.
QUICK = {
    "multicast.session_start_delay_s": 2,
    "download.origin_fallback_delay_s": 3,
    "cache.free_bytes_min": 0,
}
# LAB_PORTABLE=1: every agent sends and receives datagram by datagram, as on macOS or Windows.
PORTABLE = {"multicast.fast_path": False} if os.environ.get("LAB_PORTABLE") else {}

MakeLab = Callable[..., Lab]
MakeAgents = Callable[..., Agents]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.lab)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if in_ci() and report.skipped and HERE in item.path.parents and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, though CI is set: {report.longrepr}"
    return report


def in_ci() -> bool:
    """True where nothing may be skipped."""
    return bool(os.environ.get("CI"))


@pytest.fixture(autouse=True, scope="session")
def _lab_possible() -> None:
    reason = available()
    if reason is not None:
        pytest.skip(f"no lab here: {reason}")


@pytest.fixture
def brought() -> Iterator[list[Agents]]:
    """Agents whose caches and deliveries are removed at the end, 128 MiB a host.

    Logs, traces and records stay: pytest keeps the files of its last three runs.
    """
    made: list[Agents] = []
    yield made
    for agents in made:
        for home in agents.work.iterdir():
            for name in ("cache", "dest"):
                shutil.rmtree(home / name, ignore_errors=True)


@pytest.fixture
def make_lab(request: pytest.FixtureRequest, brought: list[Agents]) -> Iterator[MakeLab]:
    """`make_lab(hosts, wan=True, mtu=1500, offload=False)`: a lab that ends with the test.

    It asks for `brought` so that nothing runs any more when that is removed.
    """
    with ExitStack() as stack:

        def make(hosts: int, **options: bool | int) -> Lab:
            lab = stack.enter_context(Lab(hosts, **options))  # type: ignore[arg-type]  # by name
            if options.get("wan", True):
                stack.callback(_observe, lab, request, brought)
            return lab

        observations.begin(request.node.nodeid)
        yield make


def _observe(lab: Lab, request: pytest.FixtureRequest, brought: list[Agents]) -> None:
    if "package" in request.fixturenames:
        observations.conclude(lab, request.getfixturevalue("package"), brought)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in observations.table():
        terminalreporter.write_line(line)


@pytest.fixture
def nginx(tmp_path: Path, package: Package) -> Iterator[Callable[[Lab], NginxOrigin]]:
    """`nginx(lab)`: the package on an nginx in the lab's origin namespace."""
    if find_tool("nginx") is None:
        pytest.skip("nginx is not installed (Debian: nginx-light)")
    with ExitStack() as stack:
        yield lambda lab: stack.enter_context(
            NginxOrigin(lab.origin, package.directory, tmp_path / "nginx")
        )


@pytest.fixture
def own_origin(tmp_path: Path, package: Package) -> Iterator[Callable[..., OwnOrigin]]:
    """`own_origin(lab, ipv6=False)`: the package on `mcastdist origin`, likewise."""
    with ExitStack() as stack:
        yield lambda lab, **options: stack.enter_context(
            OwnOrigin(lab.origin, package.directory, tmp_path / "origin", **options)
        )


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """The cluster's key and the publisher's, made by `mcastdist keygen`."""
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory, keys: Keys) -> Package:
    """At least 64 MiB of real files, published once for all tests."""
    work = tmp_path_factory.mktemp("package")
    collect_files(work / "files")
    return publish(work / "files", keys, work / "published")


@pytest.fixture
def make_agents(
    tmp_path_factory: pytest.TempPathFactory, keys: Keys, brought: list[Agents]
) -> MakeAgents:
    """`make_agents(settings={...})`: starts our commands on hosts; see `bench.lab.Agents`.

    The directory's name is short because a Unix socket's path has 107 bytes at most.
    """

    def make(settings: dict[str, str | int | float | bool] | None = None) -> Agents:
        given = {**QUICK, **PORTABLE, **(settings or {})}
        brought.append(Agents(tmp_path_factory.mktemp("a"), keys, given))
        return brought[-1]

    return make
