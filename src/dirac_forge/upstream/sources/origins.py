"""Where a source of a recipe comes from: host, project and tag."""

from __future__ import annotations

from urllib.parse import quote, unquote

from dirac_forge.untrusted import split_url
from dirac_forge.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceUrl:
    """An http or https URL, taken apart."""

    text: str
    scheme: str
    host: str
    """In lower case, without port."""
    netloc: str
    path: str
    """Unquoted."""

    @classmethod
    def parse(cls, text: str) -> SourceUrl | None:
        """Take `text` apart; None if it is not a sound http or https URL."""
        parts = split_url(text)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            return None
        return cls(
            text=text,
            scheme=parts.scheme,
            host=parts.hostname.lower(),
            netloc=parts.netloc,
            path=unquote(parts.path),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where one source of a recipe comes from."""

    kind: str
    """The source of releases that recognised it: `pypi`, `github`…"""
    name: str
    """As messages name it: a project, `github.com/owner/name`, or a host."""
    url: str
    """Of the file at the recipe's version; of the repository for a source that is checked out."""
    repository: str = ""
    """Where git finds it, over https; "" if there is none."""
    tag: str = ""
    """The recipe's version's; "" if the URL does not have it."""
    commit: str = ""
    """What is checked out where the recipe names a commit."""
    asset: bool = False
    """Whether the file was attached to a release: a tag alone does not have it."""
    release_path: str = ""
    """Below the repository's page, where people read about a release; `{tag}` is replaced."""
    compare_path: str = ""
    """Below the repository's page, where people see what changed; `{old}` and `{new}` are replaced."""

    @property
    def page(self) -> str:
        """The repository for people; "" if there is none."""
        return self.repository.removesuffix(".git")

    def release_page(self, tag: str) -> str:
        """Return where people read about the release of a tag; "" if that is not known."""
        return f"{self.page}{self.release_path.replace('{tag}', quote(tag))}" if self.release_path else ""

    def compare_page(self, old: str, new: str) -> str:
        """Return where people see what changed between two tags; "" if that is not known."""
        if not (old and new and self.compare_path):
            return ""
        return f"{self.page}{self.compare_path.replace('{old}', quote(old)).replace('{new}', quote(new))}"
