"""Issues that the bot keeps on GitHub: found by their title among those that it opened."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

from dirac_forge.pullrequest.forge import Repo
from dirac_forge.pullrequest.github import shapes
from dirac_forge.pullrequest.github.api import Api, path_of
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class GitHubIssues:
    """The issues of one account."""

    api: Api
    login: Callable[[], str]
    """Returns whose they are."""

    def kept(self, repo: Repo, *, title: str, body: str) -> str:
        """Return the URL of our issue with this title, also where a person closed it; opened if there is none."""
        known = self._found(repo, title, state="all")
        return known.url if known is not None else self._opened(repo, title, body)

    def body(self, repo: Repo, title: str) -> str:
        """Return the body of our open issue of this title, or "" if there is none."""
        known = self._found(repo, title)
        return known.body if known is not None else ""

    def current(self, repo: Repo, *, title: str, body: str) -> str:
        """Give our open issue of this title another body, or open it; its URL."""
        known = self._found(repo, title)
        if known is None:
            return self._opened(repo, title, body)
        if not same_text(known.body, body):
            path = path_of("/repos/{repo}/issues/{number}", repo=repo.full_name, number=known.number)
            self.api.change("PATCH", path, {"body": body}, make=bool)
        return known.url

    def _opened(self, repo: Repo, title: str, body: str) -> str:
        path = path_of("/repos/{repo}/issues", repo=repo.full_name)

        def there() -> str | None:
            known = self._found(repo, title)
            return None if known is None else known.url

        make = partial(shapes.understood, f"{self.api.url}{path}", lambda content: str(content["html_url"]))
        return self.api.change("POST", path, {"title": title, "body": body}, happened=there, make=make)

    def _found(self, repo: Repo, title: str, *, state: Literal["open", "all"] = "open") -> shapes.Issue | None:
        path = path_of("/repos/{repo}/issues", repo=repo.full_name)
        for each in self.api.pages(path, {"state": state, "creator": self.login()}):
            found = shapes.understood(f"{self.api.url}{path}", shapes.issue, each)
            if found is not None and found.title == title:
                return found
        return None


def same_text(one: str, other: str) -> bool:
    """Return whether two bodies are the same but for line ends and space around them."""
    return one.replace("\r\n", "\n").strip() == other.replace("\r\n", "\n").strip()
