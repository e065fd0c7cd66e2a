"""`dirac-forge doctor`: what is installed and reachable, and what to do about the rest."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from http import HTTPStatus
from pathlib import Path
from urllib.request import url2pathname

from dirac_forge.build.isolation import detect
from dirac_forge.cache import why_unusable
from dirac_forge.channel.embedded import NAME as EMBEDDED
from dirac_forge.cli.context import Context
from dirac_forge.cli.findings import (
    Answer,
    Check,
    Program,
    as_json,
    as_text,
    build_finding,
    cache_finding,
    disk_finding,
    exit_code,
    git_finding,
    late_finding,
    ledger_finding,
    place_finding,
    python_finding,
    smithy_finding,
    token_finding,
    token_variable,
    unreadable_token_finding,
)
from dirac_forge.errors import ForgeError, InputError
from dirac_forge.files import unreadable
from dirac_forge.http import Http, NotFoundError
from dirac_forge.pullrequest.github.api import site_of
from dirac_forge.pullrequest.github.client import API_URL
from dirac_forge.pullrequest.ledger_file import ledger_path
from dirac_forge.pullrequest.tokens import place_outside
from dirac_forge.settings import Settings
from dirac_forge.untrusted import split_url

_LIMIT = 3.0
"""Seconds for all checks together."""
_LARGEST = 100_000
_PATIENCE = 2.5
"""Seconds for a program to say its version, and for a host to send something once it is connected."""
_COUNTING = 1.5
"""Seconds to count the files of the cache: a full one may have a hundred thousand."""
_ENGINE = ("py-rattler",)


def doctor(context: Context) -> int:
    """Check everything that dirac-forge uses, answer with the findings, and return the exit code."""
    findings = _look(context)
    context.answer(as_text(findings), as_json(findings))
    return exit_code(findings)


def _look(context: Context) -> list[Check]:
    """Check everything at the same time, for a limited time: what has not answered by then is unknown."""
    settings = context.settings
    with Http(cache=None, offline=settings.offline, timeout=_PATIENCE, trust=context.trust) as http:
        checks = _checks(context, settings, http)
        executor = ThreadPoolExecutor(len(checks))
        futures = {name: executor.submit(check) for name, check in checks.items()}
        wait(futures.values(), timeout=_LIMIT)
        executor.shutdown(wait=False, cancel_futures=True)
        places = _places(context)
        return [
            future.result() if future.done() else late_finding(name, limit=_LIMIT, place=places.get(name, ""))
            for name, future in futures.items()
        ]


def _places(context: Context) -> dict[str, str]:
    """Return the folders and files that checks look at, by the name of the check; the others ask a host."""
    settings = context.settings
    local = {f"channel {channel}": str(folder) for channel in settings.channels if (folder := _folder(channel))}
    return {
        **local,
        "python": sys.prefix,
        "build": sys.prefix,
        "git": shutil.which("git") or "",
        "conda-smithy": shutil.which("conda-smithy") or "",
        "bot": str(ledger_path(settings)),
        "cache": str(context.cache_folder),
        "disk": str(settings.workspace),
    }


def _folder(channel: str) -> Path | None:
    """Return the folder of a local channel."""
    folder = Path(url2pathname(split_url(channel).path) if channel.startswith("file://") else channel)
    return folder if folder.is_absolute() else None


def _checks(context: Context, settings: Settings, http: Http) -> dict[str, Callable[[], Check]]:
    channels = {
        f"channel {channel}": lambda channel=channel: place_finding(
            "channel", channel, _channel(http, channel, settings)
        )
        for channel in settings.channels
    }
    return {
        "python": lambda: python_finding(
            sys.version_info[:3], sys.executable, {name: _version(name) for name in _ENGINE}
        ),
        "build": lambda: build_finding(_version("py-rattler-build"), detect(), unisolated=settings.unisolated_builds),
        "git": lambda: git_finding(_program("git")),
        "conda-smithy": lambda: smithy_finding(_program("conda-smithy")),
        "github token": lambda: _token(context, http),
        "bot": lambda: _ledger(settings),
        **channels,
        "index": lambda: place_finding("index", settings.index_url, _index(http, settings.index_url, settings.offline)),
        "cache": lambda: _cache(context.cache_folder),
        "disk": lambda: disk_finding(
            settings.workspace,
            free=shutil.disk_usage(settings.workspace).free,
            writable=os.access(settings.workspace, os.W_OK),
        ),
    }


def _token(context: Context, http: Http) -> Check:
    if token_variable(context.environ):
        return token_finding(context.environ, _scopes(context, http))
    host = split_url(site_of(context.environ.get("GITHUB_API_URL", "").strip() or API_URL)).netloc
    try:
        return token_finding(context.environ, outside=place_outside(context.environ, host=host))
    except InputError as error:
        return unreadable_token_finding(error)


def _scopes(context: Context, http: Http) -> frozenset[str] | str | None:
    """Return the scopes of the token, why they are not known, or None for a token that has none."""
    variable = token_variable(context.environ)
    if not variable:
        return None
    url = f"{(context.environ.get('GITHUB_API_URL') or 'https://api.github.com').rstrip('/')}/user"
    try:
        answer = http.call(
            "GET", url, headers={"Authorization": f"Bearer {context.environ[variable].strip()}"}, limit=_LARGEST
        )
    except ForgeError as error:
        return error.message
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return "GitHub rejects it (401)"
    scopes = answer.headers.get("x-oauth-scopes")
    return None if scopes is None else frozenset(part.strip() for part in scopes.split(",") if part.strip())


def _ledger(settings: Settings) -> Check:
    """Read only: a look must not make one, nor move a broken one away."""
    path, last, problem = ledger_path(settings), "", ""
    if path.exists():
        try:
            with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=_PATIENCE)) as connection:
                found = connection.execute("SELECT start FROM runs ORDER BY rowid DESC LIMIT 1").fetchone()
            last = str(found[0])[:16].replace("T", " ") + " UTC" if found else ""
        except sqlite3.Error as error:
            problem = f"can't be read: {unreadable(error)}"
    return ledger_finding(path, settings.workspace / "outbox", last=last, problem=problem)


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _program(name: str) -> Program:
    path = shutil.which(name)
    if path is None:
        return Program(path=None)
    try:
        ran = subprocess.run(
            (path, "--version"),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_PATIENCE,
            stdin=subprocess.DEVNULL,
            check=True,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return Program(path=path)
    return Program(path=path, said=ran.stdout + ran.stderr)


def _index(http: Http, url: str, offline: bool) -> Answer:
    return "not asked: offline" if offline else _asked(http, url)


def _channel(http: Http, channel: str, settings: Settings) -> Answer:
    if channel == EMBEDDED:
        return None
    folder = _folder(channel)
    if folder is not None:
        if any((folder / "noarch" / f"repodata.json{ending}").is_file() for ending in ("", ".zst")):
            return None
        return NotFoundError(f"{channel} has no noarch/repodata.json")
    if settings.offline:
        return "not asked: offline"
    base = channel if "://" in channel else f"https://conda.anaconda.org/{channel}"
    answer = _asked(http, f"{base}/noarch/repodata.json.zst")
    return _asked(http, f"{base}/noarch/repodata.json") if isinstance(answer, NotFoundError) else answer


def _asked(http: Http, url: str) -> Answer:
    """Return how `url` answers to a question for its first byte."""
    try:
        http.part(url, start=0, length=1)
    except ForgeError as error:
        return error
    return None


def _cache(folder: Path) -> Check:
    files = size = 0
    ends = time.monotonic() + _COUNTING
    fault = why_unusable(folder)
    for inside, _, names in os.walk(folder):
        if time.monotonic() > ends:
            return cache_finding(folder, files=files, size=size, fault=fault, complete=False)
        for name in names:
            try:
                size += Path(inside, name).stat().st_size
            except OSError:  # another run has just replaced it
                continue
            files += 1
    return cache_finding(folder, files=files, size=size, fault=fault)
