"""What the index itself has of a release (`/pypi/NAME/VERSION/json`), for fields that none of its files has.

Its requirements can be those of another file or version: they only say what to ask for early.
https://docs.pypi.org/api/json/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from packaging.utils import canonicalize_name

from dirac_forge.errors import redact
from dirac_forge.http import Http, NotFoundError, UnreachableError
from dirac_forge.untrusted import parse_json
from dirac_forge.upstream.files.facts import CoreMetadata
from dirac_forge.upstream.files.requirements import RequirementList
from dirac_forge.upstream.problems import Problem

_LIMIT = 16 * 1024 * 1024
_LONG = 5000


def foreseen(http: Http, index_url: str, project: str) -> RequirementList:
    """Return what the newest release of `project` seems to require, before its page and its metadata are here.

    A guess, for requests alone: none where the index has no such description. Raises as `http` does.
    """
    if not index_url.endswith("/simple/"):
        return RequirementList()
    url = f"{index_url.removesuffix('/simple/')}/pypi/{canonicalize_name(project)}/json"
    try:
        tree = parse_json(http.page(url, accept="application/json", limit=_LIMIT).body)
    except (ValueError, RecursionError):
        return RequirementList()
    info = tree.get("info") if isinstance(tree, Mapping) else None
    lines = info.get("requires_dist") if isinstance(info, Mapping) else None
    return RequirementList(tuple(line for line in lines if isinstance(line, str)) if isinstance(lines, list) else ())


def describe(http: Http, index_url: str, metadata: CoreMetadata) -> tuple[CoreMetadata, tuple[Problem, ...]]:
    """Return `metadata` with the descriptive fields that it lacks, and a problem that names those that were filled in.

    `index_url` is the root of the Simple API (`…/simple/`); an index that has none adds nothing, and neither does one
    that fails, which is a problem.
    """
    root = index_url.rstrip("/").removesuffix("/simple")
    url = f"{root}/pypi/{metadata.name}/{metadata.version}/json"
    try:
        tree = parse_json(http.page(url, accept="application/json", limit=_LIMIT).body)
    except NotFoundError:
        return metadata, ()
    except (UnreachableError, ValueError, RecursionError):
        tree = None
    info = tree.get("info") if isinstance(tree, Mapping) else None
    if not isinstance(info, Mapping):
        return metadata, (Problem(kind="description-unread", about=redact(url)),)
    filled = metadata
    added = []
    for name, value in _described(info).items():
        if value and not getattr(filled, name):
            filled = replace(filled, **{name: value})  # type: ignore[arg-type]
            added.append(name)
    return filled, (Problem(kind="from-description", about=redact(url), names=tuple(added)),) if added else ()


def _described(info: Mapping[str, object]) -> dict[str, object]:
    urls, classifiers = info.get("project_urls"), info.get("classifiers")
    return {
        "summary": _text(info.get("summary")),
        "home_page": _text(info.get("home_page")),
        "project_urls": {str(k): v for k, v in urls.items() if isinstance(v, str)} if isinstance(urls, Mapping) else {},
        "license": _text(info.get("license")),
        "license_expression": _text(info.get("license_expression")),
        "classifiers": tuple(item for item in classifiers if isinstance(item, str))
        if isinstance(classifiers, list)
        else (),
    }


def _text(value: object) -> str | None:
    text = value.strip() if isinstance(value, str) else ""
    return text if text and text.upper() != "UNKNOWN" and len(text) <= _LONG else None
