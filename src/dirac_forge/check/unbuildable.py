"""Builds of a proposal that can't be made, or whose package can't be installed, for certain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from dirac_forge.channel.records import Record, name_of
from dirac_forge.channel.solver import Channel
from dirac_forge.check.cells import Cell
from dirac_forge.check.environment_proof import EnvironmentAnswer
from dirac_forge.check.environment_questions import Question, asked_by, variant_key
from dirac_forge.check.exports import Built
from dirac_forge.check.proof_reasons import EnvironmentProof
from dirac_forge.check.subjects import Subject
from dirac_forge.check.target_proof import rounds_of

BuildKey = tuple[str, str, str, tuple[tuple[str, str], ...]]
"""Feedstock, package, the platform of the build and the items of its variant."""

EnvironmentKey = tuple[str, str, str, tuple[str, ...]]
"""Package, part, the platform whose packages are installed, and the specs."""


def build_key(built: Built) -> BuildKey:
    """Return what tells a build from all others of a proposal."""
    return built.feedstock, built.record.name, built.platform, variant_key(built.variant)


def environment_key(question: Question) -> EnvironmentKey:
    """Return what tells an environment from all others of a proposal."""
    return question.output, question.part, question.on, question.specs


def environments_of(subjects: Iterable[Subject]) -> Iterator[tuple[BuildKey, Question]]:
    """Yield the build and host environments of each build."""
    for subject in subjects:
        for platform in subject.enabled():
            for variant, recipe in subject.rendered("new", platform):
                for asked in asked_by(variant, recipe):
                    yield (subject.key, asked.output, platform, variant_key(variant.values)), asked


def unbuildable(subjects: Iterable[Subject], answers: Iterable[EnvironmentAnswer]) -> dict[BuildKey, EnvironmentProof]:
    """Return the builds whose build or host environment has no solution, each with the first such environment."""
    refused = {
        environment_key(one.question): one.proof
        for one in answers
        if one.status == "not-installable" and one.question.part != "run"
    }
    found: dict[BuildKey, EnvironmentProof] = {}
    for build, question in environments_of(subjects) if refused else ():
        why = refused.get(environment_key(question))
        if why is not None:
            found.setdefault(build, why)
    return found


def uninstallable(answers: Sequence[EnvironmentAnswer]) -> dict[Record, EnvironmentProof]:
    """Return the proposal's packages that can be installed nowhere, each with the first environment that shows it."""
    run = [one for one in answers if one.question.part == "run"]
    somewhere = {record for one in run if one.status != "not-installable" for record in one.question.required}
    found: dict[Record, EnvironmentProof] = {}
    for one in run:
        for record in one.question.required:
            if record not in somewhere:
                found.setdefault(record, one.proof)
    return found


def useless_outputs(
    made: Sequence[Built], lost: Mapping[BuildKey, EnvironmentProof], stuck: Mapping[Record, EnvironmentProof]
) -> tuple[EnvironmentProof, ...]:
    """Return for each package of which no build can be made and installed an environment that shows it.

    It is the first with the reason that most of the package's builds have.
    """
    found: list[EnvironmentProof] = []
    for _, builds in groupby(sorted(made, key=_name), key=_name):
        why = [lost.get(build_key(one)) or stuck.get(one.record) for one in builds]
        known = [one for one in why if one is not None]
        if len(known) == len(why):
            counts = Counter((one.part, one.reason) for one in known)
            found.append(max(known, key=lambda one: counts[one.part, one.reason]))
    return tuple(found)


def not_built_for(
    view: Channel, cell: Cell, made: Sequence[Built], lost: Mapping[BuildKey, EnvironmentProof]
) -> tuple[EnvironmentProof, ...]:
    """Return why packages of a proposal can't be built for a cell: no build that is for its platform and Python can be.

    Of several variants of a package that are for the cell, one that can be built is enough.
    """
    fitting = _fitting(view, cell, made)
    mine = [one for one in made if one.record in fitting and _is_of_python(one, cell.python)]
    found = {}
    for name in dict.fromkeys(map(_name, mine)):
        why = [lost.get(build_key(one)) for one in mine if _name(one) == name]
        if why[0] is not None and all(why):
            found[name] = why[0]
    return tuple(found.values())


def _fitting(view: Channel, cell: Cell, made: Sequence[Built]) -> Container[Record]:
    return {record for some in rounds_of(view, cell, made) for record in some}


def _is_of_python(built: Built, python: str) -> bool:
    """Whether a build's variant has this Python; also true of what does not need Python, or where it is not known."""
    line = built.variant.get("python", "")
    needs = any(name_of(spec) in ("python", "python_abi") for spec in built.record.depends)
    if not (python and line and needs) or built.record.noarch is not None:
        return True
    return f"{line}.".startswith(f"{python.removesuffix('t')}.") and line.endswith("t") == python.endswith("t")


def _name(built: Built) -> str:
    return built.record.name
