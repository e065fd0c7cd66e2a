"""Many things asked at once, with GitHub's GraphQL: the newest commits of branches, and our open requests.

https://docs.github.com/en/graphql
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dirac_forge.pullrequest.forge import BranchHead, OwnRequest
from dirac_forge.pullrequest.github.answers import NonsenseError
from dirac_forge.pullrequest.github.api import Api
from dirac_forge.pullrequest.refusals import ForgeRefusedError
from dirac_forge.values import dataclass

_AT_ONCE = 100
"""Repositories in a query: https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api"""
_A_PAGE = 50
_MOST_PAGES = 20
_REQUESTS = """
query { viewer { pullRequests(first: %d, %sstates: OPEN, orderBy: {field: CREATED_AT, direction: DESC}) {
  pageInfo { hasNextPage endCursor }
  nodes {
    number updatedAt headRefName headRefOid
    baseRepository { nameWithOwner }
    commits(last: 1) { nodes { commit { statusCheckRollup { state } } } }
  }
} } }
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class GitHubOverview:
    """Asks with few requests; a GitHub without GraphQL, or one that refuses it, gives no answer."""

    api: Api
    url: str
    """Of GraphQL."""

    def heads(self, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], BranchHead] | None:
        """Return the newest commits of branches of repositories (`owner/name` and branch, "" for the default one).

        Those that are not there are left out, or None if GraphQL can't be asked. Raises UnknownError.
        """
        found: dict[tuple[str, str], BranchHead] = {}
        try:
            for start in range(0, len(wanted), _AT_ONCE):
                some = wanted[start : start + _AT_ONCE]
                data = self.api.graphql(self.url, _heads_query(some), dict)
                found |= dict(_heads(some, data))
        except (ForgeRefusedError, NonsenseError):
            return None
        return found

    def requests(self) -> tuple[OwnRequest, ...] | None:
        """Return the open requests of the token's owner, or None if GraphQL can't be asked. Raises UnknownError."""
        found: list[OwnRequest] = []
        after = ""
        try:
            for _ in range(_MOST_PAGES):
                query = _REQUESTS % (_A_PAGE, f"after: {json.dumps(after)}, " if after else "")
                page = self.api.graphql(self.url, query, lambda data: data["viewer"]["pullRequests"])
                found += map(_request, filter(None, page["nodes"]))
                if not page["pageInfo"]["hasNextPage"]:
                    return tuple(found)
                after = str(page["pageInfo"]["endCursor"])
        except (ForgeRefusedError, NonsenseError, KeyError, TypeError, ValueError):
            return None
        return None


def _heads_query(wanted: Sequence[tuple[str, str]]) -> str:
    parts = []
    for number, (full_name, branch) in enumerate(wanted):
        owner, _, name = full_name.partition("/")
        place = f"owner: {json.dumps(owner)}, name: {json.dumps(name)}"
        ref = f"ref(qualifiedName: {json.dumps(f'refs/heads/{branch}')})" if branch else "defaultBranchRef"
        parts.append(f"r{number}: repository({place}) {{ isArchived head: {ref} {{ name target {{ oid }} }} }}")
    return f"query {{ {' '.join(parts)} }}"


def _heads(wanted: Sequence[tuple[str, str]], data: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], BranchHead]]:
    for number, key in enumerate(wanted):
        told = data.get(f"r{number}") or {}
        head = told.get("head") or {}
        commit = (head.get("target") or {}).get("oid")
        if isinstance(commit, str) and isinstance(head.get("name"), str):
            yield key, BranchHead(branch=head["name"], commit=commit)


def _request(node: Mapping[str, Any]) -> OwnRequest:
    commits = (node.get("commits") or {}).get("nodes") or []
    rollup = (commits[-1]["commit"] if commits else {}).get("statusCheckRollup") or {}
    return OwnRequest(
        repository=str(node["baseRepository"]["nameWithOwner"]),
        number=int(node["number"]),
        branch=str(node["headRefName"]),
        head_sha=str(node["headRefOid"]),
        state=f"{node['updatedAt']} {node['headRefOid']} {rollup.get('state') or ''}",
        red=rollup.get("state") in {"FAILURE", "ERROR"},
        pending=rollup.get("state") in {"PENDING", "EXPECTED"},
    )
