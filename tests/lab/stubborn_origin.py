"""An origin that is told how to be difficult, as a program of its own in the lab.

    python stubborn_origin.py DIRECTORY HOST PORT WORK

The file WORK/mood says how requests are met: `well` (or no file), `busy` or `crowded` (503 or 429
with Retry-After), `stall` (of a payload half of what was asked for, then silence). WORK/asked has
each on a line.
"""

from __future__ import annotations

import json
import re
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

RETRY_AFTER_S = 3
PUTS_OFF = {"busy": 503, "crowded": 429}
SPAN = re.compile(r"bytes=(\d+)-(\d*)")
SILENCE_S = 600.0


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    directory: Path
    work: Path

    def do_GET(self) -> None:
        """Answer as the mood says."""
        mood_file = self.work / "mood"
        mood = mood_file.read_text() if mood_file.exists() else "well"
        line = {"at": time.time(), "path": self.path, "client": self.client_address[0]}
        with (self.work / "asked").open("a") as asked:
            asked.write(json.dumps(line | {"mood": mood}) + "\n")
        if mood in PUTS_OFF:
            self._put_off(PUTS_OFF[mood])
        else:
            stalls = mood == "stall" and self.path.endswith(".payload")
            self._give(self.directory / self.path.lstrip("/"), stalls=stalls)

    def log_message(self, *_: object) -> None:
        """Nothing: WORK/asked has it."""

    def _put_off(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Retry-After", str(RETRY_AFTER_S))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _give(self, path: Path, *, stalls: bool) -> None:
        if not path.is_file():
            self.send_error(404)
            return
        data = path.read_bytes()
        span = SPAN.fullmatch(self.headers.get("Range", ""))
        first = int(span[1]) if span else 0
        stop = min(len(data), int(span[2]) + 1) if span and span[2] else len(data)
        self.send_response(206 if span else 200)
        if span:
            self.send_header("Content-Range", f"bytes {first}-{stop - 1}/{len(data)}")
        self.send_header("Content-Length", str(stop - first))
        self.end_headers()
        if stalls:
            self.wfile.write(data[first : (first + stop) // 2])
            self.wfile.flush()
            time.sleep(SILENCE_S)
        self.wfile.write(data[first:stop])


def main(directory: str, host: str, port: str, work: str) -> None:
    """Serve until somebody ends it."""
    Handler.directory, Handler.work = Path(directory), Path(work)
    with ThreadingHTTPServer((host, int(port)), Handler) as server:
        server.daemon_threads = True
        server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
