"""All that the files of one release say, put together in order of trust."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

from dirac_forge.errors import InputError
from dirac_forge.http import HashMismatchError, Http
from dirac_forge.store import Store
from dirac_forge.upstream.files.contradiction import contradictions
from dirac_forge.upstream.files.facts import CoreMetadata, ReleaseFacts, SdistFacts, WheelFacts
from dirac_forge.upstream.files.sdist import sdist_facts
from dirac_forge.upstream.files.wheel import best_wheel, wheel_facts
from dirac_forge.upstream.index.description import describe
from dirac_forge.upstream.index.project import Release

_T = TypeVar("_T")


def gather(
    http: Http,
    release: Release,
    store: Store,
    *,
    imports: bool = True,
    index_url: str | None = None,
) -> ReleaseFacts:
    """Return the facts of `release`, of its best wheel and its source archive.

    Metadata is the wheel's, else the sdist's PKG-INFO or static [project], else literals of setup.cfg and setup.py; if
    even that fails, name and version alone, and problems that say what is missing. A wheel or sdist that can't be read
    is a problem. With `index_url` (the root of the Simple API), a release that has neither wheel nor PKG-INFO is looked
    up in the index's own description for summary, licence and URLs that its files do not tell.

    Without `imports` it is left out what the modules of the source archive import, which takes longest to read.

    Raises HashMismatchError for a file that is not the index's, and UnreachableError if the server fails.
    """
    wheel_file = best_wheel(release)
    sdist_file = release.sdist
    problems: list[str] = []
    project = release.project
    read = _tried(lambda: wheel_facts(http, wheel_file, store, project=project, full=True)) if wheel_file else None
    other = (
        _tried(lambda: sdist_facts(http, sdist_file, store, project=project, imports=imports)) if sdist_file else None
    )
    wheel, source = _readable(read, problems), _readable(other, problems)
    if wheel_file is None and release.wheels:
        problems.append(f"{release.project} {release.version} has no wheel for Python 3")
    if sdist_file is None:
        problems.append(f"{release.project} {release.version} has no source archive on the index")
    metadata, origin = _metadata(release, wheel, source)
    if index_url is not None and wheel is None and not origin.startswith("PKG-INFO"):
        metadata, added = describe(http, index_url, metadata)
        problems += [f"{', '.join(added)}: not in the files, from the index's description"] if added else []
    facts = _facts(release, wheel, source, problems, metadata, origin)
    return replace(facts, unreadable_sdist=str(other)) if isinstance(other, InputError) else facts


def _readable(facts: _T | InputError | None, problems: list[str]) -> _T | None:
    """Return the facts of a file; an error is a problem instead."""
    if isinstance(facts, InputError):
        problems.append(str(facts))
        return None
    return facts


def light(http: Http, release: Release, store: Store) -> ReleaseFacts:
    """Return the metadata of `release` in as few requests as possible, the wheel's, else the sdist's: to walk
    dependencies.
    """
    problems: list[str] = []
    if (wheel_file := best_wheel(release)) is not None:
        read = _tried(lambda: wheel_facts(http, wheel_file, store, project=release.project, full=False))
        if (wheel := _readable(read, problems)) is not None:
            return _facts(release, wheel, None, problems, wheel.metadata, wheel.filename)
    source = None
    if (sdist_file := release.sdist) is not None:
        source = _readable(_tried(lambda: sdist_facts(http, sdist_file, store, project=release.project)), problems)
    return _facts(release, None, source, problems, *_metadata(release, None, source))


def _tried(read: Callable[[], _T]) -> _T | InputError:
    """Return the answer, or the error where the file itself is at fault; a wrong hash is not a fault to get over."""
    try:
        return read()
    except HashMismatchError:
        raise
    except InputError as exc:
        return exc


def _facts(
    release: Release,
    wheel: WheelFacts | None,
    source: SdistFacts | None,
    problems: list[str],
    metadata: CoreMetadata,
    origin: str,
) -> ReleaseFacts:
    problems += wheel.problems if wheel else ()
    problems += source.problems if source else ()
    if wheel and source and source.metadata:
        problems += contradictions(
            wheel.metadata, source.metadata, wheel_name=wheel.filename, sdist_name=source.filename
        )
    problems += _unknowns(release, metadata, origin)
    return ReleaseFacts(
        release=release,
        metadata=metadata,
        metadata_from=origin or "nothing",
        wheel=wheel,
        sdist=source,
        problems=tuple(dict.fromkeys(problems)),
    )


def _unknowns(release: Release, metadata: CoreMetadata, origin: str) -> Iterator[str]:
    """Yield what a recipe asks for and no file says."""
    if not origin:
        lacking = ", ".join(word for word, known in _asked(metadata) if not known)
        subject = f"No file of {release.project} {release.version}"
        yield f"{subject} says statically what it needs; to be filled in by hand: {lacking}"
    elif "requires-dist" in metadata.dynamic:
        known = "may be more or others" if metadata.requires_dist else "are not known"
        yield f"The requirements {known}: {release.project} {release.version} computes them when it is built"


def _asked(metadata: CoreMetadata) -> tuple[tuple[str, object], ...]:
    """Return what a recipe asks for, and whether it is known."""
    return (
        ("requirements", metadata.requires_dist),
        ("licence", metadata.license_expression or metadata.license or metadata.classifiers),
        ("summary", metadata.summary),
        ("home page", metadata.home_page or metadata.project_urls),
    )


def _metadata(release: Release, wheel: WheelFacts | None, source: SdistFacts | None) -> tuple[CoreMetadata, str]:
    if wheel is not None:
        return wheel.metadata, wheel.filename
    if source is not None and source.metadata is not None:
        return source.metadata, f"{source.metadata_from} of {source.filename}"
    empty = CoreMetadata(name=release.project, version=release.version, dynamic=("requires-dist", "requires-python"))
    return empty, ""
