"""Remedies in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from dirac_forge.check.remedies import (
    Action,
    BuildFor,
    BuildForPython,
    BuildVersion,
    NewerMachine,
    NewPackage,
    RelaxConstraints,
    RelaxPin,
    Remedy,
    TakeFrom,
    Unblock,
)
from dirac_forge.report.document import listed


def remedy_text(remedy: Remedy) -> str:
    """Return one remedy in words."""
    return _action(remedy, [remedy.package])


def unblock_text(found: Unblock) -> str:
    """Return the remedies in one line."""
    return "; ".join(remedy_phrases(found.remedies))


def remedy_phrases(remedies: Iterable[Remedy]) -> Iterator[str]:
    """Yield the remedies; an action on several packages is one phrase."""
    by_action: dict[Action, list[Remedy]] = {}
    for remedy in remedies:
        by_action.setdefault(remedy.action, []).append(remedy)
    for some in by_action.values():
        yield _action(some[0], [remedy.package for remedy in some])


def alike(found: Unblock) -> tuple[tuple[str, Action], ...]:
    """Return what two cells have in common that need the same builds, each for its own platform and Python."""
    return tuple((remedy.package, _anywhere(remedy.action)) for remedy in found.remedies)


def _anywhere(action: Action) -> Action:
    match action:
        case BuildFor() | BuildVersion() | RelaxPin():
            return replace(action, platform="")
        case BuildForPython():
            return replace(action, pythons=())
        case _:
            return action


def together(found: Sequence[Unblock]) -> Unblock:
    """Return remedies that are alike as one, with all platforms and Pythons."""
    first = found[0]
    columns = zip(*(one.remedies for one in found), strict=True)
    remedies = (replace(column[0], action=_for_all([one.action for one in column])) for column in columns)
    return replace(first, remedies=tuple(remedies))


def _for_all(actions: Sequence[Action]) -> Action:
    first = actions[0]
    if isinstance(first, BuildForPython):
        pythons = {line for one in actions if isinstance(one, BuildForPython) for line in one.pythons}
        return replace(first, pythons=tuple(sorted(pythons)))
    if isinstance(first, BuildFor | BuildVersion | RelaxPin):
        kinds = BuildFor | BuildVersion | RelaxPin
        platforms = dict.fromkeys(one.platform for one in actions if isinstance(one, kinds) and one.platform)
        return replace(first, platform=listed(platforms))
    return first


def _action(remedy: Remedy, packages: Sequence[str]) -> str:
    names = listed(packages)
    match remedy.action:
        case BuildFor(platform=platform, like=""):
            return f"build {names} for {platform}"
        case BuildFor(platform=platform, like=like):
            needs = "it needs there what it needs" if len(packages) == 1 else "they need there what they need"
            return f"build {names} for {platform}, if {needs} on {like}"
        case BuildForPython(pythons=pythons, version=version):
            return f"build {f'{names} {version}'.strip()} for Python {listed(pythons)}"
        case BuildVersion(version=version, platform=platform, unseen=unseen):
            return f"build {names} {version} for {platform}{', if it is released' if unseen else ''}"
        case NewPackage():
            return f"package {names}"
        case NewerMachine(name=name, version=version):
            return f"a machine with {name} {version} ([tool.dirac-forge.virtual-packages])"
        case RelaxPin():
            return _relaxed(remedy.action, packages)
        case TakeFrom(channel=channel, version=version, instead_of=first):
            return f"take {names} {version} from {channel} instead of from {first}"
        case RelaxConstraints(version=version, specs=specs):
            works = "it works" if len(packages) == 1 else "they work"
            return f"relax the constraints of {names} {version} ({', '.join(specs)}), if {works} without"


def _relaxed(pin: RelaxPin, packages: Sequence[str]) -> str:
    """Word what a pin asks for: only a bound that somebody chose may be taken away, and that it may is a guess."""
    names, alone = listed(packages), len(packages) == 1
    match pin.kind:
        case "python":
            runs = "it runs" if alone else "they run"
            return f"change the bound of {names} {pin.version} on Python ({pin.spec}), if {runs} with that Python"
        case "abi":
            where = f" for {pin.platform}" if pin.platform else ""
            return f"rebuild {names} {pin.version}{where} with another {pin.on} than {pin.spec.partition(' ')[2]}"
        case "exact":
            which, there = ("a version", "is one") if alone else ("versions", "are some")
            needs = f"{pin.version} needs {pin.spec} exactly"
            return f"build {which} of {names} for another {pin.on}, if there {there} ({needs})"
        case "bound":
            works = "it works" if alone else "they work"
            return f"relax the pin of {names} {pin.version} on {pin.on} ({pin.spec}), if {works} without"
