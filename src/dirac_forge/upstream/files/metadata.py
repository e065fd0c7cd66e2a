"""Core metadata from METADATA and PKG-INFO; a lie or a slip there is a problem to report, not a crash."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import takewhile

from packaging.metadata import parse_email
from packaging.utils import canonicalize_name
from packaging.version import Version

from dirac_forge.errors import InputError
from dirac_forge.untrusted import parse_specifiers, parse_version
from dirac_forge.upstream.files.facts import CoreMetadata
from dirac_forge.upstream.files.requirements import RequirementList, shortened
from dirac_forge.upstream.problems import Problem, ProblemKind
from dirac_forge.values import dataclass

METADATA_LIMIT = 16 * 1024 * 1024
"""Bytes of a METADATA or PKG-INFO file; the long description may hold pictures."""

_HEADER_LIMIT = 1024 * 1024
"""Bytes of the fields above the long description."""

_SINGLE = {
    "metadata-version": "metadata_version",
    "name": "name",
    "version": "version",
    "summary": "summary",
    "home-page": "home_page",
    "license": "license",
    "license-expression": "license_expression",
    "requires-python": "requires_python",
}
_MANY = {
    "license-file": "license_files",
    "classifier": "classifiers",
    "requires-dist": "requires_dist",
    "requires-external": "requires_external",
    "provides-extra": "provides_extra",
    "import-name": "import_names",
    "dynamic": "dynamic",
    "project-url": "project_urls",
}
_KNOWN = _SINGLE.keys() | _MANY.keys()
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What was read from one place, and what is wrong with it."""

    metadata: CoreMetadata
    problems: tuple[Problem, ...] = ()


def read_email(data: bytes, *, where: str, sdist: bool = False) -> Reading:
    """Return the metadata in `data`, a METADATA or PKG-INFO file; `where` names it in problems.

    In an sdist's PKG-INFO before metadata 2.2, requirements, extras and Requires-Python need not be those of the wheel
    that is built from it (PEP 643): where they are missing they come back as dynamic, not as none.

    Raises InputError for data that can't be parsed, or has no name or no version.
    """
    header, problems = _header(data[:METADATA_LIMIT], where)
    try:
        raw, unread = parse_email(header)
    except (ValueError, LookupError, AssertionError, RecursionError) as exc:
        raise InputError(f"it can't be read ({exc})") from exc
    known: dict[str, str | list[str] | dict[str, str]] = dict(raw)  # type: ignore[arg-type]
    problems += _recover(known, unread, where)
    name, version = _text(known.get("name")), _text(known.get("version"))
    if name is None or version is None:
        missing = " and ".join(key for key, value in (("Name", name), ("Version", version)) if value is None)
        raise InputError(f"it has no {missing}")
    parsed = _parsed(version)
    metadata = CoreMetadata(
        name=name,
        version=parsed,
        summary=_first_line(_text(known.get("summary"))),
        home_page=_text(known.get("home_page")),
        project_urls=_urls(known.get("project_urls")),
        license=_unfold(_text(known.get("license"))),
        license_expression=_text(known.get("license_expression")),
        license_files=_texts(known.get("license_files")),
        classifiers=_texts(known.get("classifiers")),
        requires_dist=RequirementList(_texts(known.get("requires_dist"))),
        requires_external=_texts(known.get("requires_external")),
        requires_python=_text(known.get("requires_python")),
        provides_extra=_texts(known.get("provides_extra")),
        import_names=_texts(known.get("import_names")),
        dynamic=_dynamic(known, sdist=sdist),
    )
    sound = checked(metadata, where)
    return Reading(metadata=sound.metadata, problems=(*problems, *sound.problems))


def _header(data: bytes, where: str) -> tuple[bytes, list[Problem]]:
    """Return the known fields alone: what follows (a description of megabytes, invented fields) is never parsed."""
    kept: list[bytes] = []
    field = ""
    odd = size = 0
    for line in _lines(data):
        size += len(line)
        if size > _HEADER_LIMIT:
            limit = f"{_HEADER_LIMIT // 1024} kB"
            return b"\n".join(kept), [Problem(kind="fields-cut", about=where, what=limit)]
        if line[:1] not in _FOLDED:
            match = _FIELD.match(line)
            if match is None and field == "description":
                break
            field = match[1].lower().decode("ascii") if match is not None else ""
            odd += match is None
        if field in _KNOWN:
            # White space alone goes on with the field: an empty line of a licence text, for example.
            kept.append(line if line.strip() else b"       |")
    return b"\n".join(kept), [Problem(kind="not-fields", about=where, count=odd)] if odd else []


_FOLDED = (b" ", b"\t")
"""How a line begins that goes on with the field of the line before."""


