"""How long a command takes beside the downloads that it needs, from an index that answers as pypi.org did.

A loopback index answers with what pypi.org answered when it was asked first (kept in a folder beside the cache), each
request late by the latency. Printed are: the time of the command with an empty cache, that of the same requests sent
by as many connections without thinking, their ratio, the time with a warm cache, and the peak memory.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import multiprocessing
import os
import queue
import re
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import requests
from figures import figure

__all__ = ["Run", "compare", "environment_of", "options_of"]

UPSTREAM = "https://pypi.org/simple/"
ACCEPT = "application/vnd.pypi.simple.v1+json"
Asked = list[tuple[str, str]]
Run = Callable[[str, Path, int], float]
"""From the index's URL, the cache's folder and the number of connections to the seconds that one run took."""


class Replay(BaseHTTPRequestHandler):
    """Answers from the folder; what is not there is fetched from upstream once."""

    protocol_version = "HTTP/1.1"
    folder: Path
    latency: float
    log: multiprocessing.Queue[tuple[str, str]]
    lock = threading.Lock()
    fetching: ClassVar[dict[Path, threading.Lock]] = {}
    session = requests.Session()

    def do_GET(self) -> None:
        span = self.headers.get("Range", "")
        self.log.put((self.path, span))
        time.sleep(self.latency)
        kind, body = self.answer()
        status = 200
        if body is None:
            status, body = 404, b""
        elif match := re.fullmatch(r"bytes=(\d*)-(\d*)", span):
            total = len(body)
            first = int(match[1]) if match[1] else max(0, total - int(match[2]))
            last = min(int(match[2]), total - 1) if match[1] and match[2] else total - 1
            status, body = 206, body[first : last + 1]
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if status == 206:
            self.send_header("Content-Range", f"bytes {first}-{last}/{total}")
        self.end_headers()
        self.wfile.write(body)

    def answer(self) -> tuple[str, bytes | None]:
        project = re.fullmatch(r"/simple/([\w.-]+)/", self.path)
        if project:
            url = f"{UPSTREAM}{project[1]}/"
        elif self.path.startswith("/pypi/"):
            url = f"{UPSTREAM.removesuffix('/simple/')}{self.path}"
        else:
            url = f"https://{self.path.removeprefix('/files/')}"
        kept = self.folder / hashlib.sha256(url.encode()).hexdigest()
        with self.lock:
            mine = self.fetching.setdefault(kept, threading.Lock())
        with mine:
            if not kept.exists():
                self.fetch(url, kept)
        body = kept.read_bytes()
        if body == b"404":
            return "text/plain", None
        if not project:
            return "application/octet-stream", body
        base = f"http://{self.headers['Host']}/files/"
        return ACCEPT, body.replace(b"https://", base.encode())

    def fetch(self, url: str, kept: Path) -> None:
        """Keep what upstream answers; an answer that is neither a page nor a plain no is not kept."""
        reply = self.session.get(url, headers={"Accept": ACCEPT}, timeout=60)
        if not reply.ok and reply.status_code not in {403, 404, 410}:
            reply.raise_for_status()
        part = kept.with_suffix(".part")
        part.write_bytes(reply.content if reply.ok else b"404")
        part.replace(kept)

    def log_message(self, *_: object) -> None:
        """Quiet."""


def serve(
    folder: Path, latency: float, log: multiprocessing.Queue[tuple[str, str]], port: multiprocessing.Queue[int]
) -> None:
    Replay.folder, Replay.latency, Replay.log = folder, latency, log
    server = ThreadingHTTPServer(("127.0.0.1", 0), Replay)
    server.daemon_threads = True
    port.put(server.server_port)
    server.serve_forever()


def floor(asked: Asked, port: int, connections: int) -> float:
    """Seconds that the same requests take with the same number of connections, kept open, and nothing else to do."""
    todo: queue.Queue[tuple[str, str]] = queue.Queue()
    for one in asked:
        todo.put(one)

    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        while True:
            try:
                path, span = todo.get_nowait()
            except queue.Empty:
                return
            connection.request("GET", path, headers={"Accept": ACCEPT, **({"Range": span} if span else {})})
            connection.getresponse().read()

    threads = [threading.Thread(target=work) for _ in range(connections)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - start


def drained(log: multiprocessing.Queue[tuple[str, str]]) -> Asked:
    found = []
    time.sleep(0.3)
    while not log.empty():
        found.append(log.get())
    return found


def options_of(description: str | None) -> argparse.ArgumentParser:
    """The options that all such benchmarks have."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latency", type=float, default=0.14, help="seconds before each answer")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir(), "dirac-forge-replay"))
    return parser


def environment_of(cache: Path, connections: int) -> dict[str, str]:
    """The variables of one run. As of an installed program, its bytecode is kept: the first run of all writes it."""
    own = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**own, "DIRAC_FORGE_CACHE": str(cache), "DIRAC_FORGE_CONNECTIONS": str(connections)}


def processor_seconds() -> float:
    """Seconds of CPU of the runs until now: a busy machine makes runs longer, and this hardly."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def tell(text: str) -> None:
    """Say what is done now, on stderr: a run may take minutes."""
    print(text, file=sys.stderr, flush=True)


def compare(
    run: Run,
    *,
    name: str,
    most: float,
    folder: Path,
    latency: float,
    connections: int,
    most_warm: float | None = None,
) -> None:
    """Run it, and its downloads alone, and print how they compare; `most_warm` is in seconds, with a full cache."""
    folder.mkdir(parents=True, exist_ok=True)
    log: multiprocessing.Queue[tuple[str, str]] = multiprocessing.Queue()
    ports: multiprocessing.Queue[int] = multiprocessing.Queue()
    server = multiprocessing.Process(target=serve, args=(folder, latency, log, ports), daemon=True)
    server.start()
    port = ports.get()
    index = f"http://127.0.0.1:{port}/simple/"
    with tempfile.TemporaryDirectory() as scratch:
        tell(f"{name}: filling {folder} with the answers of {UPSTREAM}")
        seconds = run(index, Path(scratch, "filling"), connections)
        spent = processor_seconds()
        tell(f"filled by {len(drained(log))} requests in {seconds:.0f} s; now with an empty cache")
        cold = run(index, Path(scratch, "cache"), connections)
        spent = processor_seconds() - spent
        asked = drained(log)
        tell(f"cold {cold:.1f} s; now with the full cache")
        warm = min(run(index, Path(scratch, "cache"), connections) for _ in range(3))
        again = drained(log)
        tell(f"warm {warm:.1f} s; now the {len(asked)} requests alone")
    least = min(floor(asked, port, connections) for _ in range(2))
    server.terminate()
    print(f"{len(asked)} requests, {connections} connections, {latency * 1000:.0f} ms each")
    print(f"cold {cold:.2f} s ({spent:.2f} s of CPU), the downloads alone {least:.2f} s")
    figure(f"{name}, cold, {connections} at once", cold / least, most)
    print(f"warm {warm:.2f} s ({len(again)} requests)")
    if most_warm is not None:
        figure(f"{name}, warm", warm, most_warm, unit="s")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MiB")
