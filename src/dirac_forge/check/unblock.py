"""What would make it installable: packages that would have to be built, pins relaxed; proved by solving again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from rattler import Version, VersionSpec
from rattler.exceptions import InvalidVersionError

from dirac_forge.channel.index import RecordIndex, parsed
from dirac_forge.channel.records import Record, name_of, to_record
from dirac_forge.channel.solver import Channel, Solution
from dirac_forge.check.analysis import Analysis
from dirac_forge.check.causes import (
    Cause,
    MachineMismatch,
    NoVersion,
    PinConflict,
    PythonLine,
    PythonMismatch,
)
from dirac_forge.check.cells import python_spec
from dirac_forge.check.explanation import explain
from dirac_forge.check.obstacles import Elsewhere, asked_pythons, has_build_for
from dirac_forge.check.remedies import (
    Action,
    BuildFor,
    BuildForPython,
    BuildVersion,
    NewerMachine,
    NewPackage,
    PinKind,
    RelaxConstraints,
    RelaxPin,
    Remedy,
    TakeFrom,
    Unblock,
)
from dirac_forge.check.supposed import any_machine, supposed, supposed_build
from dirac_forge.errors import UnknownError

_MOST_ROUNDS = 12
_MOST_REMEDIES = 60
_MOST_TO_TRY_WITHOUT = 8
_END = re.compile(r"<|==|\*|~=|^[0-9]")
_OF_PYTHON = frozenset({"python", "python_abi"})
_EXPORTED = re.compile(r"\s>=[^,|\s]+,<[^,|\s]+a0(?:\s|$)")
_EXACT = re.compile(r"\s(?:==?)?\d[^*<>=!~,|\s]*(?:\s|$)")
_SYSTEMS = frozenset({"__unix", "__win", "__linux", "__osx", "__archspec"})


def unblock(
    channel: Channel,
    specs: Sequence[str],
    *,
    platform: str,
    causes: Sequence[Cause],
    elsewhere: Elsewhere,
    known: Sequence[Unblock] = (),
) -> Unblock | None:
    """Return the smallest set of remedies that is found, or None if a dozen rounds find none.

    Args:
        channel: where `specs` have no solution for `platform`.
        specs: what is requested, Python included.
        platform: where.
        causes: why not, from `explain`.
        elsewhere: the other platforms for which there are builds of a name.
        known: remedies that helped in neighbouring cells; they are tried first.

    Raises:
        UnknownError: a channel can't be read.
    """

    def helps(remedies: Iterable[Remedy]) -> bool:
        return isinstance(_with(channel, platform, remedies).solve(specs, platform=platform), Solution)

    index = channel.index(platform)
    here = (one for one in (_for_here(index, specs, one) for one in known) if one is not None)
    earlier = next((one for one in here if helps(one.remedies)), None)
    if earlier is not None:
        return earlier
    chosen: dict[tuple[str, Action], Remedy] = {}
    view = channel
    for _ in range(_MOST_ROUNDS):
        fresh = [one for one in _next(view, platform, causes, chosen) if _is_open(index, one)]
        chosen |= {(remedy.package, remedy.action): remedy for remedy in fresh}
        if not fresh or len(chosen) > _MOST_REMEDIES:
            return None
        view = _with(channel, platform, chosen.values())
        if isinstance(view.solve(specs, platform=platform), Solution):
            return _fewest(list(chosen.values()), helps)
        causes = explain(Analysis(view.index(platform), specs), elsewhere=elsewhere)
        if not causes:
            return None
    return None


def _for_here(index: RecordIndex, specs: Sequence[str], found: Unblock) -> Unblock | None:
    """Return what helped in another cell for the Python of this one, or None if something of it is there already."""
    pythons = asked_pythons(index, specs)
    remedies = [
        _build_for_python(index, one.record, pythons)
        if isinstance(one.action, BuildForPython) and one.record is not None and pythons
        else one
        for one in found.remedies
    ]
    return replace(found, remedies=tuple(remedies)) if all(_is_open(index, one) for one in remedies) else None


def _is_open(index: RecordIndex, remedy: Remedy) -> bool:
    """Whether the channel has no such build yet, where a remedy is to build something."""
    match remedy.action:
        case BuildFor() | NewPackage():
            return not index.group(remedy.package).records
        case BuildVersion(version=version):
            return not index.match(f"{remedy.package} =={version}")[1]
        case BuildForPython(pythons=pythons):
            version = remedy.record.version if remedy.record is not None else ""
            return not has_build_for(index, remedy.package, version, pythons)
        case _:
            return True


def _with(channel: Channel, platform: str, remedies: Iterable[Remedy]) -> Channel:
    """Return the channel and the machine as if the remedies were carried out."""
    remedies = list(remedies)
    machine = {one.action.name: one.action.version for one in remedies if isinstance(one.action, NewerMachine)}
    view = channel.on_machine(platform, machine) if machine else channel
    return view.overlaid([one.record for one in remedies if one.record is not None])


def _fewest(remedies: list[Remedy], helps: Callable[[Sequence[Remedy]], bool]) -> Unblock:
    if len(remedies) == 1:
        return Unblock(remedies=tuple(remedies), smallest=True)
    if len(remedies) > _MOST_TO_TRY_WITHOUT:
        return Unblock(remedies=tuple(remedies), smallest=False)
    for remedy in list(remedies):
        rest = [other for other in remedies if other is not remedy]
        if rest and helps(rest):
            remedies = rest
    return Unblock(remedies=tuple(remedies), smallest=True)


def _next(
    channel: Channel, platform: str, causes: Sequence[Cause], chosen: Mapping[tuple[str, Action], Remedy]
) -> list[Remedy]:
    """Return remedies for the newest builds, or for an older one if there are none."""
    newest = [cause for cause in causes if not cause.instead]
    older = [cause for cause in causes if cause.instead]
    return _fresh(channel, platform, newest, chosen) or _fresh(channel, platform, older[:1], chosen)


def _fresh(
    channel: Channel, platform: str, causes: Sequence[Cause], chosen: Mapping[tuple[str, Action], Remedy]
) -> list[Remedy]:
    found: list[Remedy] = []
    for cause in causes:
        for holder in ("", *cause.also):
            remedy = _suppose(channel, platform, replace(cause, chain=(holder, cause.package)) if holder else cause)
            if remedy is not None and (remedy.package, remedy.action) not in chosen:
                found.append(remedy)
    return found


def _suppose(channel: Channel, platform: str, cause: Cause) -> Remedy | None:
    """Return what could be done about one cause, or None if nothing is known to help."""
    index = channel.index(platform)
    match cause.kind:
        case "no-build":
            return _build_for(channel, platform, cause)
        case "python":
            return _for_python(index, cause)
        case "machine":
            return _newer_machine(cause)
        case "version" | "broken":
            return _published(channel, platform, cause)
        case "conflict":
            return _relaxed(index, cause)
        case "unknown-name" if len(cause.chain) > 1:
            version = version_for(cause.spec) or "0"
            record = Record(name=cause.package, version=version, build="supposed_0", subdir=platform)
            return Remedy(package=cause.package, action=NewPackage(), record=record)
        case _:
            return None


def _build_for(channel: Channel, platform: str, cause: Cause) -> Remedy | None:
    found = supposed_build(channel, platform, cause.package, cause.spec)
    if found is None:
        return None
    record, other = found
    same = other.partition("-")[0] == platform.partition("-")[0]
    like = "" if same or not record.depends else other
    return Remedy(package=cause.package, action=BuildFor(platform=platform, like=like), record=record)


def _for_python(index: RecordIndex, cause: Cause) -> Remedy | None:
    """Return a build for the requested Python, or for a noarch package the pin to relax."""
    found = cause.obstacle
    newest = index.newest(cause.spec or cause.package)
    if not isinstance(found, PythonMismatch) or newest is None:
        return None
    if found.noarch:
        pins = (spec for spec in newest.depends if name_of(spec) == "python")
        return next((one for pin in pins if (one := _without_pin(index, cause.package, pin)) is not None), None)
    return _build_for_python(index, any_machine(newest, index), found.wish) if found.wish else None


def _build_for_python(index: RecordIndex, record: Record, pythons: Iterable[PythonLine]) -> Remedy:
    """Return the remedy for the newest of these Pythons, one that is not free-threaded if there is one."""
    line = min(pythons, key=lambda one: (one.free_threaded, -one.major, -one.minor))
    depends = (*(spec for spec in record.depends if name_of(spec) != "python"), python_spec(str(line)))
    newest = index.group(record.name).records[:1]
    action = BuildForPython(
        pythons=(line,), version="" if record.version in {one.version for one in newest} else record.version
    )
    return Remedy(package=record.name, action=action, record=replace(record, depends=depends))


def _newer_machine(cause: Cause) -> Remedy | None:
    """Return another version of a virtual package; another kind of system is not a remedy."""
    found = cause.obstacle
    if not isinstance(found, MachineMismatch) or (found.name in _SYSTEMS and not found.have):
        return None
    version = version_for(found.specs[0])
    if version is None or version == "0":
        return None
    return Remedy(package=found.name, action=NewerMachine(name=found.name, version=version))


def _published(channel: Channel, platform: str, cause: Cause) -> Remedy | None:
    """Return a version that fits: of another channel, or else a build that somebody would have to make."""
    hidden = _hidden(channel.index(platform), cause)
    if hidden is not None:
        return hidden
    version = version_for(cause.spec)
    record = channel.index(platform).newest(cause.package)
    if version is None or record is None or cause.package == "python":
        return None
    action = BuildVersion(version=version, platform=platform, unseen=_is_unseen(channel, cause.package, version))
    # What that version needs is not known: of the pins of another one only the names are taken.
    loose = any_machine(record, channel.index(platform))
    depends = tuple(dict.fromkeys(map(name_of, loose.depends)))
    return Remedy(package=cause.package, action=action, record=replace(loose, version=version, depends=depends))


def _is_unseen(channel: Channel, package: str, version: str) -> bool:
    """Whether the channel has a version for no platform, as far as its platforms can be read."""
    for platform in channel.platforms():
        with suppress(UnknownError):
            if channel.index(platform).match(f"{package} =={version}")[1]:
                return False
    return True


def _hidden(index: RecordIndex, cause: Cause) -> Remedy | None:
    """Return the newest build that fits, of the first channel that has one and that strict channel priority hides."""
    wanted = parsed(cause.spec)
    if wanted is None or not isinstance(cause.obstacle, NoVersion) or not cause.obstacle.hidden:
        return None
    group = index.group(cause.package)
    for other in group.hidden:
        fitting = [to_record(record) for record in other.found if wanted.matches(record)]
        if fitting:
            newest = max(fitting, key=lambda record: (Version(record.version), record.build_number))
            action = TakeFrom(channel=other.channel, version=newest.version, instead_of=group.channel)
            return Remedy(package=cause.package, action=action, record=replace(newest, file_name="", channel=""))
    return None


def version_for(spec: str) -> str | None:
    """Return a version that a spec allows, nearest to what it names, or None if there is none, or a build is named."""
    found = parsed(spec)
    if found is None:
        return None
    if found.version is None:
        return "0"
    if found.build is not None:
        return None
    allowed = VersionSpec(found.version)
    named = re.findall(r"[0-9][0-9A-Za-z._]*", found.version)
    tries = [text.rstrip(".") for text in named] + [f"{text.rstrip('.')}.0" for text in named]
    try:
        tries += [str(Version(text.rstrip(".")).bump_last()) for text in named]
        return next((text for text in tries if allowed.matches(Version(text))), None)
    except InvalidVersionError:
        return None


def _relaxed(index: RecordIndex, cause: Cause) -> Remedy | None:
    """Return the build that pins, without its pin; of two pins, without the one that has an upper bound."""
    if len(cause.chain) < 2:
        return None
    if parsed(cause.spec) is not None and name_of(cause.spec) == cause.spec:
        return _without_constraints(index, cause.chain[-1])
    sides = sorted(_pins(cause), key=lambda side: not _has_end(side[1]))
    return next((found for holder, spec in sides if (found := _without_pin(index, holder, spec))), None)


def _pins(cause: Cause) -> Iterator[tuple[str, str]]:
    """Yield the packages that pin, each with its requirement."""
    yield cause.chain[-2], cause.spec
    if isinstance(cause.obstacle, PinConflict):
        second = cause.obstacle.second
        if second.chain and len(second.specs) == 1 and not second.excludes:
            yield second.chain[-1], second.specs[0]


def _has_end(spec: str) -> bool:
    """Whether a requirement excludes newer versions."""
    found = parsed(spec)
    return found is not None and found.version is not None and _END.search(found.version) is not None


def _without_constraints(index: RecordIndex, package: str) -> Remedy | None:
    record = index.newest(package)
    if record is None or not record.constrains:
        return None
    action = RelaxConstraints(version=record.version, specs=record.constrains)
    return Remedy(package=package, action=action, record=supposed(record, record.depends))


def _pin_kind(pin: str) -> PinKind:
    if name_of(pin) in _OF_PYTHON:
        return "python"
    if _EXPORTED.search(pin):
        return "abi"
    return "exact" if _EXACT.search(pin) else "bound"


def _without_pin(index: RecordIndex, holder: str, pin: str) -> Remedy | None:
    pinned = name_of(pin)
    record = next((one for one in index.group(holder).records if pin in one.depends), None)
    if record is None:
        return None
    depends = tuple(pinned if name_of(spec) == pinned else spec for spec in record.depends)
    kind = _pin_kind(pin)
    platform = record.subdir if kind == "abi" and record.noarch is None else ""
    action = RelaxPin(version=record.version, on=pinned, spec=pin, kind=kind, platform=platform)
    return Remedy(package=holder, action=action, record=supposed(record, depends))
