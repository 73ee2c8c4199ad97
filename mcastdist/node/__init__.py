"""One machine, complete, still without I/O: the rooms put together."""

from .commands import (
    Address,
    CancelRequest,
    CloseStream,
    Command,
    Complete,
    GetBlocks,
    GetManifest,
    OpenStream,
    Package,
    Rejoin,
    Send,
    Stream,
    TaskFailed,
    TaskId,
    TaskSpec,
)
from .config import NodeConfig
from .environment import Environment
from .node import Node
from .sources import peer_address
from .task import Task

__all__ = [
    "Address",
    "CancelRequest",
    "CloseStream",
    "Command",
    "Complete",
    "Environment",
    "GetBlocks",
    "GetManifest",
    "Node",
    "NodeConfig",
    "OpenStream",
    "Package",
    "Rejoin",
    "Send",
    "Stream",
    "Task",
    "TaskFailed",
    "TaskId",
    "TaskSpec",
    "peer_address",
]
