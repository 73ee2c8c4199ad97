"""What does the lab's network look like, and what can be done to it?

           h1        h2        hN          10.77.0.x/24, fd77::x/64, all called eth0
            | p1      | p2      | pN
         ===+=========+=========+===       the switch: a bridge, 10.77.0.254, fd77::fe
                      |
                  the router               forwards; shares a namespace with the switch
                      | wan                shaped by `wan_rate`, counted by `wan_bytes`
                   origin                  10.78.0.2/24, fd78::2/64

All that an origin sends crosses `wan`. Faults: `loss` in front of a receiver, `rate` of a host's
link, `link` (the cable), `block_multicast`, `snooping`, and `partition` at the switch.

Datagrams that were sent in one segmented call travel one by one, as on a wire: the sender's card
cuts them, the switch loses some of them, and the receiver's card joins those that arrive together
into runs again (GRO). So does all that crosses the WAN, so that its bytes count as on a wire.

    coalesce=False   the receivers' cards do not join: each datagram arrives alone, which is what a
                     card without GRO does, and costs several times the CPU
    offload=True     nothing is cut at all: the kernel hands over up to 64 KB in one piece. Far less
                     CPU still, but a loss takes a whole burst, and a burst counts as one packet
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from .host import Host
from .requirements import new_namespaces
from .rules import Faults, Loss, switch_rules
from .spaces import Space, clear_leftovers, end_marked, new_mark
from .timing import MEMBERSHIP_S, shaper, snooping_timers

HOSTS_MAX = 253  # what a /24 has room for beside the router
MTU = 1500
TCP_HEADERS_BYTES = 52  # IPv4 20, TCP 20 and its timestamps 12; a card that joins counts no more
# A switch shows what it carries to no filter of the IP layer: some kernels have it do so, which
# costs something for each datagram and port.
FORWARD = """
echo 1 > /proc/sys/net/ipv4/ip_forward
echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
for hook in /proc/sys/net/bridge/bridge-nf-call-*; do
    if [ -e "$hook" ]; then echo 0 > "$hook"; fi
done
"""


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a port has counted."""

    packets: int
    bytes: int


