"""Git over smart HTTP: the request handed to `git http-backend`, and its answer back."""

from __future__ import annotations

import os
import subprocess
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from support.github.bare import ENVIRONMENT
from support.server import Answer, Asked

__all__ = ["http_backend"]


@cache
def _program() -> str:
    folder = Path(
        subprocess.run(
            ("git", "--exec-path"), capture_output=True, check=True, text=True, encoding="utf-8"
        ).stdout.strip()
    )
    return str(folder / ("git-http-backend.exe" if os.name == "nt" else "git-http-backend"))


def http_backend(root: Path, path: str, asked: Asked, *, user: str) -> Answer:
    """What git answers; who is named may push (RFC 3875)."""
    headers = asked.headers
    environment = {
        **ENVIRONMENT,
        "GIT_PROJECT_ROOT": str(root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": path,
        "QUERY_STRING": urlsplit(asked.path).query,
        "REQUEST_METHOD": asked.method,
        "CONTENT_TYPE": headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(asked.body)),
        "HTTP_CONTENT_ENCODING": headers.get("content-encoding", ""),
        "GIT_PROTOCOL": headers.get("git-protocol", ""),
    }
    if user:
        environment["REMOTE_USER"] = user
    done = subprocess.run((_program(),), input=asked.body, capture_output=True, env=environment, check=False)
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    told = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
    status = int(told.pop("Status", "200" if done.returncode == 0 else "500").split()[0])
    return Answer(status=status, headers=told, body=body)
