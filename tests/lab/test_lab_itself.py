"""Does the lab do what it says? A test on a lab that loses nothing proves nothing."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from evidence import await_true

from bench.lab import (
    Host,
    Lab,
    NginxOrigin,
    OwnOrigin,
    Package,
    clear_leftovers,
    collect_files,
)
from bench.lab.rules import Faults, Loss, switch_rules
from bench.lab.spaces import marked, new_mark

SPEAK = (sys.executable, str(Path(__file__).with_name("speak.py")))
REPOSITORY = Path(__file__).resolve().parents[2]
GROUP, GROUP6 = "239.255.77.1", "ff12::6d01"
END_S = 20.0  # bounds a Python's start and end on a busy machine

MakeLab = Callable[..., Lab]


class Listener:
    """Counts datagrams on one host, from now until `heard` is asked."""

    def __init__(self, host: Host, group: str) -> None:
        self.calls = 0  # in how many receive calls they came
        self._process = host.popen(
            [*SPEAK, "listen", group], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "listening\n"

    def heard(self) -> int:
        """How many datagrams came."""
        out, _ = self._process.communicate("", timeout=END_S)
        count, self.calls = map(int, out.split())
        return count


def say(host: Host, to: str, *, count: int, how: str = "single") -> None:
    """Send `count` datagrams of 1,000 bytes to a group or an address."""
    host.run([*SPEAK, "say", to, str(count), how])


def heard_of(lab: Lab, speaker: Host, listeners: list[Host], *, count: int = 10) -> list[int]:
    """How many of `count` multicast datagrams each host hears."""
    listening = [Listener(host, GROUP) for host in listeners]
    say(speaker, GROUP, count=count)
    return [listener.heard() for listener in listening]


def take(giver: Host, taker: Host, size: int) -> float:
    """How many seconds `size` bytes take by TCP."""
    process = giver.popen([*SPEAK, "give", str(size)], stdout=subprocess.PIPE)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "listening\n"
        seconds, total = taker.run([*SPEAK, "take", giver.address]).stdout.split()
        process.kill()
    assert int(total) == size
    return float(seconds)


# --- what a sound segment carries ----------------------------------------------------------------


@pytest.mark.parametrize("group", [GROUP, GROUP6])
def test_multicast_reaches_every_host_of_the_segment(make_lab: MakeLab, group: str) -> None:
    first, *others = make_lab(4, wan=False).hosts
    listeners = [Listener(host, group) for host in others]

    say(first, group, count=20)

    assert [listener.heard() for listener in listeners] == [20, 20, 20]


@pytest.mark.parametrize("family", ["address", "address6"])
def test_unicast_goes_between_hosts_and_through_the_router(make_lab: MakeLab, family: str) -> None:
    lab = make_lab(2)
    neighbour, origin = Listener(lab.hosts[1], "any"), Listener(lab.origin, "any")

    say(lab.hosts[0], getattr(lab.hosts[1], family), count=5)
    say(lab.hosts[0], getattr(lab.origin, family), count=7)

    assert (neighbour.heard(), origin.heard()) == (5, 7)


def test_multicast_does_not_cross_the_router(make_lab: MakeLab) -> None:
    lab = make_lab(1)

    assert heard_of(lab, lab.hosts[0], [lab.origin]) == [0]


def test_a_host_sees_its_own_interfaces_and_nothing_of_the_machine(make_lab: MakeLab) -> None:
    host = make_lab(1).hosts[0]

    assert host.run(["ls", "/sys/class/net"]).stdout.split() == ["eth0", "lo"]
    names = [line.partition(":")[0].strip() for line in _devices(host)]
    assert sorted(names) == ["eth0", "lo"]


@pytest.mark.parametrize(
    ("options", "crossing", "calls"),
    [
        ({}, 16, {1}),
        ({"coalesce": False}, 16, {16}),
        ({"offload": True}, 1, {1}),
    ],
)
def test_a_burst_is_cut_on_the_wire_and_joined_at_the_receiver(
    make_lab: MakeLab, options: dict[str, bool], crossing: int, calls: set[int]
) -> None:
    lab = make_lab(2, wan=False, **options)
    speaker, listener = lab.hosts
    lab.router.run(["nft", "-f", "-"], text_in=COUNT_UDP)
    ear = Listener(listener, GROUP)
    say(speaker, GROUP, count=16, how="segments")

    assert ear.heard() == 16
    assert ear.calls in calls
    counted = lab.router.run(["nft", "list", "table", "bridge", "count"]).stdout
    assert int(counted.partition("packets ")[2].split()[0]) == crossing


# --- what a faulty one loses ---------------------------------------------------------------------


def test_loss_is_what_was_asked_and_only_at_that_receiver(make_lab: MakeLab) -> None:
    lab = make_lab(3, wan=False)
    speaker, lossy, sound = lab.hosts
    lab.loss(lossy, 50)
    listeners = [Listener(lossy, GROUP), Listener(sound, GROUP)]

    say(speaker, GROUP, count=5000, how="segments")

    heard = [listener.heard() for listener in listeners]
    assert 150 < 5000 - heard[0] < 350
    assert heard[1] == 5000


def test_loss_can_be_total_and_be_taken_back(make_lab: MakeLab) -> None:
    lab = make_lab(2, wan=False)
    speaker, lossy = lab.hosts
    heard = []
    for permille in (1000, 0):
        lab.loss(lossy, permille)
        heard += heard_of(lab, speaker, [lossy])

    assert heard == [0, 10]


def test_loss_of_every_protocol_spares_no_tcp(make_lab: MakeLab) -> None:
    lab = make_lab(2, wan=False)
    lab.loss(lab.hosts[1], 1000, every_protocol=True)

    with pytest.raises(OSError, match="timed out"):
        lab.hosts[1].run([sys.executable, "-c", CONNECT, lab.hosts[0].address], timeout_s=END_S)


def test_a_host_without_multicast_still_has_unicast(make_lab: MakeLab) -> None:
    lab = make_lab(3, wan=False)
    speaker, deaf, sound = lab.hosts
    lab.block_multicast(deaf)

    assert heard_of(lab, speaker, [deaf, sound]) == [0, 10]
    assert heard_of(lab, deaf, [sound]) == [0]
    for address in (deaf.address, deaf.address6):
        unicast = Listener(deaf, "any")
        say(speaker, address, count=3)
        assert unicast.heard() == 3


def test_multicast_can_be_blocked_everywhere_and_healed(make_lab: MakeLab) -> None:
    lab = make_lab(3, wan=False)
    lab.block_multicast()
    assert heard_of(lab, lab.hosts[0], lab.hosts[1:]) == [0, 0]

    lab.heal()
    assert heard_of(lab, lab.hosts[0], lab.hosts[1:]) == [10, 10]


def test_a_partition_parts_two_groups_until_it_heals(make_lab: MakeLab) -> None:
    lab = make_lab(4)
    one, two, three, four = lab.hosts
    lab.partition([one, two], [three, four])

    assert heard_of(lab, one, [two, three, four]) == [10, 0, 0]
    unicast = Listener(three, "any")
    say(one, three.address, count=3)
    assert unicast.heard() == 0
    beyond = Listener(lab.origin, "any")
    say(three, lab.origin.address, count=3)
    assert beyond.heard() == 3

    lab.heal()
    assert heard_of(lab, one, [two, three, four]) == [10, 10, 10]


def test_a_pulled_cable_is_seen_by_the_host(make_lab: MakeLab) -> None:
    lab = make_lab(2, wan=False)
    speaker, unplugged = lab.hosts
    carriers = []
    for up in (False, True):
        lab.link(unplugged, up=up)
        carriers.append(unplugged.run(["cat", "/sys/class/net/eth0/carrier"]).stdout.strip())

    assert carriers == ["0", "1"]
    assert heard_of(lab, speaker, [unplugged]) == [10]


def test_groups_die_on_a_snooping_switch_without_a_querier(make_lab: MakeLab) -> None:
    forgetful, sound = make_lab(2, wan=False), make_lab(2, wan=False)
    forgetful.snooping(querier=False, membership_s=2.5)
    sound.snooping(querier=True, membership_s=2.5)
    listeners = [Listener(lab.hosts[1], GROUP) for lab in (forgetful, sound)]

    for lab in (forgetful, sound):
        say(lab.hosts[0], GROUP, count=10)
    time.sleep(4.5)  # in real time: joins are repeated within 1 s, and forgotten 2.5 s later
    for lab in (forgetful, sound):
        say(lab.hosts[0], GROUP, count=10)

    assert [listener.heard() for listener in listeners] == [10, 20]


def test_a_switch_cannot_be_more_forgetful_than_the_kernel_allows(make_lab: MakeLab) -> None:
    lab = make_lab(1, wan=False)

    with pytest.raises(ValueError, match=r"at least 2\.5"):
        lab.snooping(querier=True, membership_s=2.0)


# --- how fast, and how much ----------------------------------------------------------------------


@pytest.mark.parametrize("direction", ["down", "up"])
def test_a_hosts_link_is_as_slow_as_asked(make_lab: MakeLab, direction: str) -> None:
    lab = make_lab(2, wan=False)
    slow, quick = lab.hosts
    lab.rate(slow, 20_000_000)
    giver, taker = (quick, slow) if direction == "down" else (slow, quick)

    seconds = take(giver, taker, 2_500_000)

    assert 0.9 < seconds < 1.5  # 1.0 and the headers


def test_the_wan_is_shaped_and_counted(make_lab: MakeLab) -> None:
    lab = make_lab(1)
    lab.wan_rate(40_000_000)
    before = lab.wan_bytes()

    seconds = take(lab.origin, lab.hosts[0], 4_000_000)

    assert 0.75 < seconds < 1.5
    assert 1.0 < (lab.wan_bytes() - before) / 4_000_000 < 1.06


def test_a_limit_can_be_taken_away(make_lab: MakeLab) -> None:
    lab = make_lab(1)
    lab.wan_rate(1_000_000)
    lab.wan_rate(0)

    assert take(lab.origin, lab.hosts[0], 2_000_000) < 8.0  # it would be 16


# --- beginning and end ---------------------------------------------------------------------------


def test_all_ends_with_the_lab_also_after_an_exception() -> None:
    found: list[int] = []

    def fail_inside(lab: Lab) -> None:
        with lab:
            direct = lab.hosts[0].popen(["sleep", "1000"])
            grandchild = int(lab.hosts[0].run(["sh", "-c", DETACHED]).stdout)
            ours = {direct.pid, grandchild}
            # Between fork and exec a process shows no environment, and so no mark.
            await_true(lambda: ours < set(marked(lab.router.mark)), "both, with the lab's mark")
            found.extend(marked(lab.router.mark))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_inside(Lab(1))
    assert len(found) == len(["router", "h1", "origin", "direct", "grandchild"])
    for pid in found:
        _await_end(pid)


def test_leftovers_of_a_killed_maker_are_found_and_those_of_the_living_are_not(
    make_lab: MakeLab,
) -> None:
    living = make_lab(1, wan=False).hosts[0].popen(["sleep", "1000"])
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_MAKER, DETACHED],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
        timeout=END_S,
        check=False,
    )
    direct, detached = map(int, killed.stdout.split())

    ended = clear_leftovers()

    assert killed.returncode == -signal.SIGKILL
    assert detached in ended
    assert living.poll() is None
    _await_end(direct)
    _await_end(detached)


def test_a_mark_is_the_labs_own() -> None:
    assert new_mark() != new_mark()
    assert new_mark().startswith(f"{os.getpid()}.")


def test_a_program_that_fails_is_named_with_its_complaint(make_lab: MakeLab) -> None:
    host = make_lab(1, wan=False).hosts[0]

    with pytest.raises(OSError, match=r"^ls ended with 2: .*no-such-file"):
        host.run(["ls", "no-such-file"])
    assert host.run(["false"], check=False).returncode == 1


def test_a_program_that_goes_on_is_ended(make_lab: MakeLab) -> None:
    lab = make_lab(1, wan=False)

    with pytest.raises(subprocess.TimeoutExpired):
        lab.hosts[0].run(["sleep", "1000"], timeout_s=0.2)
    assert len(list(marked(lab.router.mark))) == len(["router", "h1"])


@pytest.mark.parametrize("hosts", [0, 254])
def test_a_lab_of_impossible_size_is_refused(hosts: int) -> None:
    with pytest.raises(ValueError, match="1 to 253"):
        Lab(hosts)


# --- what stands beside the network --------------------------------------------------------------


def test_nginx_serves_through_the_wan_and_counts(make_lab: MakeLab, tmp_path: Path) -> None:
    lab = make_lab(1)
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / "payload").write_bytes(bytes(300_000))
    with NginxOrigin(lab.origin, tmp_path / "www", tmp_path / "nginx") as origin:
        for _ in range(2):
            _get(lab.hosts[0], origin.url_of("payload"), "bytes=0-99999")
        _get(lab.hosts[0], origin.url_of("payload"), "bytes=0-")

    assert origin.bytes_served("payload") == 500_000
    assert [each.status for each in origin.served()] == [206, 206, 206]
    assert origin.served()[0].range == "bytes=0-99999"
    assert origin.served()[0].client == lab.hosts[0].address
    assert origin.bytes_served("other") == 0


def test_our_own_origin_serves_the_package_and_counts(
    make_lab: MakeLab, own_origin: Callable[[Lab], OwnOrigin], package: Package
) -> None:
    lab = make_lab(1)
    origin = own_origin(lab)
    _get(lab.hosts[0], origin.url_of(package.payload_name), "bytes=0-99999")
    _get(lab.hosts[0], origin.url_of(package.manifest_name), "bytes=0-")

    assert origin.bytes_served(package.payload_name) == 100_000
    assert origin.bytes_served("other") == 0
    assert package.payload_bytes >= 64 << 20


def test_a_package_knows_what_was_delivered_wrongly(package: Package, tmp_path: Path) -> None:
    delivered = tmp_path / "delivered"
    shutil.copytree(package.files, delivered)
    assert package.differences(delivered) == []

    first, second, *_ = sorted(path for path in delivered.rglob("*.py"))
    first.unlink()
    second.write_text("something else")
    (delivered / "more").touch()
    found = [line.partition(": ")[0] for line in package.differences(delivered)]
    assert sorted(found) == ["different", "missing", "too much"]


def test_an_origin_that_cannot_start_says_why(make_lab: MakeLab, tmp_path: Path) -> None:
    lab = make_lab(1)
    with NginxOrigin(lab.origin, tmp_path, tmp_path / "first"):
        second = NginxOrigin(lab.origin, tmp_path, tmp_path / "second")
        with pytest.raises(OSError, match="NginxOrigin"):
            second.__enter__()


def test_collected_files_are_the_same_each_time(tmp_path: Path) -> None:
    sizes = [collect_files(tmp_path / name, bytes_min=1 << 20) for name in ("one", "two")]
    one, two = (
        {path.relative_to(tmp_path / name): path.read_bytes() for path in files if path.is_file()}
        for name in ("one", "two")
        for files in [(tmp_path / name).rglob("*")]
    )

    assert sizes[0] == sizes[1] >= 1 << 20
    assert one == two
    assert sum(map(len, one.values())) == sizes[0]


# --- the rules as text ---------------------------------------------------------------------------


def test_no_loss_leaves_a_table_without_rules() -> None:
    assert "drop" not in switch_rules(Faults(losses={"p1": Loss(0)}))


def test_total_loss_is_not_left_to_chance() -> None:
    rules = switch_rules(Faults(losses={"p1": Loss(1000, every_protocol=True)}))

    assert 'oifname { "p1" } meta protocol { ip, ip6 } counter drop' in rules


@pytest.mark.parametrize("permille", [-1, 1001])
def test_an_impossible_loss_is_refused(permille: int) -> None:
    with pytest.raises(ValueError, match="permille"):
        Loss(permille)


def test_a_sound_switch_drops_nothing() -> None:
    assert "drop" not in switch_rules(Faults())
    assert "drop" not in switch_rules(Faults(parted=[({"p1"}, set())]))


def test_a_partition_drops_both_ways() -> None:
    rules = switch_rules(Faults(parted=[({"p2", "p1"}, {"p3"})]))

    assert 'iifname { "p1", "p2" } oifname { "p3" } counter drop' in rules
    assert 'iifname { "p3" } oifname { "p1", "p2" } counter drop' in rules


# --- texts that run on hosts ---------------------------------------------------------------------

COUNT_UDP = """
table bridge count {
  chain leaving {
    type filter hook postrouting priority -10;
    oifname "p2" meta l4proto udp udp dport 5077 counter
  }
}
"""

CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], 5077), 1.0)"

DETACHED = "setsid sleep 1000 > /dev/null 2>&1 < /dev/null & echo $!"

KILLED_MAKER = """
import os, signal, sys
from bench.lab import Lab
with Lab(1, wan=False) as lab:
    direct = lab.hosts[0].popen(["sleep", "1000"])
    detached = lab.hosts[0].run(["sh", "-c", sys.argv[1]]).stdout
    print(direct.pid, detached, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""

GET = """
import sys, urllib.request as r
r.urlopen(r.Request(sys.argv[1], headers={"Range": sys.argv[2]}), timeout=10).read()
"""


def _get(host: Host, url: str, range_: str) -> None:
    host.run([sys.executable, "-c", GET, url, range_])


def _devices(host: Host) -> list[str]:
    return host.run(["cat", "/proc/net/dev"]).stdout.splitlines()[2:]


def _lives(pid: int) -> bool:
    """True unless a process has gone (or is a zombie that nobody has waited for)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _await_end(pid: int) -> None:
    """A killed process takes a moment to go."""
    give_up_at = time.monotonic() + END_S
    while _lives(pid):
        assert time.monotonic() < give_up_at, f"{pid} lives on"
        time.sleep(0.01)