class Lab:
    """A subnet of `hosts` machines, and with `wan` an origin beyond a router.

    A context manager: on leaving it, all that ran in the lab has ended, whatever happened.
    """

    def __init__(
        self,
        hosts: int,
        *,
        wan: bool = True,
        mtu: int = MTU,
        offload: bool = False,
        coalesce: bool = True,
    ) -> None:
        if not 1 <= hosts <= HOSTS_MAX:
            raise ValueError(f"a lab has 1 to {HOSTS_MAX} hosts, not {hosts}")
        self.hosts: list[Host] = []
        self._host_count = hosts
        self._wan = wan
        self._mtu = mtu
        self._offload = offload
        self._coalesce = coalesce and not offload
        self._faults = Faults()
        self._mark = new_mark()
        self._spaces: list[Space] = []
        self._router: Space | None = None
        self._origin: Host | None = None

    def __enter__(self) -> Self:
        clear_leftovers()
        try:
            self._build()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all that runs in the lab, and with it the lab."""
        end_marked(self._mark)
        for space in self._spaces:
            space.close()
        self._spaces.clear()

    @property
    def router(self) -> Space:
        """The namespace of the switch and the router: for counters and captures."""
        assert self._router is not None, "a Lab exists inside its `with`"
        return self._router

    @property
    def origin(self) -> Host:
        """The machine beyond the WAN link."""
        assert self._origin is not None, "this lab was made without a WAN"
        return self._origin

    # --- the WAN ---------------------------------------------------------------------------------

    def wan_rate(self, bps: int) -> None:
        """Shape the WAN link to `bps` bits a second in each direction; 0 takes the limit away."""
        self._shape(self.origin, bps)

    def wan_bytes(self) -> int:
        """How many bytes have come from the origin, with all headers, since the lab began."""
        return self.port_bytes(self.origin)

    def wan_carried_bytes(self) -> int:
        """The same less the headers of IP and TCP, which every download has: what HTTP took."""
        came = self.traffic(self.origin)
        return came.bytes - came.packets * TCP_HEADERS_BYTES

    def port_bytes(self, host: Host) -> int:
        """How many bytes have come from `host` on its cable; a burst of TCP has one header."""
        return self.traffic(host).bytes

    def traffic(self, host: Host) -> Traffic:
        """What has come from `host` on its cable since the lab began."""
        return self.all_traffic()[host.port]

    def all_traffic(self) -> dict[str, Traffic]:
        """What has come in by each port, read in one go; cheap enough for fifty times a second."""
        # A process's own view: no need to enter its namespace.
        table = Path(f"/proc/{self.router.pid}/net/dev").read_text()
        rows = (line.partition(":") for line in table.splitlines() if ":" in line)
        counts = {name.strip(): list(map(int, rest.split())) for name, _, rest in rows}
        return {name: Traffic(received[1], received[0]) for name, received in counts.items()}

    # --- one host's link -------------------------------------------------------------------------

    def rate(self, host: Host, bps: int) -> None:
        """Shape a host's link to `bps` bits a second in each direction; 0 takes the limit away."""
        self._shape(host, bps)

    def loss(self, host: Host, permille: int, *, every_protocol: bool = False) -> None:
        """Lose `permille` of the UDP (or of all IP) that would arrive at `host`."""
        self._faults.losses[host.port] = Loss(permille, every_protocol)
        self._apply_faults()

    def link(self, host: Host, *, up: bool) -> None:
        """Plug a host's cable in or out, at the switch's end: the host sees its carrier go."""
        state = "up" if up else "down"
        self.router.run(["ip", "link", "set", host.port, state])

    # --- the switch ------------------------------------------------------------------------------

    def block_multicast(self, host: Host | None = None) -> None:
        """Carry no multicast to or from `host`, or none at all."""
        blocked = [host] if host else self.hosts
        self._faults.no_multicast.update(host.port for host in blocked)
        self._apply_faults()

    def partition(self, left: Iterable[Host], right: Iterable[Host]) -> None:
        """Carry nothing between two groups of hosts; both still reach the router."""
        self._faults.parted.append(({host.port for host in left}, {host.port for host in right}))
        self._apply_faults()

    def heal(self) -> None:
        """End all partitions, and carry multicast again; losses stay."""
        self._faults = Faults(losses=self._faults.losses)
        self._apply_faults()

    def snooping(self, *, querier: bool, membership_s: float = MEMBERSHIP_S) -> None:
        """Carry multicast only to who joined, and forget who has not repeated it for
        `membership_s`; a querier asks for that in time.

        Without one, Linux's bridge would flood, where real switches let groups die. So then it is
        made to believe in a querier, itself, that never asks. A test need not wait 260 s: all of
        the switch's timers shrink with `membership_s`, down to 2.5 s.
        """
        # In two steps: the kernel floods for one response interval, as it is then, after it began.
        self._set_switch(**snooping_timers(querier=querier, membership_s=membership_s))
        self._set_switch(mcast_snooping=1, mcast_querier=1)

    def flooding(self) -> None:
        """Carry multicast to every port, as a switch without snooping does (the initial state)."""
        self._set_switch(mcast_snooping=0, mcast_querier=0)

    # --- building --------------------------------------------------------------------------------

    def _build(self) -> None:
        self._router = self._make_space()
        self._router.run(["sh", "-ec", FORWARD])
        self._ip(
            self._router,
            f"link add br0 mtu {self._mtu} type bridge mcast_snooping 0",
            "link set br0 up",
            "addr add 10.77.0.254/24 dev br0",
            "addr add fd77::fe/64 dev br0 nodad",
        )
        for number in range(1, self._host_count + 1):
            self.hosts.append(self._make_host(number))
        if self._wan:
            self._origin = self._make_origin()

    def _make_space(self) -> Space:
        if self._router is None:
            space = Space(self._mark, enter=[], unshare=new_namespaces())
        else:
            # `unshare` without a user namespace: this one is root of the lab's already.
            unshare = [new_namespaces()[0], "--net", "--mount"]
            space = Space(self._mark, enter=self._router.enter(), unshare=unshare)
        self._spaces.append(space)
        return space

    def _make_host(self, number: int) -> Host:
        host = Host(
            f"h{number}", f"p{number}", f"10.77.0.{number}", f"fd77::{number:x}", self._make_space()
        )
        self._ip(self.router, self._cable(host), f"link set {host.port} master br0 up")
        if not self._offload:
            # TCP leaves its sender in bursts: it would fall to 50 MB/s, and what it loses comes
            # again anyway.
            host.run(["ethtool", "--offload", "eth0", "tx-udp-segmentation", "off"])
        if self._coalesce:
            # The kernel joins only what comes from a card that is known to cut (veth_xmit).
            self.router.run(["ethtool", "--offload", host.port, "tso", "off"])
            host.run(["ethtool", "--offload", "eth0", "gro", "on"])
        self._settle(host, gateway="10.77.0.254", gateway6="fd77::fe")
        return host

    def _make_origin(self) -> Host:
        origin = Host("origin", "wan", "10.78.0.2", "fd78::2", self._make_space())
        self._ip(
            self.router,
            self._cable(origin),
            "link set wan up",
            "addr add 10.78.0.1/24 dev wan",
            "addr add fd78::1/64 dev wan nodad",
        )
        if not self._offload:
            # Cut by the origin's card, joined by the router's: 800 MB/s, and each packet counts.
            origin.run(["ethtool", "--offload", "eth0", "tso", "off"])
            self.router.run(["ethtool", "--offload", "wan", "gro", "on"])
        self._settle(origin, gateway="10.78.0.1", gateway6="fd78::1")
        return origin

    def _cable(self, host: Host) -> str:
        ends = f"mtu {self._mtu}"
        return f"link add {host.port} {ends} type veth peer name eth0 {ends} netns {host.space.pid}"

    def _settle(self, host: Host, *, gateway: str, gateway6: str) -> None:
        self._ip(
            host.space,
            "link set eth0 up",
            f"addr add {host.address}/24 dev eth0",
            f"addr add {host.address6}/64 dev eth0 nodad",
            f"route add default via {gateway}",
            f"route add ::/0 via {gateway6}",
        )

    def _ip(self, space: Space, *commands: str) -> None:
        space.run(["ip", "-batch", "-"], text_in="\n".join(commands))

    def _shape(self, host: Host, bps: int) -> None:
        for space, device in ((host.space, "eth0"), (self.router, host.port)):
            space.run(["tc", "qdisc", "del", "dev", device, "root"], check=False)
            if bps:
                space.run(["tc", "qdisc", "add", "dev", device, "root", *shaper(bps)])

    def _set_switch(self, **options: int) -> None:
        words = [str(word) for option in options.items() for word in option]
        self.router.run(["ip", "link", "set", "br0", "type", "bridge", *words])

    def _apply_faults(self) -> None:
        self.router.run(["nft", "-f", "-"], text_in=switch_rules(self._faults))
