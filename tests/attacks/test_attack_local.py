"""What can another user of the endpoint see or change? An agent as a process, seen from beside.

And what may lie where a package is delivered: links, pipes and devices that somebody put there.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from agent_kit import KEY, PATIENCE_S, Site, noise, open_site, publish, until
from test_agent_run import connected, daemon

from mcastdist.agent.api import TaskRequest
from mcastdist.agent.control import ControlClient
from mcastdist.agent.settings import Settings
from mcastdist.errors import UnavailableError

PUBLISHED = publish({"bin/tool": noise("tool", 1 << 20), "readme": b"read me"})
NOBODY = 65_534
SECRET = KEY.text().strip().rpartition(":")[2]
OTHERS = stat.S_IROTH | stat.S_IWOTH | stat.S_IXOTH

# As somebody who may do nothing. The path is ours, for our Python may lie where he may not go.
AS_NOBODY = [
    "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--no-new-privs",
    "--bounding-set=-all",
]  # fmt: skip
ENVIRON = {"PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(filter(None, sys.path))}


def _python_of_nobody() -> str | None:
    """A Python with all that the agent needs, which an ordinary user may run."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        return None
    for python in (sys.executable, "/usr/bin/python3"):
        tried = subprocess.run(
            [*AS_NOBODY, python, "-c", "import mcastdist.cli, mcastdist.agent"],
            capture_output=True, cwd="/", env=ENVIRON, check=False,
        )  # fmt: skip
        if tried.returncode == 0:
            return python
    return None


PYTHON = _python_of_nobody()
needs_nobody = pytest.mark.skipif(
    PYTHON is None, reason="needs root, setpriv, and a Python that others may run"
)

pytestmark = pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc")


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(tmp_path) as site:
        yield site


async def test_no_secret_is_in_log_trace_ps_or_files_that_others_may_read(site: Site) -> None:
    url = site.publish(PUBLISHED)
    home = site.folder / "agent1"
    settings = site.settings(
        log__level="debug", log__format="json", trace__file=home / "trace.jsonl",
        control__listen="127.0.0.1:0", control__token_file=home / "token",
    )  # fmt: skip
    (site.folder / "cluster.key").chmod(0o600)
    async with daemon(settings) as process:
        await until((home / "token").exists)
        async with await _client(settings) as client:
            record = await client.start(TaskRequest(url=url, dest=str(site.folder / "out")))
            async with asyncio.timeout(PATIENCE_S):
                async for now in client.watch(record.id):
                    record = now
        token = (home / "token").read_text().strip()
        told = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        told += Path(f"/proc/{process.pid}/environ").read_bytes()
        open_to_others = _open_to_others(home)
        process.terminate()
        _, said = await asyncio.wait_for(process.communicate(), PATIENCE_S)

    assert record.state == "delivered"
    written = said + (home / "trace.jsonl").read_bytes()
    raw = base64.b64decode(SECRET)
    for secret in (SECRET.encode(), raw, raw.hex().encode(), token.encode()):
        assert secret not in told
        assert secret not in written
    assert open_to_others == ["trace.jsonl"]  # which holds no secret, as was just seen
    assert not (home / "token").exists()


