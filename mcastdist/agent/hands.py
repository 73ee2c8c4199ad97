"""How are the node's commands carried out? One method each, looked up by the command's class.

Nothing here decides: sockets, fetcher and streams do the work, and what becomes of it is reported
to the driver, not returned.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from mcastdist.errors import McastdistError, StorageError
from mcastdist.node import (
    CancelRequest,
    CloseStream,
    Command,
    Complete,
    GetBlocks,
    GetManifest,
    OpenStream,
    Rejoin,
    Send,
    TaskFailed,
)

from . import logs
from .fetching import Fetcher
from .identity import Voice
from .runs import Runs
from .sockets import ControlTransport
from .streaming import StreamReports
from .streams import Streams

log = logs.get("agent")


class Listener(Protocol):
    """Who is told what became of tasks."""

    def changed(self, task: str) -> None: ...
    def complete(self, task: str) -> None: ...
    def failed(self, task: str, code: str, sentence: str) -> None: ...
    def storage_failed(self, task: str, error: StorageError) -> None: ...
    def broken(self, task: str, error: Exception) -> None: ...


class Hands:
    """What a node lacks. `transport` and `fetcher` are given before the first command."""

    transport: ControlTransport
    fetcher: Fetcher

    def __init__(
        self,
        *,
        voice: Voice,
        streams: Streams,
        runs: Runs,
        listener: Listener,
        reports: StreamReports,
    ) -> None:
        self._voice = voice
        self._streams = streams
        self._runs = runs
        self._listener = listener
        self._reports = reports
        self._do: dict[type, Callable[..., None]] = {
            Send: self._send,
            GetManifest: self._get_manifest,
            GetBlocks: self._get_blocks,
            CancelRequest: lambda command: self.fetcher.cancel(command.request),
            OpenStream: self._open_stream,
            CloseStream: lambda command: self._streams.close(command.stream),
            Rejoin: self._rejoin,
            Complete: lambda command: self._listener.complete(command.task),
            TaskFailed: lambda c: self._listener.failed(c.task, c.code, c.sentence),
        }

    def carry_out(self, command: Command) -> None:
        """Do what the node wants, or begin to."""
        self._do[type(command)](command)

    def _send(self, command: Send) -> None:
        data = self._voice.seal(command.message)
        if command.to is not None:
            self.transport.send_to(data, command.to)
        elif command.aside:
            self.transport.send_aside(data)
        else:
            self.transport.send_group(data)

    def _get_manifest(self, order: GetManifest) -> None:
        self.fetcher.get_manifest(order, self._runs[order.task].wanted())

    def _get_blocks(self, order: GetBlocks) -> None:
        package = self._runs[order.task].package
        assert package is not None, "blocks are asked for when the manifest is known"
        self.fetcher.get_blocks(order, package)

    def _open_stream(self, command: OpenStream) -> None:
        """A stream that cannot be opened is like one that does not arrive: peers take over."""
        stream = command.stream
        package = self._runs[stream.task].package
        assert package is not None, "a stream is opened when the manifest is known"
        try:
            self._streams.open(stream, package, self._reports)
        except (McastdistError, OSError) as error:
            log.warning("stream cannot be opened", why=str(error), content=stream.content)

    def _rejoin(self, command: Rejoin) -> None:
        self._streams.rejoin(command.stream)
        self.transport.rejoin()


def task_of(command: Command) -> str | None:
    """Whose task a command is for, if for one."""
    stream = getattr(command, "stream", None)
    task: str | None = getattr(stream or command, "task", None)
    return task
