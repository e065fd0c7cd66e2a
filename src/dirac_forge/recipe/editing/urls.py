"""Other URLs that a release may have where the plain new one is not there: what upstreams are known to change."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dirac_forge.recipe.editing.text_places import TextPlace, assignments, closure, source_values
from dirac_forge.upstream.sources.years import YEAR, YEAR_FOLDER, later_years
from dirac_forge.values import dataclass

_ENDINGS = (".tar.gz", ".tar.xz", ".tar.bz2", ".tgz", ".zip", ".tar.zst")
_PYPI = re.compile(r"https?://(?:pypi\.io|pypi\.org|pypi\.python\.org|files\.pythonhosted\.org)/packages/")
_HASHED = re.compile(r"/packages/[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{60}/")
_OLD_HOSTS = re.compile(r"https?://pypi\.(?:io|python\.org)/packages/")
_WRITTEN = re.compile(r"\$?\{\{[^{}]*?ver[^{}]*\}\}")
_ASSET = re.compile(r"(https?://github\.com/[^/]+/[^/]+)/releases/download/([^/]+)/.+?(['\"]?)$")
_ARCHIVE = re.compile(r"\.(?:whl|zip|tgz|tar\.\w+)$")
_KIND = re.compile(r"(?<=/packages/)(?:source|(?:py|cp|pp)\d[\w.]*)(?=/\w/)")
"""What pypi.org's redirector has in a file's folder: `source` or the wheel's tag of Python, which it compares."""
_WHEEL_PYTHON = re.compile(r"-([^-]+)-[^-]+-[^-]+\.whl$")
_VERSION = r"\$?\{\{[^{}]*?ver[^{}]*\}\}|\d[\w.]*"


@dataclass(frozen=True, slots=True)
class Variation:
    """The recipe's text with one URL written in another way, and what is different."""

    text: str
    said: str
    """Empty if this host has another URL for each file: nobody has to look at it."""


def variations(
    text: str, line: int, *, listed: str | None = None, version: str = "", v1: bool = False
) -> Iterator[Variation]:
    """Yield the text with the URL in `line` (from 1) written in other ways, the likeliest first.

    `listed` is where an index lists the file of `version`; then that is the only way. `v1`: the text is a recipe.yaml.
    """
    places = [place for place in source_values(text, v1=v1) if place.line == line]
    place = next((place for place in places if "://" in place.raw), None)
    if place is None:
        yield from _in_variables(text, [place for place in places if place.name == "url"], v1=v1)
        return
    yield from _other_years(text, place, v1=v1) if not listed else ()
    seen = {place.raw}
    for raw, said in _named(place, listed, version) if listed else _ways(place.raw):
        if raw not in seen:
            seen.add(raw)
            before, after = (
                _following(part, place.raw, raw, version) for part in (text[: place.start], text[place.end :])
            )
            yield Variation(f"{before}{raw}{after}", said)
    if not listed and not place.raw.strip("'\"").endswith(_ENDINGS):
        yield from _in_variables(text, [place], v1=v1)


def _in_variables(text: str, places: Sequence[TextPlace], *, v1: bool) -> Iterator[Variation]:
    """Yield the text with another archive's ending in the variables that a URL is made from."""
    assigned = assignments(text, v1=v1)
    reached = closure((name for place in places for name in place.names), assigned)
    for one in (one for one in assigned if one.name in reached):
        for raw, said in _ended(one.raw):
            yield Variation(f"{text[: one.start]}{raw}{text[one.end :]}", said)


def _following(text: str, old: str, new: str, version: str) -> str:
    """Return the rest of a recipe, in which scripts, tests and mirrors name the file as its URL does now.

    `old` and `new` are the URL as written; a place may have the version where the URL has a variable for it.
    """
    was, now = (_last_part(raw.strip("'\""))[2] for raw in (old, new))
    if was == now or not _ARCHIVE.search(was):
        return text
    spelled = re.escape(version) if version else "(?!)"
    parts = re.split(rf"({_WRITTEN.pattern})", was)
    inner = [re.escape(part.strip("${} ")) for part in parts[1::2]]
    parts[::2] = map(re.escape, parts[::2])
    parts[1::2] = [rf"(?:\$?\{{\{{\s*{each}\s*\}}\}}|{spelled})" for each in inner]
    file = "".join(parts)

    def renamed(match: re.Match[str]) -> str:
        return now if _WRITTEN.search(match[0]) else _WRITTEN.sub(lambda _: version, now)

    lines = text.split("\n")
    pattern = re.compile(rf"(?<![\w.-]){file}(?![\w-])")
    return "\n".join(line if line.lstrip().startswith("#") else pattern.sub(renamed, line) for line in lines)


def _other_years(text: str, place: TextPlace, *, v1: bool) -> Iterator[Variation]:
    """Yield the text with a later year in the URL, or in a variable that the URL is made from."""
    assigned = assignments(text, v1=v1)
    reached = closure(place.names, assigned)
    years = [(one.start, one.raw) for one in assigned if one.name in reached and YEAR.fullmatch(one.raw.strip("'\""))]
    years += [(place.start + match.start(), match[0]) for match in YEAR_FOLDER.finditer(place.raw)]
    for start, raw in years[:1]:
        year = raw.strip("'\"")
        for later in later_years(year):
            changed = text[:start] + raw.replace(year, later) + text[start + len(raw) :]
            yield Variation(changed, f"it is in the folder of {later}")


