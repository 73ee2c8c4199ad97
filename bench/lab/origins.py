"""Where does the package come from, and how often was it asked for? Origins that count.

`NginxOrigin` is any static web server, as a packager has one; `OwnOrigin` is `mcastdist origin`.
Both serve a directory from a host of the lab, and say how many bytes of each file they sent.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .host import Host
from .packages import MCASTDIST, REPOSITORY
from .requirements import find_tool

PORT = 8080
READY_S_MAX = 15.0  # a Python server on a busy machine takes seconds to start
POLL_S = 0.02
END_S_MAX = 10.0
TCP_LISTEN = "0A"  # proc(5), /proc/net/tcp

# One process and no change of user: in a user namespace there is only one user.
NGINX_CONF = """
daemon off;
user root;
master_process off;
pid {work}/nginx.pid;
error_log {work}/error.log;
events {{ worker_connections 4096; }}
http {{
  default_type application/octet-stream;
  log_format lab escape=json
    '{{"path":"$uri","status":$status,"sent":$body_bytes_sent,"client":"$remote_addr",'
    '"range":"$http_range"}}';
  access_log {work}/access.log lab;
  client_body_temp_path {work}/body;
  proxy_temp_path {work}/proxy;
  fastcgi_temp_path {work}/fastcgi;
  uwsgi_temp_path {work}/uwsgi;
  scgi_temp_path {work}/scgi;
  sendfile on;
  tcp_nopush on;
  server {{
    listen {address}:{port};
    listen [{address6}]:{port};
    root {directory};
  }}
}}
"""

GET = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1], timeout=10).read().decode())"


@dataclass(frozen=True, slots=True)
class Served:
    """One request as the origin's log has it. `sent`: bytes of body, also if it was cut short."""

    path: str
    status: int
    sent: int
    client: str
    range: str


class _Origin:
    """A web server on a host of the lab, from `with` to the end of `with`."""

    def __init__(self, host: Host, directory: Path, work: Path) -> None:
        """Serve `directory` from `host`; configuration and logs go to `work`."""
        self.host = host
        self.directory = directory
        self.work = work
        self.url = f"http://{host.address}:{PORT}/"
        self._process: subprocess.Popen[str] | None = None

    def _command(self) -> list[str]:
        raise AssertionError("an origin says how it is started")

    def url_of(self, name: str) -> str:
        """The URL of one file of the directory."""
        return self.url + name

    def __enter__(self) -> Self:
        self.work.mkdir(parents=True, exist_ok=True)
        with (self.work / "origin.log").open("w") as log:
            self._process = self.host.popen(
                self._command(), cwd=REPOSITORY, stdout=log, stderr=subprocess.STDOUT
            )
        try:
            _await_listening(self._process, PORT)
        except OSError as error:
            self.stop()
            said = (self.work / "origin.log").read_text()
            raise OSError(f"{type(self).__name__} {error}: {said.strip()}") from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the server in good order; the counts in the log stay."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(END_S_MAX)
            self._process = None


class NginxOrigin(_Origin):
    """nginx, unprivileged, with a log of every request."""

    def _command(self) -> list[str]:
        conf = self.work / "nginx.conf"
        conf.write_text(
            NGINX_CONF.format(
                work=self.work,
                directory=self.directory,
                address=self.host.address,
                address6=self.host.address6,
                port=PORT,
            )
        )
        nginx = find_tool("nginx")
        if nginx is None:
            raise OSError("nginx is not installed (Debian: nginx-light)")
        return [nginx, "-e", "stderr", "-p", str(self.work), "-c", str(conf)]

    def served(self) -> list[Served]:
        """Every request that has ended, in order."""
        log = self.work / "access.log"
        lines = log.read_text().splitlines() if log.exists() else []
        return [Served(**json.loads(line)) for line in lines]

    def bytes_served(self, name: str) -> int:
        """How many bytes of the file `name` went out, all requests together."""
        sent: Counter[str] = Counter()
        for request in self.served():
            sent[request.path] += request.sent
        return sent["/" + name]


class OwnOrigin(_Origin):
    """`mcastdist origin`, on the host's IPv4 address or, with `ipv6`, on its other one."""

    def __init__(self, host: Host, directory: Path, work: Path, *, ipv6: bool = False) -> None:
        super().__init__(host, directory, work)
        self._address = f"[{host.address6}]" if ipv6 else host.address
        self.url = f"http://{self._address}:{PORT}/"

    def _command(self) -> list[str]:
        listen = f"{self._address}:{PORT}"
        return [*MCASTDIST, "origin", str(self.directory), "--listen", listen]

    def stats(self) -> dict[str, Any]:
        """What it says of itself at `/-/stats`; only while it runs."""
        told = self.host.run([sys.executable, "-c", GET, self.url + "-/stats"])
        stats: dict[str, Any] = json.loads(told.stdout)
        return stats

    def bytes_served(self, name: str) -> int:
        """How many bytes of the file `name` went out; only while it runs."""
        path: dict[str, int] = self.stats()["paths"].get("/" + name, {})
        return path.get("bytes", 0)


def _await_listening(process: subprocess.Popen[str], port: int) -> None:
    give_up_at = time.monotonic() + READY_S_MAX
    while not _listens(process.pid, port):
        if process.poll() is not None:
            raise OSError(f"ended with {process.returncode}")
        if time.monotonic() > give_up_at:
            raise OSError(f"did not listen on port {port} within {READY_S_MAX:.0f} s")
        time.sleep(POLL_S)


def _listens(pid: int, port: int) -> bool:
    """True if the process itself listens on a TCP port, in whatever namespace it is in."""
    try:
        tables = [Path(f"/proc/{pid}/net/{name}").read_text() for name in ("tcp", "tcp6")]
        sockets = {os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir()}
    except OSError:  # it has ended, or closed something while we looked
        return False
    rows = (line.split() for table in tables for line in table.splitlines()[1:])
    return any(
        row[1].endswith(f":{port:04X}") and row[3] == TCP_LISTEN and f"socket:[{row[9]}]" in sockets
        for row in rows
    )
