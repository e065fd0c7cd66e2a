"""Which places a recipe's releases are looked for in, as its sources and conda-forge.yml say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from dirac_forge.bump.skip_reasons import AllowedSources, VersionlessSources
from dirac_forge.bump.upstream_versions import UpstreamVersions, possible
from dirac_forge.errors import InputError
from dirac_forge.feedstock.botconfig import VersionUpdates
from dirac_forge.feedstock.change import SkipReason
from dirac_forge.recipe.editing.edit import Setting, outputs_of, start
from dirac_forge.recipe.reading.recipe_text import ReadOutput, ReadSource
from dirac_forge.upstream.sources.known import git_origin, origin_of, ways_of
from dirac_forge.upstream.sources.origins import Origin
from dirac_forge.upstream.sources.probes import next_versions
from dirac_forge.upstream.sources.source import SourceQuery
from dirac_forge.values import dataclass

_NOT_ASKED = {"librariesio", "nvidia", "rosdistro"}


def places_of(
    text: str, *, path: str, version: str, settings: Sequence[Setting], updates: VersionUpdates
) -> tuple[SourceQuery, ...] | SkipReason:
    """Return the sources of releases to ask, the most important first; `path` is the recipe's.

    Every project on PyPI counts, since they are released together; without one the first source does. What else has
    the version in its URL or tag is asked too, but need not answer. Raises RecipeError.
    """
    found = _origins(text, path=path, version=version, settings=settings)
    if not found:
        return VersionlessSources()
    mains = _mains({key: origin for key, (_, origin) in found.items()})
    places = []
    for key, (setting, origin) in found.items():
        ways = ways_of(origin, updates.sources)
        if key in mains and not ways:
            return _not_allowed(origin, updates)
        # A further file on a plain server is looked for when its hash is needed.
        if ways and (key in mains or ways[0] != "url"):
            places.append(
                SourceQuery(
                    origin=origin,
                    ways=ways,
                    version=version,
                    assets=key.assets,
                    main=key in mains,
                    urls=_urls(text, path, setting, origin.url, version),
                )
            )
    return tuple(sorted(places, key=lambda place: not place.main))


def upstream_versions(text: str, *, path: str, version: str, settings: Sequence[Setting]) -> UpstreamVersions:
    """Return how upstream's versions differ from the recipe's, as its sources tell. Raises RecipeError."""
    ways = possible(version)
    if len(ways) == 1:
        return ways[0]
    builds = outputs_of(text, path=path, settings=settings)
    sources = [source for _, outputs in builds for output in outputs for source in output.sources]
    for way in ways:
        origins = (_origin(source, way.of(version)) for source in sources)
        if any(origin is not None and not origin.commit for origin in origins):
            return way
    # No source spells it, as where a commit is checked out: hardly any project has an epoch.
    return next((way for way in ways if way.epoch), ways[0])


def _mains(found: Mapping[_Key, Origin]) -> list[_Key]:
    """Return the sources that decide: those on PyPI, else the first that names a version, else the first."""
    pypi = [key for key, origin in found.items() if origin.kind == "pypi"]
    named = [key for key, origin in found.items() if not origin.commit]
    return pypi or (named or list(found))[:1]


def pinned_origins(text: str, *, path: str, version: str, settings: Sequence[Setting]) -> tuple[Origin, ...]:
    """Return the origins of sources that are pinned by a commit, each once. Raises RecipeError."""
    found: dict[tuple[str, str], Origin] = {}
    for _, outputs in outputs_of(text, path=path, settings=settings):
        for source in (source for output in outputs for source in output.sources):
            origin = _origin(source, version)
            if origin is not None and origin.commit and origin.repository:
                found.setdefault((origin.repository, origin.commit), origin)
    return tuple(found.values())


def _not_allowed(origin: Origin, updates: VersionUpdates) -> AllowedSources:
    sources = tuple(updates.sources or ())
    unsupported = tuple(source for source in sources if source in _NOT_ASKED)
    line = updates.lines.get("sources", 0)
    return AllowedSources(line=line, sources=sources, source=origin.name, unsupported=unsupported)


@dataclass(frozen=True, slots=True)
class _Key:
    kind: str
    name: str
    assets: tuple[str, ...] = ()


def _origins(text: str, *, path: str, version: str, settings: Sequence[Setting]) -> dict[_Key, tuple[Setting, Origin]]:
    """Return the origins in the recipe's order, each once, with the names of all attached files that it takes of it."""
    first: dict[tuple[str, str], tuple[Setting, Origin]] = {}
    assets: dict[tuple[str, str], dict[str, None]] = {}
    builds = outputs_of(text, path=path, settings=settings)
    sources = [(setting, *each) for setting, outputs in builds for each in _files(outputs, version)]
    for setting, _, origin in sources:
        if origin is None:
            continue
        key = (origin.kind, origin.url if origin.kind == "url" else origin.name)
        known = first.setdefault(key, (setting, origin))[1]
        if origin.asset:
            assets.setdefault(key, {})[origin.url.rpartition("/")[2]] = None
            first[key] = (first[key][0], replace(known, asset=True))
    if not first:
        moved = _moved(text, path, version, _with_url((setting, source) for setting, source, _ in sources))
        first = {("url", origin.url): (setting, origin) for setting, origin in moved}
    return {_Key(*key, tuple(assets.get(key, ()))): value for key, value in first.items()}


def _with_url(sources: Iterable[tuple[Setting, ReadSource]]) -> dict[str, Setting]:
    """Return the URLs of sources, each with the first setting in which it is there."""
    plain: dict[str, Setting] = {}
    for setting, source in sources:
        if source.url and "://" in source.url and not source.unknown:
            plain.setdefault(source.url, setting)
    return plain


def _files(outputs: Sequence[ReadOutput], version: str) -> Iterator[tuple[ReadSource, Origin | None]]:
    """Yield each source once with where it comes from; of mirrors an index where there is one, else the first."""
    groups: dict[tuple[object, ...], list[tuple[ReadSource, Origin | None]]] = {}
    for source in (source for output in outputs for source in output.sources):
        same = (source.entry, *source.digests.items(), source.git)
        groups.setdefault(same, []).append((source, _origin(source, version)))
    for mirrors in groups.values():
        yield next(
            (one for one in mirrors if one[1] is not None and one[1].kind == "pypi"),
            next((one for one in mirrors if one[1] is not None), mirrors[0]),
        )


def _origin(source: ReadSource, version: str) -> Origin | None:
    if source.unknown:
        return None
    if source.git is not None:
        return git_origin(source.git, source.rev or "", version)
    return origin_of(source.url or "", version)


def _moved(text: str, path: str, version: str, plain: Mapping[str, Setting]) -> list[tuple[Setting, Origin]]:
    """Return the sources whose URL moves with the version though it does not spell it (`sqlite-autoconf-3530400`)."""
    found = []
    for url, setting in plain.items():
        for other in next_versions(version)[:1]:
            if _urls(text, path, setting, url, version)(other):
                host = url.split("/")[2]
                found.append((setting, Origin(kind="url", name=host, url=url)))
    return found[:1]


def _urls(text: str, path: str, setting: Setting, url: str, version: str) -> Callable[[str], Sequence[str]]:
    """Return where the file at `url` would be at another version, as the recipe itself says."""

    def at(other: str) -> Sequence[str]:
        if other == version:
            return (url,)
        try:
            draft = start(text, path=path, to=other, settings=[setting])
        except InputError:
            return ()
        return [source.urls[source.before.index(url)] for source in draft.moved if url in source.before]

    return at
