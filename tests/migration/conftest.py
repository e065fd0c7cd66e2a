"""Small graphs of feedstocks, written as requirements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest

from dirac_forge.feedstock.facts import Export, FeedstockFacts, Need
from dirac_forge.feedstock.graph import Graph, build_graph
from dirac_forge.migration.schema import Migration, parse_migration

Sections = Mapping[str, Sequence[str]]
GraphOf = Callable[..., Graph]
MigrationOf = Callable[..., Migration]

PLATFORMS = ("linux-64", "osx-64")


def facts(sections: Sections) -> FeedstockFacts:
    """Facts of a feedstock: build, host, run, test to names (`name@0` only on the first platform); and, by other keys,
    `outputs`, `strong` (exported), `weak`, `noarch` (anything), `applied`."""
    output = (sections.get("outputs") or ["?"])[0]
    needs = []
    for section in ("build", "host", "run", "test"):
        for line, text in enumerate(sections.get(section, ()), start=1):
            name, _, bit = text.partition("@")
            mask = 1 << int(bit) if bit else 3
            needs.append(Need(section, name, output, name, line, mask, None))
    exports = [
        Export(output, strength, name, 3) for strength in ("strong", "weak") for name in sections.get(strength, ())
    ]
    return FeedstockFacts(
        recipe="recipe/meta.yaml",
        platforms=PLATFORMS,
        outputs=tuple(sections.get("outputs", ())),
        version="1.0",
        build_number=0,
        noarch="noarch" in sections,
        noarch_python="noarch" in sections,
        needs=tuple(needs),
        exports=tuple(exports),
        ignored=tuple((output, name) for name in sections.get("ignored", ())),
        applied=tuple(sections.get("applied", ())),
    )


@pytest.fixture
def graph_of() -> GraphOf:
    """A graph from feedstock to sections; a feedstock makes a package of its name unless `outputs` say otherwise."""

    def make(feedstocks: Mapping[str, Sections], **unreadable: str) -> Graph:
        made = {name: facts({"outputs": [name], **sections}) for name, sections in feedstocks.items()}
        made |= {name: FeedstockFacts(recipe="recipe/meta.yaml", error=error) for name, error in unreadable.items()}
        return build_graph(made)

    return make


@pytest.fixture
def migration_of() -> MigrationOf:
    """A migration of some keys, `lib` by default, with lines for `__migrator`."""

    def make(*lines: str, keys: Sequence[str] = ("lib",), name: str = "lib2") -> Migration:
        head = "".join(f"  {line}\n" for line in ("kind: version", "migration_number: 1", *lines))
        pins = "".join(f"{key}:\n- '2'\n" for key in keys)
        return parse_migration(f"__migrator:\n{head}{pins}migrator_ts: 1700000000\n", path=f"{name}.yaml")

    return make
