"""Poetry's own way to write requirements (`^1.2`, `~1.2`, `1.*`), as PEP 508.

https://python-poetry.org/docs/dependency-specification/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from dirac_forge.upstream.files.requirements import with_marker

_PART = re.compile(r"\s*(\^|~=|~|===|==|!=|<=|>=|<|>|=)?\s*v?([\w.*+!-]+)\s*")


def urls(entries: Mapping[str, object]) -> Mapping[str, str]:
    """Return project URLs under the labels that poetry gives them."""
    own = entries.get("urls")
    labelled = (
        {str(label): url for label, url in own.items() if isinstance(url, str)} if isinstance(own, Mapping) else {}
    )
    for key in ("repository", "documentation"):
        if isinstance(url := entries.get(key), str) and url:
            labelled.setdefault(key.capitalize(), url)
    return labelled


def requirements(entries: Mapping[str, object]) -> tuple[tuple[str, ...], str | None, tuple[str, ...]]:
    """Return requirements with their extras' markers, Requires-Python, and the extras, of a [tool.poetry] table."""
    declared = _mapping(entries.get("dependencies"))
    extras = {str(extra): _names(names) for extra, names in _mapping(entries.get("extras")).items()}
    lines: list[str] = []
    for name, value in declared.items():
        if name != "python":
            wanted_by = [extra for extra, names in extras.items() if name.lower() in names]
            lines += _lines(str(name), value if isinstance(value, list) else [value], wanted_by)
    return tuple(lines), constraint(_text(declared, "python")) or None, tuple(extras)


def _lines(name: str, items: Iterable[object], extras: Sequence[str]) -> Iterator[str]:
    """Yield the requirements on one project, with the markers of the extras that want it."""
    for item in items:
        requirement, optional = _requirement(name, item)
        if optional or extras:
            yield from (with_marker(requirement, "", extra) for extra in extras)
        else:
            yield requirement


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _names(value: object) -> set[str]:
    items: Iterable[object] = value if isinstance(value, list) else ()
    return {re.split(r"[\s\[(<>=!~;]", item.strip())[0].lower() for item in items if isinstance(item, str)}


def _requirement(name: str, value: object) -> tuple[str, bool]:
    """Return one requirement and whether it is optional; one with a source is that of a URL, as poetry writes it."""
    if isinstance(value, str):
        return f"{name}{constraint(value)}", False
    details = _mapping(value)
    named = details.get("extras")
    extras = ",".join(item for item in (named if isinstance(named, list) else ()) if isinstance(item, str))
    text = f"{name}[{extras}]" if extras else name
    source = _source(details)
    text += f" @ {source}" if source else constraint(_text(details, "version"))
    joined = " and ".join(f"({marker})" if " or " in marker else marker for marker in _markers(details))
    return with_marker(text, joined), details.get("optional") is True


def _source(details: Mapping[str, object]) -> str:
    """Return the URL of a requirement that is not on an index, "" for any other."""
    if git := _text(details, "git"):
        revision = next((text for key in ("rev", "tag", "branch") if (text := _text(details, key))), "")
        return f"git+{git}@{revision}" if revision else f"git+{git}"
    if path := _text(details, "path") or _text(details, "file"):
        return f"file:{path}"
    return _text(details, "url")


def _markers(details: Mapping[str, object]) -> Iterator[str]:
    if own := _text(details, "markers"):
        yield own
    yield from (f"python_version {_spaced(part)}" for part in constraint(_text(details, "python")).split(",") if part)
    if platform := _text(details, "platform"):
        yield f'sys_platform == "{platform}"'


def _text(details: Mapping[str, object], key: str) -> str:
    value = details.get(key)
    return value if isinstance(value, str) else ""


def _spaced(part: str) -> str:
    match = re.fullmatch(r"([<>=!~]+)(.*)", part)
    return f'{match[1]} "{match[2]}"' if match else f'== "{part}"'


def constraint(text: str) -> str:
    """Return a version constraint as PEP 440 specifiers, "" for any version; alternatives (`||`) keep their lower
    bound.
    """
    text = text.strip()
    if "|" in text or text in ("", "*"):
        return _outer([constraint(part) for part in re.split(r"\|\|?", text)]) if "|" in text else ""
    parts: list[str] = []
    for match in _PART.finditer(text):
        parts += _one(match[1] or "", match[2])
    return ",".join(parts)


def _outer(alternatives: list[str]) -> str:
    lower = [part for item in alternatives for part in item.split(",") if part.startswith((">", "=="))]
    return lower[0].replace("==", ">=").removesuffix(".*") if lower and len(lower) >= len(alternatives) else ""


def _one(operator: str, version: str) -> list[str]:
    if version == "*":
        return []
    if operator == "^":
        return [f">={version}", f"<{_caret(version)}"]
    if operator == "~":
        release = _release(version)
        top = [release[0] + 1] if len(release) == 1 else [release[0], release[1] + 1]
        return [f">={version}", f"<{'.'.join(map(str, top))}"]
    return [f"{'==' if operator in ('', '=') else operator}{version}"]


def _caret(version: str) -> str:
    """Return the next version that may break: the first part that is not zero, raised."""
    release = _release(version)
    index = next((i for i, part in enumerate(release) if part), len(release) - 1)
    return ".".join(map(str, [*release[:index], release[index] + 1]))


def _release(version: str) -> list[int]:
    match = re.match(r"\d{1,9}(?:\.\d{1,9})*", version)
    return [int(part) for part in match[0].split(".")] if match else [0]
