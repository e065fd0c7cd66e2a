"""An output's source: the sdist, or the wheel where there is no sdist or it lacks what the wheel has."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from urllib.request import url2pathname

from packaging.utils import canonicalize_name

from dirac_forge.recipe.licences.files import licence_files
from dirac_forge.recipe.making.about import links_of
from dirac_forge.recipe.making.hosts import build_tool_names
from dirac_forge.recipe.model import Source
from dirac_forge.recipe.notes import Note, NoteKind, note
from dirac_forge.untrusted import split_url
from dirac_forge.upstream.files.facts import ReleaseFacts, SdistFacts, WheelFacts
from dirac_forge.upstream.index.project import Release, ReleaseFile
from dirac_forge.values import dataclass

PIP_INSTALL = "@{PYTHON} -m pip install . -vv --no-deps --no-build-isolation"
_PIP_ITSELF = "src/pip/__main__.py"
"""What runs pip from its sources, as get-pip.py runs it from its wheel."""
WHEEL_FOLDER = "wheel"
"""Where a wheel is unpacked for its licence."""
_PYPI_FILES = "files.pythonhosted.org"
"""Where PyPI keeps its files, under URLs that tell nothing; pypi.org has stable ones."""
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.+!~-]+")
"""The name of a file that a script may have: nothing in it means something to a shell, or leads elsewhere."""
_REPOSITORY_PATH = re.compile(r"(?!\.)[\w.-]+(?:/(?!\.)[\w.-]+)+", re.ASCII)
_MOST_TAILS = 4
"""Folders above a package in an sdist are few: `src`, `lib`."""
_MOST_LOST = 5
"""Files: fewer are a version file, or made by the build."""
_MADE_BY_BUILDS = re.compile(
    r"(?:^|[/_])_?_?version_?_?\.\w+$|\.(?:mo|pyc|so|pyd|dll)$|_pb2(?:_grpc)?\.pyi?$|\.dist-info/"
)

_VERSION_VARIABLES = {
    "hatch-vcs": ("SETUPTOOLS_SCM_PRETEND_VERSION", "@{version}"),
    "pbr": ("PBR_VERSION", "@{version}"),
    "pdm-backend": ("PDM_BUILD_SCM_VERSION", "@{version}"),
    "poetry-dynamic-versioning": ("POETRY_DYNAMIC_VERSIONING_BYPASS", "@{version}"),
    "setuptools-scm": ("SETUPTOOLS_SCM_PRETEND_VERSION", "@{version}"),
}
"""How a build gets its version where it would ask git."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChosenSource:
    """The sources of an output, and how it is installed from them."""

    sources: tuple[Source, ...]
    script: str = PIP_INSTALL
    wheel: bool = False
    """Whether the wheel is installed: nothing is built, and no build tool is needed."""
    unpacked: str = ""
    """The folder with the wheel's licences, with a slash; "" if the sdist has them."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that the build needs: an archive of a tag does not know its version."""
    notes: tuple[Note, ...] = ()


def chosen_source(facts: ReleaseFacts, version: str, *, noarch: bool, missing: Collection[str] = ()) -> ChosenSource:
    """Return the sources of a release; `version` is the recipe's, which URLs name by its variable.

    `missing` are build requirements that exist nowhere: where there is a pure wheel, that is installed.
    """
    sdist = facts.release.sdist
    wheel = _pure_wheel(facts) if noarch else None
    if sdist is None:
        return _only_wheel(facts, wheel, version) if wheel is not None else _nothing_published(facts)
    sha256 = facts.sdist.sha256 or None if facts.sdist is not None else sdist.sha256
    if re.search(r"^file:|/archive/refs/tags/|/-/archive/", sdist.url):
        return _unpublished(facts, sdist, version)
    own = Source(url=_url(facts, sdist, "source", version), sha256=sha256)
    lost = _lost(facts)
    if wheel is None or not (lost or missing):
        notes = () if sha256 else (note("todo", NoteKind.NO_SHA256, file=sdist.filename),)
        return ChosenSource(sources=(own,), script=_install(facts), notes=notes)
    return _wheel_instead(facts, wheel, version, own, lost, missing)