def _lines(data: bytes) -> Iterator[bytes]:
    """Yield the lines before the first empty one."""
    return takewhile(bool, (line.rstrip(b"\r\n") for line in io.BytesIO(data)))


def _recover(
    known: dict[str, str | list[str] | dict[str, str]], unread: Mapping[str, list[str]], where: str
) -> list[Problem]:
    """Return fields that `packaging` sets aside: given twice, or not UTF-8 (then read as Latin-1)."""
    problems = []
    for field, values in sorted(unread.items()):
        if field in _MANY:
            known[_MANY[field]] = values
            if field != "project-url":
                problems.append(Problem(kind="not-utf8", about=where, what=field))
        elif field in _SINGLE and values:
            known[_SINGLE[field]] = values[0]
            kind: ProblemKind = "given-twice" if len(values) > 1 else "not-utf8"
            problems.append(Problem(kind=kind, about=where, what=field, count=len(values)))
    return problems


def _text(value: object) -> str | None:
    """Return a field's text; setuptools and distutils wrote UNKNOWN for fields that were not given."""
    text = value.strip() if isinstance(value, str) else ""
    return text if text and text.upper() != "UNKNOWN" else None


def _first_line(text: str | None) -> str | None:
    """Return the summary as one line, as the standard has it; lines that some tools folded are joined."""
    return " ".join(_unfold(text).split()) if text else None  # type: ignore[union-attr]


def _unfold(text: str | None) -> str | None:
    """Return a folded field without the eight spaces, or spaces and bar, that its lines were indented with."""
    if text is None or "\n" not in text:
        return text
    return "\n".join(re.sub(r"^(?: {7}\|| {8}|\t)", "", line).rstrip() for line in text.splitlines()).strip() or None


def _texts(value: object) -> tuple[str, ...]:
    values = value if isinstance(value, list) else ()
    return tuple(dict.fromkeys(text for item in values if (text := _text(item)) is not None))


def _urls(value: object) -> Mapping[str, str]:
    if isinstance(value, dict):
        return {label.strip(): url.strip() for label, url in value.items() if url.strip()}
    urls: dict[str, str] = {}
    for item in value if isinstance(value, list) else ():
        label, _, url = item.partition(",")
        if url.strip():
            urls.setdefault(label.strip(), url.strip())
    return urls


def _dynamic(known: Mapping[str, object], *, sdist: bool) -> tuple[str, ...]:
    # A wheel is built: what was dynamic in its source is final in its METADATA (PEP 643).
    fields = {field.lower() for field in _texts(known.get("dynamic"))} if sdist else set()
    if sdist and _older(str(known.get("metadata_version") or "1.0"), "2.2"):
        fields |= {
            field for field in ("requires-dist", "requires-python", "provides-extra") if not known.get(_raw(field))
        }
    return tuple(sorted(fields))


def _raw(field: str) -> str:
    return field.replace("-", "_")


def _older(version: str, than: str) -> bool:
    parsed = parse_version(version)
    return parsed is None or parsed < Version(than)


def checked(metadata: CoreMetadata, where: str) -> Reading:
    """Return `metadata` with what is not as PEP 508 and 440 say; leaves out a monstrous Requires-Python."""
    requires = metadata.requires_dist
    problems = [Problem(kind="requirement", about=where, what=problem) for problem in requires.problems]
    problems += [
        Problem(kind="not-pep508", about=where, what=shortened(requirement.line))
        for requirement in requires
        if not requirement.standard
    ]
    python = metadata.requires_python
    if python is not None and parse_specifiers(python) is None:
        problems.append(Problem(kind="requires-python", about=where, what=shortened(python)))
        python = python if len(python) <= _LONG else None
    return Reading(metadata=replace(metadata, requires_python=python), problems=tuple(problems))


_LONG = 1000
"""Characters of a Requires-Python."""


def version_of(text: str | None, default: Version) -> Version:
    """Return the version that a file declares, `default` where it declares none; raises InputError for a broken one."""
    return default if text is None else _parsed(text)


def _parsed(version: str) -> Version:
    parsed = parse_version(version)
    if parsed is None:
        raise InputError(f"its version {shortened(version)} can't be read")
    return parsed


def check_own(metadata: CoreMetadata, *, name: str, version: Version) -> None:
    """Raise InputError if `metadata` can't be that of release `version` of project `name`."""
    if canonicalize_name(metadata.name) != canonicalize_name(name):
        raise InputError(f"it says that its project is {shortened(metadata.name)}, not {name}")
    own = metadata.version
    if own != version and own.public != version.public:
        raise InputError(f"it says that its version is {own}, not {version}")
