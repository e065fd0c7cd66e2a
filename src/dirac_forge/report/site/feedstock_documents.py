"""The data files of feedstocks: recipe, release lines, proposals, history, migrations, and who needs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dirac_forge.feedstock.change import Skip
from dirac_forge.feedstock.facts import FeedstockFacts
from dirac_forge.report.bumps_json import bumps_json
from dirac_forge.report.site.inputs import FeedstockLine, SiteInputs, Unavailable

Document = dict[str, Any]


def feedstock_documents(
    inputs: SiteInputs, targets: Mapping[str, Document], migrations: Sequence[Document]
) -> dict[str, Document]:
    """Return the data of each feedstock that the workspace or the ledger has, by name."""
    facts = {} if inputs.graph is None else inputs.graph.facts
    bumps = _bumps(inputs)
    waiting = _dependents(inputs)
    members = _memberships(migrations)
    installed = {name: {each["name"] for each in document["packages"]} for name, document in targets.items()}
    return {
        name: {
            "feedstock": name,
            "facts": _facts(facts.get(name)),
            "lines": [_line(line) for line in inputs.lines.get(name, ())],
            "bumps": bumps.get(name, []),
            "why": _histories(inputs).get(name),
            "migrations": members.get(name, []),
            "dependents": waiting.get(name, []),
            "targets": [each for each, mine in installed.items() if mine.intersection(_outputs(facts.get(name)))],
        }
        for name in sorted({*(name.partition("@")[0] for name in facts), *_histories(inputs)})
    }


def _bumps(inputs: SiteInputs) -> dict[str, list[Document]]:
    """Return what `bump` answers for each feedstock."""
    found: dict[str, list[Document]] = {}
    for result in () if isinstance(inputs.bumps, Unavailable) else inputs.bumps:
        name = result.feedstock if isinstance(result, Skip) else result.change.feedstock
        found.setdefault(name, []).extend(bumps_json([result])["bumps"])
    return found


def _histories(inputs: SiteInputs) -> Mapping[str, Mapping[str, Any]]:
    return {} if isinstance(inputs.ledger, Unavailable) else inputs.ledger.histories


def _outputs(facts: FeedstockFacts | None) -> tuple[str, ...]:
    return () if facts is None else facts.outputs


def _line(line: FeedstockLine) -> Document:
    return {"branch": line.branch, "versions": line.versions, "here": line.here}


def _facts(facts: FeedstockFacts | None) -> Document | None:
    if facts is None:
        return None
    return {
        "version": facts.version,
        "build_number": facts.build_number,
        "recipe": facts.recipe,
        "outputs": list(facts.outputs),
        "platforms": list(facts.platforms),
        "noarch": facts.noarch,
        "needs": [
            {
                "section": need.section,
                "name": need.name,
                "output": need.output,
                "text": need.written,
                "line": need.line,
                "platforms": list(facts.platforms_of(need.platforms)),
                "condition": need.condition,
            }
            for need in facts.needs
        ],
        "exports": sorted({f"{each.strength}: {each.name}" for each in facts.exports}),
        "applied": list(facts.applied),
        "notes": [*facts.notes, *facts.problems],
        "error": facts.error,
    }


def _dependents(inputs: SiteInputs) -> dict[str, list[Document]]:
    """Return for each feedstock those that need one of its packages, with the sections that do."""
    graph = inputs.graph
    if graph is None:
        return {}
    found: dict[str, dict[str, dict[str, None]]] = {}
    for name, facts in graph.facts.items():
        for need in facts.needs:
            for maker in graph.makers_of(need.name):
                if maker.partition("@")[0] != name.partition("@")[0]:
                    found.setdefault(maker, {}).setdefault(name, {})[need.section] = None
    return {
        maker: [{"feedstock": name, "sections": list(sections)} for name, sections in sorted(each.items())]
        for maker, each in found.items()
    }


def _memberships(migrations: Sequence[Document]) -> dict[str, list[Document]]:
    """Return for each feedstock the migrations that it is a member of, with its state and who waits for it there."""
    found: dict[str, list[Document]] = {}
    for document in migrations:
        waves = {each["feedstock"]: each["wave"] for each in document["plan"].get("members", ())}
        children: dict[str, list[str]] = {}
        for edge in document["plan"].get("edges", ()):
            children.setdefault(edge["parent"], []).append(edge["child"])
        states = {each["feedstock"]: each for each in document["status"].get("feedstocks", ())}
        for name, wave in waves.items():
            state = states.get(name, {})
            found.setdefault(name.partition("@")[0], []).append(
                {
                    "migration": document["migration"],
                    "member": name,
                    "wave": wave,
                    "state": state.get("state"),
                    "evidence": state.get("evidence"),
                    "waits_for": state.get("waits_for", []),
                    "blocks": state.get("blocks"),
                    "children": sorted(children.get(name, ())),
                }
            )
    return found