def _install(facts: ReleaseFacts) -> str:
    """Return how a build installs the sources: pip, which is not in its own host, from them."""
    members = facts.sdist.members if facts.sdist is not None else ()
    itself = canonicalize_name(facts.metadata.name) == "pip" and _PIP_ITSELF in members
    return PIP_INSTALL.replace("-m pip", _PIP_ITSELF.rpartition("/")[0]) if itself else PIP_INSTALL


def _only_wheel(facts: ReleaseFacts, wheel: ReleaseFile, version: str) -> ChosenSource:
    """Return the wheel of a release that has no sdist, or one that is on this machine."""
    if wheel.url.startswith("file://"):
        made = _unpacked_wheel(facts, wheel, version, "it was given", note("warning", NoteKind.LOCAL_WHEEL))
        return replace(made, notes=(note("todo", NoteKind.LOCAL_SOURCE), *made.notes))
    why = note("warning", NoteKind.NO_SDIST_WHEEL)
    return _unpacked_wheel(facts, wheel, version, "upstream published no sdist", why)


def _wheel_instead(
    facts: ReleaseFacts,
    wheel: ReleaseFile,
    version: str,
    own: Source,
    lost: Sequence[str],
    missing: Collection[str],
) -> ChosenSource:
    """Return the wheel, with the sdist for its licence, where no build could make the same."""
    if missing:
        comment = f"the sdist is built with {', '.join(missing)}"
        why = note("warning", NoteKind.BUILD_TOOLS_NOWHERE, tools=missing)
    else:
        comment = "the sdist lacks files that it has"
        why = note("warning", NoteKind.FILES_LOST, files=lost)
    if _has_the_only_licence(facts):
        return _unpacked_wheel(facts, wheel, version, comment, why)
    return ChosenSource(
        sources=(_wheel_source(facts, wheel, version, comment), own),
        script=f"@{{PYTHON}} -m pip install {_templated(wheel.filename, version)} -vv --no-deps",
        wheel=True,
        notes=(why,),
    )


def _lost(facts: ReleaseFacts) -> tuple[str, ...]:
    """Return the files that a build from the sdist would lose, () if they are few and may be made by it."""
    if facts.wheel is None or facts.sdist is None:
        return ()
    lost = lost_files(facts.wheel, facts.sdist)
    return () if len(lost) < _MOST_LOST or len(lost) * 10 < len(facts.wheel.members) else lost


def _unpublished(facts: ReleaseFacts, sdist: ReleaseFile, version: str) -> ChosenSource:
    """Return the archive of a tag, or what is on this machine."""
    names = build_tool_names(facts.sdist) if facts.sdist is not None else frozenset()
    environment = dict(pair for tool, pair in _VERSION_VARIABLES.items() if tool in names)
    local = sdist.url.startswith("file://")
    notes = (note("todo", NoteKind.LOCAL_SOURCE),) if local else ()
    if local and sdist.sha256 is None:
        source = Source(url="", sha256=None, path=url2pathname(split_url(sdist.url).path))
    else:
        spelled = re.sub(rf"(?<![\d.]){re.escape(version)}(?![\d.]*\d)", "@{version}", sdist.url)
        source = Source(url=sdist.url if local else spelled, sha256=sdist.sha256)
    return ChosenSource(sources=(source,), environment=environment, notes=notes)


def _strange(members: Iterable[str], sources: Iterable[str]) -> list[str]:
    """Return the members whose names are no source's and that no build is known to make."""
    names = {source.rpartition("/")[2] for source in sources}
    return [m for m in members if m.rpartition("/")[2] not in names and not _MADE_BY_BUILDS.search(m)]


def lost_files(wheel: WheelFacts, sdist: SdistFacts) -> tuple[str, ...]:
    """Return the files of a wheel whose names are nowhere in the sdist, and that are not known to be made by builds.

    A compressed file that stands for a file that the sdist has at the same place is not lost: botocore's wheels have
    those. Beside the file itself it is one more, which a plain build does not make.
    """
    strange = _strange(wheel.members, sdist.members)
    replaced = {plain for member in strange if (plain := _plain(member))}.difference(wheel.members)
    tails = {tail for member in sdist.members for tail in _tails(member)} if replaced else set()
    return tuple(member for member in strange if _plain(member) not in replaced & tails)