async def _client(settings: Settings) -> contextlib.AbstractAsyncContextManager[ControlClient]:
    """A socket is there a moment before somebody answers at it."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                async with await connected(settings):
                    return await connected(settings)
            except UnavailableError:
                await asyncio.sleep(0.02)


def _open_to_others(home: Path) -> list[str]:
    """What another user could reach: a way leads there, and its own mode lets him in."""
    found = []
    for folder, folders, files in os.walk(home):
        folders[:] = [name for name in folders if _mode(Path(folder) / name) & OTHERS]
        for name in files:
            path = Path(folder) / name
            if _mode(path) & OTHERS:
                found.append(str(path.relative_to(home)))
    return found


def _mode(path: Path) -> int:
    return path.lstat().st_mode


@needs_nobody
async def test_another_user_gets_in_at_no_door_and_reads_no_token(site: Site) -> None:
    """The way to the socket is opened to all first: its own mode must do."""
    home = site.folder / "agent1"
    settings = site.settings(control__listen="127.0.0.1:0", control__token_file=home / "token")
    for folder in (home, *home.parents):
        if folder.stat().st_uid == os.geteuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | stat.S_IXOTH)
    attempt = (
        "import socket, sys\n"
        "for path in sys.argv[2:]:\n"
        "    try: open(path).read(); sys.exit('read ' + path)\n"
        "    except PermissionError: pass\n"
        "door = socket.socket(socket.AF_UNIX)\n"
        "try: door.connect(sys.argv[1]); sys.exit('connected')\n"
        "except PermissionError: print('refused')\n"
    )
    async with daemon(settings):
        await until((home / "token").exists)
        await until((home / "s").exists)
        outcome = await asyncio.to_thread(
            subprocess.run,
            [*AS_NOBODY, str(PYTHON), "-c", attempt, str(home / "s"), str(home / "token")],
            capture_output=True, text=True, check=False, cwd="/", env=ENVIRON,
        )  # fmt: skip

    assert (outcome.stdout.strip(), outcome.stderr) == ("refused", "")


async def test_a_web_page_on_the_machine_gets_no_answer_worth_having(site: Site) -> None:
    """As browsers ask: with its origin, by a name rebound to us, without a token, with a form."""
    home = site.folder / "agent1"
    settings = site.settings(control__listen="127.0.0.1:0", control__token_file=home / "token")
    async with daemon(settings) as process, aiohttp.ClientSession() as page:
        await until((home / "token").exists)
        url = f"http://127.0.0.1:{_port_of(process.pid)}"
        token = {"Authorization": f"Bearer {(home / 'token').read_text().strip()}"}
        assert await _status(page, url, {}) == 401
        assert await _status(page, url, token) == 200
        assert await _status(page, url, token | {"Origin": "http://evil.example"}) == 403
        assert await _status(page, url, token | {"Host": "evil.example"}) == 403
        form = {"Content-Type": "text/plain"} | token
        async with page.post(f"{url}/v1/tasks", headers=form, data=b'{"url":"x"}') as answer:
            assert answer.status == 415
            assert "Access-Control-Allow-Origin" not in answer.headers
        async with page.options(f"{url}/v1/tasks", headers={"Origin": "http://x.example"}) as asked:
            assert asked.status == 403


async def _status(page: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> int:
    async with page.get(f"{url}/v1/status", headers=headers) as answer:
        return answer.status


def _port_of(pid: int) -> int:
    """The TCP port on 127.0.0.1 that the process listens on (peers are on 127.77.x.y)."""
    inodes = {
        os.readlink(entry).removeprefix("socket:[").removesuffix("]")
        for entry in Path(f"/proc/{pid}/fd").iterdir()
        if os.readlink(entry).startswith("socket:")
    }
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    (port,) = [
        int(row[1].partition(":")[2], 16)
        for row in rows
        if row[3] == "0A" and row[9] in inodes and row[1].startswith("0100007F")
    ]
    return port


# --- at the destination --------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
async def test_a_pipe_or_a_device_in_a_files_place_is_replaced_and_never_opened(site: Site) -> None:
    out = site.folder / "out"
    (out / "bin").mkdir(parents=True)
    os.mkfifo(out / "bin" / "tool")
    (out / "readme").symlink_to("/dev/full")
    url = site.publish(PUBLISHED)
    async with site.agent() as agent:
        record = await agent.start(TaskRequest(url=url, dest=str(out)))
        async with asyncio.timeout(PATIENCE_S):
            async for now in agent.watch(record.id):
                record = now

    assert record.state == "delivered"
    assert stat.S_ISREG((out / "bin" / "tool").lstat().st_mode)
    assert (out / "readme").read_bytes() == b"read me"
    assert not (out / "readme").is_symlink()


# --- as it is installed --------------------------------------------------------------------------


@needs_nobody
def test_the_agent_runs_as_a_user_without_any_right(tmp_path: Path) -> None:
    """No capability, no new privileges, no group: it opens its sockets and says it is ready."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "cluster.key").write_text(KEY.text())
    for path in (home, home / "cluster.key"):
        os.chown(path, NOBODY, NOBODY)
    for folder in tmp_path.parents:
        if folder.stat().st_uid == 0 and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | stat.S_IXOTH)
    tmp_path.chmod(0o755)
    given = {
        "cluster.id": "unprivileged", "cluster.key_file": home / "cluster.key",
        "multicast.loopback": "true", "multicast.interfaces": '["lo"]',
        "node.address": "127.0.0.1", "multicast.port": 0x7FF0,
        "cache.dir": home / "cache", "cache.free_bytes_min": 0, "node.state_dir": home / "state",
        "control.listen": "", "control.socket": home / "s", "log.level": "info",
    }  # fmt: skip
    process = subprocess.Popen(
        [*AS_NOBODY, str(PYTHON), "-m", "mcastdist", "agent",
         *(f"--set={name}={value}" for name, value in given.items())],
        stderr=subprocess.PIPE, text=True, cwd=home, env=ENVIRON | {"HOME": str(home)},
    )  # fmt: skip
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if "ready" in line:
            break
    process.terminate()
    said.append(process.communicate(timeout=PATIENCE_S)[1])
    assert any("ready" in line for line in said), "".join(said)
    assert process.returncode == 0
