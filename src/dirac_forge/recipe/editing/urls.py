"""Other URLs that a release may have where the plain new one is not there: what upstreams are known to change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dirac_forge.recipe.editing.text_places import TextPlace, source_values

__all__ = ["Variation", "variations"]

_ENDINGS = (".tar.gz", ".tar.xz", ".tar.bz2", ".tgz", ".zip", ".tar.zst")
_PYPI = re.compile(r"https?://(?:pypi\.io|pypi\.org|pypi\.python\.org|files\.pythonhosted\.org)/packages/")
_HASHED = re.compile(r"/packages/[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{60}/")
_OLD_HOSTS = re.compile(r"https?://pypi\.(?:io|python\.org)/packages/")
_VERSION = r"\$?\{\{[^{}]*?ver[^{}]*\}\}|\d[\w.]*"


@dataclass(frozen=True, slots=True)
class Variation:
    """The recipe's text with one URL written in another way, and what is different."""

    text: str
    said: str


def variations(text: str, line: int, *, listed: str | None = None, version: str = "") -> Iterator[Variation]:
    """The text with the URL in `line` (from 1) written in other ways, the likeliest first.

    `listed` is where an index lists the file of `version`; then that is the only way.
    """
    place = next((place for place in source_values(text) if place.line == line and "://" in place.raw), None)
    if place is None:
        return
    seen = {place.raw}
    for raw, said in _named(place, listed, version) if listed else _ways(place.raw):
        if raw not in seen:
            seen.add(raw)
            yield Variation(text[: place.start] + raw + text[place.end :], said)


def _named(place: TextPlace, listed: str, version: str) -> Iterator[tuple[str, str]]:
    """The URL of the file that the index lists, the version written as before."""
    raw = place.raw
    quote = raw[-1] if raw[-1:] in "'\"" else ""
    folder, _, last = _last_part(raw.removesuffix(quote) if quote else raw)
    filename = listed.rpartition("/")[2]
    written = re.findall(rf"(?<=-)(?:{_VERSION})", last)
    stem, found, ending = filename.rpartition(version)
    version_written = written[-1] if written and "{{" in written[-1] else version
    spelled = f"{stem}{version_written}{ending}" if found else filename
    if _HASHED.search(raw):
        # Its folders are made from the file's content: they are others for each file.
        folder, said = quote[:1] + listed.rpartition("/")[0], f"its URL is {listed}"
    else:
        said = f"its file is called {filename}"
        # Where the recipe has a variable for the name, it goes on to be used; the caller sees whether it fits.
        for variable in dict.fromkeys(re.findall(r"\$?\{\{[^{}\[\]]*\}\}", folder) if found else ()):
            yield f"{folder}/{variable}-{version_written}{ending}{quote}", said
    yield f"{folder}/{spelled}{quote}", said


def _last_part(url: str) -> tuple[str, str, str]:
    """Folder and last part of a URL, a slash inside of an expression aside."""
    hidden = re.sub(r"\{\{.*?\}\}", lambda match: match[0].replace("/", "\0"), url)
    folder, slash, last = hidden.rpartition("/")
    return folder.replace("\0", "/"), slash, last.replace("\0", "/")


def _ways(raw: str) -> Iterator[tuple[str, str]]:
    for url, host in _hosts(raw):
        for name, called in [(url, ""), *_names(url)]:
            for spelled, ended in [(name, ""), *_ended(name)]:
                yield spelled, "; ".join(part for part in (host, called, ended) if part)


def _hosts(raw: str) -> Iterator[tuple[str, str]]:
    yield raw, ""
    if _OLD_HOSTS.search(raw):
        yield _OLD_HOSTS.sub("https://pypi.org/packages/", raw), "the host is pypi.org"


def _names(url: str) -> Iterator[tuple[str, str]]:
    if _PYPI.search(url):
        yield from ((other, "the sdist's name is normalised (PEP 625)") for other in _normalised(url))
    elif re.search(rf"/v?(?:{_VERSION})", url):
        yield from ((other, "the tag's prefix `v` changed") for other in _prefixed(url))


def _ended(url: str) -> Iterator[tuple[str, str]]:
    own = next((ending for ending in _ENDINGS if url.rstrip("'\"").endswith(ending)), None)
    for ending in _ENDINGS if own else ():
        if ending != own:
            head, _, tail = url.rpartition(own or "")
            yield f"{head}{ending}{tail}", f"the archive is {ending} now"


def _prefixed(url: str) -> Iterator[str]:
    """With and without `v` before the version, in each part of the path and in all of them."""
    for without in (re.sub(rf"(?<=/)v(?=(?:{_VERSION}))", "", url), re.sub(rf"(?<=/)(?=(?:{_VERSION}))", "v", url)):
        if without != url:
            yield without


def _normalised(url: str) -> Iterator[str]:
    """The file's name in lower case with `_`, as PEP 625 has it, and the other way round."""
    folder, _, last = _last_part(url)
    match = re.match(rf"(.+)-((?:{_VERSION}).*)$", last)
    project = _last_part(folder)[2]
    if match is None:
        return
    if "{{" in match[1] and "{{" not in project:
        names = [re.sub(r"[-_.]+", "_", project).lower(), project]
    elif "{{" in match[1]:
        inner = re.sub(r"\}\}$", "", match[1]).strip()
        opening = match[1][: match[1].index("{{") + 2]
        variable = inner[len(opening) :].split("|")[0].split(".")[0].strip()
        if match[1].count("{{") > 1 or not re.fullmatch(r"[A-Za-z_]\w*", variable):
            return
        names = [f"{opening} {variable} | replace('-', '_') }}}}", f"{opening} {variable} }}}}"]
    else:
        names = [re.sub(r"[-_.]+", "_", match[1]).lower(), match[1].replace("_", "-")]
    for name in names:
        yield f"{folder}/{name}-{match[2]}"
