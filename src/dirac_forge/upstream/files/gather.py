"""All that the files of one release say, put together in order of trust."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from dirac_forge.errors import InputError
from dirac_forge.http import HashMismatchError, Http
from dirac_forge.store import Store
from dirac_forge.upstream.files.contradiction import contradictions
from dirac_forge.upstream.files.crate import with_crate
from dirac_forge.upstream.files.facts import CoreMetadata, ReleaseFacts, SdistFacts, WheelFacts
from dirac_forge.upstream.files.sdist import sdist_facts
from dirac_forge.upstream.files.wheel import best_wheel, wheel_facts
from dirac_forge.upstream.index.description import describe
from dirac_forge.upstream.index.project import Release, ReleaseFile
from dirac_forge.upstream.problems import Problem, ProblemKind

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
    problems: list[Problem] = []
    of_source: list[Problem] = []
    project = release.project
    with ThreadPoolExecutor(1) as beside:  # neither waits until the other has come
        reading = beside.submit(
            _tried, sdist_file, lambda file: sdist_facts(http, file, store, project=project, imports=imports), of_source
        )
        wheel = _tried(wheel_file, lambda file: wheel_facts(http, file, store, project=project, full=True), problems)
        source = reading.result()
    problems += of_source
    if wheel_file is None and release.wheels:
        problems.append(Problem(kind="no-wheel", about=_named(release)))
    if sdist_file is None:
        problems.append(Problem(kind="no-sdist", about=_named(release)))
    metadata, origin = _metadata(release, wheel, source)
    if index_url is not None and wheel is None and not origin.startswith("PKG-INFO"):
        metadata, told = describe(http, index_url, metadata)
        problems += told
    return _facts(release, wheel, source, problems, metadata, origin)


def light(http: Http, release: Release, store: Store) -> ReleaseFacts:
    """Return the metadata of `release` in as few requests as possible, the wheel's, else the sdist's: to walk
    dependencies.
    """
    problems: list[Problem] = []
    project = release.project
    wheel = _tried(
        best_wheel(release), lambda file: wheel_facts(http, file, store, project=project, full=False), problems
    )
    if wheel is not None:
        return _facts(release, wheel, None, problems, wheel.metadata, wheel.filename)
    source = _tried(release.sdist, lambda file: sdist_facts(http, file, store, project=project), problems)
    return _facts(release, None, source, problems, *_metadata(release, None, source))


def _tried(file: ReleaseFile | None, read: Callable[[ReleaseFile], _T], problems: list[Problem]) -> _T | None:
    """Return what a file says; where the file itself is at fault that is a problem, but a wrong hash is an error."""
    if file is None:
        return None
    try:
        return read(file)
    except HashMismatchError:
        raise
    except InputError as error:
        problems.append(Problem(kind="unread-archive", about=file.filename, what=str(error)))
        return None


def _facts(
    release: Release,
    wheel: WheelFacts | None,
    source: SdistFacts | None,
    problems: list[Problem],
    metadata: CoreMetadata,
    origin: str,
) -> ReleaseFacts:
    problems += wheel.problems if wheel else ()
    problems += source.problems if source else ()
    if wheel and source and source.metadata:
        problems += contradictions(
            wheel.metadata, source.metadata, wheel_name=wheel.filename, sdist_name=source.filename
        )
    metadata = with_crate(metadata, source)
    problems += _unknowns(release, metadata, origin)
    return ReleaseFacts(
        release=release,
        metadata=metadata,
        metadata_from=origin or "nothing",
        wheel=wheel,
        sdist=source,
        problems=tuple(dict.fromkeys(problems)),
    )


def _unknowns(release: Release, metadata: CoreMetadata, origin: str) -> Iterator[Problem]:
    """Yield what a recipe asks for and no file says."""
    if not origin:
        lacking = tuple(word for word, known in _asked(metadata) if not known)
        yield Problem(kind="nothing-static", about=_named(release), names=lacking)
    elif "requires-dist" in metadata.dynamic:
        kind: ProblemKind = "requirements-open" if metadata.requires_dist else "requirements-computed"
        yield Problem(kind=kind, about=_named(release))


def _named(release: Release) -> str:
    return f"{release.project} {release.version}"


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