def _named(place: TextPlace, listed: str, version: str) -> Iterator[tuple[str, str]]:
    """Yield the URL of the file that the index lists, with the recipe's own variables where they fit.

    The caller sees which of them do.
    """
    quote = place.raw[-1] if place.raw[-1:] in "'\"" else ""
    raw = place.raw.removesuffix(quote)
    folder, _, last = _last_part(raw)
    filename = listed.rpartition("/")[2]
    if kind := "source" if filename.endswith(_ENDINGS) else "".join(_WHEEL_PYTHON.findall(filename)):
        folder = _KIND.sub(kind, folder)
    stem, found, ending = filename.rpartition(version)
    written = _WRITTEN.findall(last)
    spelled = written[-1] if written else version
    if _HASHED.search(raw):
        # Its folders are made from the file's content: they are others for each file.
        folder = quote[:1] + listed.rpartition("/")[0]
        said = ""
    else:
        said = f"the release spells its file like this; the recipe had {last}"
    for name in _names_of(raw, quote) if found else ():
        yield f"{folder}/{name}-{spelled}{ending}{quote}", said
    yield f"{folder}/{stem}{spelled}{ending}{quote}" if found else f"{folder}/{filename}{quote}", said


def _names_of(raw: str, quote: str) -> Iterator[str]:
    """Yield a URL's expressions that are not the version, as written and with what normalises a project's name."""
    mark = '"' if quote != '"' else "'"
    dash, underscore = f"{mark}-{mark}", f"{mark}_{mark}"
    filters = ("", f" | replace({dash}, {underscore})", f" | replace({underscore}, {dash})")
    for expression in dict.fromkeys(re.findall(r"\$?\{\{[^{}\[\]]*\}\}", raw)):
        if not _WRITTEN.fullmatch(expression):
            yield expression
            opening, inner = expression.split("{{", maxsplit=1)
            variable = re.match(r"\s*(\w+)", inner)
            for changed in (f"{one}{lower}" for one in filters for lower in ("", " | lower") if one or lower):
                if variable is not None:
                    yield f"{opening}{{{{ {variable[1]}{changed} }}}}"


def _last_part(url: str) -> tuple[str, str, str]:
    """Return folder and last part of a URL, a slash inside of an expression aside."""
    hidden = re.sub(r"\{\{.*?\}\}", lambda match: match[0].replace("/", "\0"), url)
    folder, slash, last = hidden.rpartition("/")
    return folder.replace("\0", "/"), slash, last.replace("\0", "/")


def _ways(raw: str) -> Iterator[tuple[str, str]]:
    for url, host in _hosts(raw):
        for name, called in [(url, ""), *_names(url)]:
            for spelled, ended in [(name, ""), *_ended(name)]:
                yield spelled, "; ".join(part for part in (host, called, ended) if part)
    for name, said in _file_names(raw):
        yield name, said
    if match := _ASSET.fullmatch(raw.removeprefix('"').removeprefix("'")):
        quote = raw[:1] if raw[:1] in "'\"" else ""
        said = "the release has no such file: it is the archive of its tag now"
        yield f"{quote}{match[1]}/archive/{match[2]}.tar.gz{match[3]}", said


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
    bare = url.strip("'\"")
    own = next((ending for ending in _ENDINGS if bare.endswith(ending) or f".{bare}" == ending), None)
    written = own if own and bare.endswith(own) else bare
    for ending in _ENDINGS if own else ():
        if ending != own:
            head, _, tail = url.rpartition(written)
            yield f"{head}{ending if written == own else ending[1:]}{tail}", f"the archive is {ending} now"


def _prefixed(url: str) -> Iterator[str]:
    """Yield the path with and without `v` before the version, in each part of it and in all."""
    for without in (re.sub(rf"(?<=/)v(?=(?:{_VERSION}))", "", url), re.sub(rf"(?<=/)(?=(?:{_VERSION}))", "v", url)):
        if without != url:
            yield without


def _file_names(url: str) -> Iterator[tuple[str, str]]:
    """Yield the file under other spellings of its name: lower case, `_` for `-`, with and without `v`."""
    folder, _, last = _last_part(url)
    match = re.match(rf"(.+)-(v?)((?:{_VERSION}).*)$", last)
    if match is None or "://" not in folder or _PYPI.search(url):
        return
    yield f"{folder}/{match[1]}-{'' if match[2] else 'v'}{match[3]}", "the prefix `v` of the file's version changed"
    for name in _spellings(match[1], _underscores(url)):
        if name != match[1]:
            yield f"{folder}/{name}-{match[2]}{match[3]}", "the file's name is spelled differently"


def _underscores(url: str) -> str:
    """Return the filter that puts `_` for `-`, with quotes that the URL's own ones do not end at."""
    mark = '"' if url.startswith("'") else "'"
    return f"replace({mark}-{mark}, {mark}_{mark})"


def _spellings(name: str, underscores: str) -> Iterator[str]:
    """Yield a name in lower case, with `_` or `-`, and both; if it is a variable, with the filters for that."""
    variable = re.fullmatch(r"(\$?\{\{)\s*(\w+)\s*(?:\|\s*lower\s*)?\}\}", name)
    if variable is not None:
        for filters in ("", " | lower", f" | {underscores}", f" | {underscores} | lower"):
            yield f"{variable[1]} {variable[2]}{filters} }}}}"
    elif "{{" not in name:
        for one in (name, name.replace("-", "_"), name.replace("_", "-")):
            yield from (one, one.lower())


def _normalised(url: str) -> Iterator[str]:
    """Yield the file's name in lower case with `_`, as PEP 625 has it, and the other way round."""
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
        names = [f"{opening} {variable} | {_underscores(url)} }}}}", f"{opening} {variable} }}}}"]
    else:
        names = [re.sub(r"[-_.]+", "_", match[1]).lower(), match[1].replace("_", "-")]
    for name in names:
        yield f"{folder}/{name}-{match[2]}"
