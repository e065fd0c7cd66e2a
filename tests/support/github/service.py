"""The local GitHub: who may ask, what goes wrong, and the answers over HTTP, of its API and of git."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from support.github.cgi import http_backend
from support.github.description import description
from support.github.routes import Call, Refusal, route
from support.github.site import Site
from support.github.state import (
    Fault,
    Limit,
    Request,
    Token,
)
from support.server import Answer, Asked, Server

__all__ = ["GitHub"]

Json = dict[str, Any]
API = "/api/v3"
_GIT = re.compile(r"/([^/]+/[^/]+?)(?:\.git)?/(info/refs|git-upload-pack|git-receive-pack)")


class GitHub(Site):
    """`with GitHub(folder) as github: … github.api_url …`; bare repositories are `folder/<owner>/<name>.git`.

    People and repositories are made by `user`, `organization`, `app` and `repository`; what people do on the site are
    methods too (`merge`, `close`, `rename`, …). Attributes may be changed while it runs: `latency` (seconds before each
    answer), `limit` (all requests), `writes` (the secondary limit), `faults`, `fork_polls` (how often a new fork is
    asked for before it is there), `largest_page`, `clock`. `requests` holds all calls of the API, `git_requests` those
    of git. Where GitHub's description of its API is at hand, everything is checked against it at the end.
    """

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.time, latency: float = 0.0) -> None:
        super().__init__(folder, clock=clock)
        self.limit = Limit(most=5000, window=3600)
        self.writes: Limit | None = None
        self.retry_after = True
        """Whether a refusal for the secondary limit says when to come back."""
        self.faults: list[Fault] = []
        self.requests: list[Request] = []
        self.requests_ever: list[Request] = []
        """Also those that were forgotten."""
        self.git_requests: list[str] = []
        self.authorizations: list[str] = []
        """The header of each of git's requests."""
        self._server = Server(self._answer, latency=latency)
        self._server.clock = self._now
        self.url = self._server.url
        self.api_url = f"{self.url}{API}"

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.__exit__(kind, error, trace)
        known = description()
        if known is not None and error is None:
            wrong = known.violations(self.requests_ever)
            assert not wrong, "GitHub's own description says otherwise:\n" + "\n".join(wrong)

    @property
    def latency(self) -> float:
        """Seconds before each answer."""
        return self._server.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self._server.latency = seconds

    def _now(self) -> float:
        return self.clock()

    def _answer(self, asked: Asked) -> Answer:
        parts = urlsplit(asked.path)
        rest = parts.path.removeprefix("/api") if parts.path == "/api/graphql" else parts.path.removeprefix(API)
        with self._lock:
            struck = [each for each in self.faults if each.strikes(asked.method, rest)]
        act = self._api if parts.path.startswith("/api/") else self._git
        if not struck:
            return act(asked, rest)
        fault = struck[0]
        if fault.act:
            act(asked, rest)
        elif act == self._api:
            self._note(asked, rest, fault.status, None)
        if fault.hang:
            time.sleep(fault.hang)
        if fault.status == 0:
            return Answer(status=0)
        headers = {"Content-Type": "application/json", **fault.headers}
        return Answer(status=fault.status, headers=headers, body=fault.body.encode())

    def _api(self, asked: Asked, path: str) -> Answer:
        with self._lock:
            headers = self._limits()
            try:
                status, answer, more = self._do(asked, path, headers)
            except Refusal as refusal:
                status, answer, more = refusal.status, refusal.body, dict(refusal.headers)
            self._note(asked, path, status, answer)
        body = b"" if answer is None else json.dumps(answer).encode()
        return Answer(
            status=status, headers={"Content-Type": "application/json; charset=utf-8", **headers, **more}, body=body
        )

    def _limits(self) -> dict[str, str]:
        self.limit.take(self.clock())
        left = max(0, self.limit.most - self.limit.spent)
        return {
            "X-RateLimit-Limit": str(self.limit.most),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Used": str(self.limit.spent),
            "X-RateLimit-Reset": str(int(self.limit.reset) + (self.limit.reset % 1 > 0)),
            "X-RateLimit-Resource": "core",
        }

    def _do(self, asked: Asked, path: str, headers: Mapping[str, str]) -> tuple[int, object, dict[str, str]]:
        token, jwt = self._who(asked.headers.get("authorization", ""))
        if self.limit.spent > self.limit.most:
            raise Refusal(403, f"API rate limit exceeded for user ID {self.users[token.login].id if token else 0}.")
        if asked.method != "GET" and self.writes is not None and not self.writes.take(self.clock()):
            wait = {"Retry-After": str(max(1, int(self.writes.reset - self.clock() + 0.999)))}
            said = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
            raise Refusal(403, said, headers=wait if self.retry_after else {})
        place = self._moved(path)
        if place is not None:
            status = 301 if asked.method == "GET" else 307
            moved = {"message": "Moved Permanently", "url": place, "documentation_url": "https://docs.github.com/rest"}
            return status, moved, {"Location": place}
        try:
            body = json.loads(asked.body) if asked.body else {}
        except ValueError:
            raise Refusal(400, "Problems parsing JSON") from None
        query = dict(parse_qsl(urlsplit(asked.path).query, keep_blank_values=True))
        call = Call(github=self, query=query, body=body, token=token, jwt=jwt)
        answer = route(call, asked.method, self._canonical(path))
        return call.status, answer, call.headers

    def _who(self, said: str) -> tuple[Token | None, str]:
        kind, _, value = said.partition(" ")
        if not said:
            return None, ""
        if value.count(".") == 2:
            return None, self._signed(value)
        found = self.tokens.get(value) if kind.lower() in ("bearer", "token") else None
        if found is None or (found.expires is not None and found.expires <= self.clock()):
            raise Refusal(401, "Bad credentials")
        return found, ""

    def _signed(self, value: str) -> str:
        import jwt  # noqa: PLC0415  # only tests of apps need it

        try:
            issuer = str(jwt.decode(value, options={"verify_signature": False})["iss"])
            known = self.apps[issuer]
            told = jwt.decode(
                value, known.public_key, algorithms=["RS256"], options={"verify_exp": False, "verify_iat": False}
            )
        except (jwt.InvalidTokenError, KeyError):
            raise Refusal(401, "A JSON web token could not be decoded") from None
        now = self.clock()
        if not (told["iat"] <= now < told["exp"] <= now + 600):
            raise Refusal(401, "'Expiration time' claim ('exp') is too far in the future")
        return issuer

    def _moved(self, path: str) -> str | None:
        match = re.fullmatch(r"/repos/([^/]+/[^/]+)(/.*)?", path)
        if match is None or self.find(match[1]) is not None:
            return None
        number = self.old_names.get(match[1].lower())
        return None if number is None else f"{self.api_url}/repositories/{number}{match[2] or ''}"

    def _canonical(self, path: str) -> str:
        match = re.fullmatch(r"/repositories/(\d+)(/.*)?", path)
        repo = None if match is None else self.by_id(int(match[1]))
        return path if match is None or repo is None else f"/repos/{repo.full_name}{match[2] or ''}"

    def _note(self, asked: Asked, path: str, status: int, answer: object) -> None:
        body: object = None
        with contextlib.suppress(ValueError):
            body = json.loads(asked.body) if asked.body else None
        request = Request(
            method=asked.method,
            path=self._canonical(path),
            query=dict(parse_qsl(urlsplit(asked.path).query, keep_blank_values=True)),
            headers=asked.headers,
            body=body,
            status=status,
            answer=answer,
        )
        self.requests.append(request)
        self.requests_ever.append(request)

    def lines(self) -> list[str]:
        """Method and path of each call so far."""
        return [each.line for each in list(self.requests)]

    def forget(self) -> None:
        """Empty the logs."""
        self.requests.clear()
        self.git_requests.clear()

    def _git(self, asked: Asked, path: str) -> Answer:
        parts = urlsplit(asked.path)
        match = _GIT.fullmatch(unquote(parts.path))
        if match is None:
            return Answer(status=404, body=b"Not Found\n")
        query = dict(parse_qsl(parts.query))
        self.git_requests.append(f"{asked.method} {asked.path}")
        self.authorizations.append(asked.headers.get("authorization", ""))
        pushes = "git-receive-pack" in (match[2], query.get("service"))
        with self._lock:
            repo = self.find(match[1])
            if repo is None:
                number = self.old_names.get(match[1].lower())
                moved = None if number is None else self.by_id(number)
                if moved is not None:
                    place = f"{self.url}/{moved.full_name}.git/{match[2]}"
                    return Answer(status=301, headers={"Location": f"{place}?{parts.query}" if parts.query else place})
            if repo is not None and repo.elsewhere:
                return Answer(status=302, headers={"Location": f"{repo.elsewhere}/{match[2]}?{parts.query}"})
            try:
                token = self._basic(asked.headers.get("authorization", ""))
            except Refusal:
                token = None
                refused = True
            else:
                refused = False
            hidden = repo is None or repo.private or pushes
            if refused or (token is None and hidden):
                return Answer(status=401, headers={"WWW-Authenticate": 'Basic realm="GitHub"'}, body=b"Who are you?\n")
            if repo is not None and not pushes:
                self.publish(repo)
            right = self.right(token, repo) if token and repo else "read"
            if repo is None or right == "none" or repo.polls_left:
                return Answer(status=404, body=b"Repository not found.\n")
            if pushes and right not in ("write", "admin"):
                who = token.login if token else ""
                said = f"remote: Permission to {repo.full_name}.git denied to {who}.\n"
                return Answer(status=403, headers={"Content-Type": "text/plain"}, body=said.encode())
            if pushes and repo.archived:
                said = "remote: This repository was archived so it is read-only.\n"
                return Answer(status=403, headers={"Content-Type": "text/plain"}, body=said.encode())
        inside = f"/{repo.full_name}.git/{match[2]}"
        return http_backend(self.folder, inside, asked, user=token.login if token else "")

    def _basic(self, said: str) -> Token | None:
        if not said:
            return None
        kind, _, value = said.partition(" ")
        if kind.lower() != "basic":
            raise Refusal(401, "Bad credentials")
        _, _, password = base64.b64decode(value).decode().partition(":")
        return self._who(f"bearer {password}")[0]
