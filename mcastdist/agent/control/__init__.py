"""How is a running agent asked, and who may ask? The control API, both ends of it.

`serve` puts a `Controller` (`mcastdist.agent.api`) behind HTTP on loopback and a Unix socket;
`ControlClient` is the same `Controller` for a command in another process.
"""

from .client import ControlClient
from .openapi import openapi
from .problems import Problem, error_of, problem_of
from .server import ControlServer, serve

__all__ = [
    "ControlClient",
    "ControlServer",
    "Problem",
    "error_of",
    "openapi",
    "problem_of",
    "serve",
]