def _plain(member: str) -> str:
    """Return the path of the file that a member is the compressed form of, "" for any other member."""
    return next((member.removesuffix(end) for end in (".gz", ".br", ".zst") if member.endswith(end)), "")


def _tails(member: str) -> Iterator[str]:
    """Yield a path, and the same without its first folders: `src/a/b`, `a/b`, `b`."""
    parts = member.split("/")
    yield from ("/".join(parts[start:]) for start in range(min(len(parts), _MOST_TAILS)))


def _pure_wheel(facts: ReleaseFacts) -> ReleaseFile | None:
    """Return the release's wheel for any platform and Python 3."""
    wheels = (w for w in facts.release.wheels if w.filename.endswith("-none-any.whl") and "py3" in w.filename)
    return next((wheel for wheel in wheels if _PLAIN_NAME.fullmatch(wheel.filename)), None)


def _wheel_source(facts: ReleaseFacts, wheel: ReleaseFile, version: str, why: str) -> Source:
    python = wheel.filename.split("-")[-3]
    return Source(url=_url(facts, wheel, python, version), sha256=wheel.sha256, comment=f"the wheel, because {why}")


def _has_the_only_licence(facts: ReleaseFacts) -> bool:
    """Whether the wheel has a licence file and the sdist none."""
    sdist, texts = facts.sdist, facts.wheel.license_texts if facts.wheel is not None else {}
    return bool(texts) and sdist is not None and not licence_files((), sdist.texts, sdist.members)


def _unpacked_wheel(facts: ReleaseFacts, wheel: ReleaseFile, version: str, comment: str, why: Note) -> ChosenSource:
    """Return the wheel alone: installed, and unpacked so that its licence is found."""
    file = _templated(wheel.filename, version)
    name, spelled = wheel.filename.split("-")[:2]
    return ChosenSource(
        sources=(_wheel_source(facts, wheel, version, comment),),
        script=f"@{{PYTHON}} -m pip install {file} -vv --no-deps\n@{{PYTHON}} -m zipfile -e {file} {WHEEL_FOLDER}",
        wheel=True,
        unpacked=f"{WHEEL_FOLDER}/{name}-{_templated(spelled, version)}.dist-info/",
        notes=(why,),
    )


def _nothing_published(facts: ReleaseFacts) -> ChosenSource:
    """Return a tag's archive of the repository, to be confirmed by a person."""
    urls = tuple(_archives(links_of(facts.metadata)[1] or ""))
    kind = NoteKind.NO_SDIST_TAG if urls else NoteKind.NO_SDIST_NOWHERE
    sources = tuple(Source(url=url, sha256=None) for url in urls)
    return ChosenSource(sources=sources, notes=(note("todo", kind),))


def _archives(repository: str) -> Iterator[str]:
    parts = split_url(repository)
    path = parts.path.strip("/").removesuffix(".git")
    if not _REPOSITORY_PATH.fullmatch(path):
        return
    if parts.hostname == "github.com" and path.count("/") == 1:
        yield f"https://github.com/{path}/archive/refs/tags/v@{{version}}.tar.gz"
    elif (parts.hostname or "").startswith("gitlab."):
        yield f"https://{parts.hostname}/{path}/-/archive/v@{{version}}/{path.rpartition('/')[2]}-v@{{version}}.tar.gz"


def on_pypi(release: Release) -> bool:
    """Whether PyPI serves a file of the release, or will."""
    return any(split_url(file.url).hostname == _PYPI_FILES for file in release.files)


def _url(facts: ReleaseFacts, file: ReleaseFile, folder: str, version: str) -> str:
    filename = _templated(file.filename, version)
    if split_url(file.url).hostname == _PYPI_FILES:
        project = canonicalize_name(facts.release.project)
        return f"https://pypi.org/packages/{folder}/{project[0]}/{project}/{filename}"
    return file.url.replace(file.filename, filename)


def _templated(filename: str, version: str) -> str:
    """Return a file's name with the variable in place of the recipe's version, where it is spelled so."""
    match = re.search(rf"(?:^|-)({re.escape(version)})(?=-|\.(?:tar\.\w+|tgz|zip|whl)$|$)", filename)
    return filename if match is None else f"{filename[: match.start(1)]}@{{version}}{filename[match.end(1) :]}"
