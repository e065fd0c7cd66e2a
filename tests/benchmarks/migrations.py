"""How long a plan takes on a graph as large as conda-forge's, and how fast recipes are read.

    python tests/benchmarks/migrations.py [--recipes N] [--processes N]

Graph: feedstocks need others that came before them, popular ones more often, as on conda-forge; rings of members close
cycles; 27,000 feedstocks have about 200,000 needs and 3,100 members. Figures are best of three.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import networkx as nx
from figures import figure

from dirac_forge.feedstock.facts import FeedstockFacts, Need, read_facts
from dirac_forge.feedstock.graph import build_graph
from dirac_forge.feedstock.workspace import read_workspace
from dirac_forge.migration.plan import Plan, make_plan
from dirac_forge.migration.schema import parse_migration
from dirac_forge.store import Store

CONFIGURATION = """\
bot: {automerge: true}
build_platform: {linux_aarch64: linux_64, osx_arm64: osx_64}
conda_build: {error_overlinking: true}
conda_forge_output_validation: true
github: {branch_name: main, tooling_branch_name: main}
test: native_and_emulated
"""
PURE_V1 = """\
schema_version: 1

context:
  name: project-NUMBER
  version: "1.4.2"
  python_min: "3.10"

package:
  name: ${{ name|lower }}
  version: ${{ version }}

source:
  url: https://example.org/packages/source/${{ name[0] }}/${{ name }}/${{ name }}-${{ version }}.tar.gz
  sha256: "0000000000000000000000000000000000000000000000000000000000000000"

build:
  number: 0
  noarch: python
  script: ${{ PYTHON }} -m pip install . -vv --no-deps --no-build-isolation
  python:
    entry_points:
      - project-NUMBER = project.cli:main

requirements:
  host:
    - python ${{ python_min }}.*
    - hatchling
    - pip
  run:
    - python >=${{ python_min }}
    - requests >=2.30
    - packaging
    - click
    - pyyaml

tests:
  - python:
      imports:
        - project
      python_version: ${{ python_min }}.*
  - script:
      - project-NUMBER --help

about:
  homepage: https://example.org/project-NUMBER
  summary: A project that does one thing
  description: |
    It does it well, and says so in a few lines
    of text that nobody here reads.
  license: BSD-3-Clause
  license_file: LICENSE

extra:
  recipe-maintainers:
    - someone
"""
PURE_V0 = """\
{% set name = "project-NUMBER" %}
{% set version = "1.4.2" %}
{% set python_min = "3.10" %}

package:
  name: {{ name|lower }}
  version: {{ version }}

source:
  url: https://example.org/packages/source/{{ name[0] }}/{{ name }}/{{ name }}-{{ version }}.tar.gz
  sha256: 0000000000000000000000000000000000000000000000000000000000000000

build:
  number: 0
  noarch: python
  script: {{ PYTHON }} -m pip install . -vv --no-deps --no-build-isolation

requirements:
  host:
    - python {{ python_min }}
    - setuptools
    - pip
  run:
    - python >={{ python_min }}
    - requests >=2.30
    - packaging
    - click

test:
  imports:
    - project
  commands:
    - pip check
  requires:
    - pip
    - python {{ python_min }}

about:
  home: https://example.org/project-NUMBER
  summary: A project that does one thing
  license: BSD-3-Clause
  license_file: LICENSE

extra:
  recipe-maintainers:
    - someone
"""
COMPILED_V0 = """\
{% set name = "library-NUMBER" %}
{% set version = "2.7.1" %}
{% set build = 3 %}

package:
  name: {{ name }}
  version: {{ version }}

source:
  url: https://example.org/{{ name }}/{{ name }}-{{ version }}.tar.gz
  sha256: 0000000000000000000000000000000000000000000000000000000000000000
  patches:
    - 0001-static.patch  # [win]

build:
  number: {{ build }}
  skip: true  # [win and not x86_64]
  run_exports:
    - {{ pin_subpackage(name, max_pin="x.x") }}

requirements:
  build:
    - {{ compiler("c") }}
    - {{ compiler("cxx") }}
    - {{ stdlib("c") }}
    - cmake
    - ninja
    - make  # [unix]
  host:
    - openssl
    - zlib
    - libuuid  # [linux]
    - libiconv  # [osx]
  run:
    - openssl
    - zlib

test:
  commands:
    - test -f $PREFIX/lib/lib{{ name }}.so      # [linux]
    - test -f $PREFIX/lib/lib{{ name }}.dylib   # [osx]
    - if not exist %LIBRARY_BIN%\\{{ name }}.dll exit 1  # [win]

about:
  home: https://example.org/{{ name }}
  summary: A library
  license: MIT
  license_file: LICENSE

extra:
  recipe-maintainers:
    - someone
"""
COMPILED_V1 = """\
schema_version: 1

context:
  name: library-NUMBER
  version: "2.7.1"

package:
  name: ${{ name }}
  version: ${{ version }}

source:
  url: https://example.org/${{ name }}/${{ name }}-${{ version }}.tar.gz
  sha256: "0000000000000000000000000000000000000000000000000000000000000000"

build:
  number: 1
  skip: match(python, "<3.10")

requirements:
  build:
    - ${{ compiler("c") }}
    - ${{ stdlib("c") }}
    - cmake
    - if: build_platform != target_platform
      then:
        - python
        - cross-python_${{ target_platform }}
  host:
    - python
    - pip
    - if: unix
      then: openssl
    - if: linux
      then:
        - libuuid
      else:
        - libiconv
  run:
    - python
  run_exports:
    - ${{ pin_subpackage(name, upper_bound="x.x") }}

tests:
  - python:
      imports:
        - library

about:
  homepage: https://example.org/library
  license: MIT
  license_file: LICENSE

extra:
  recipe-maintainers:
    - someone
"""
EXAMPLES = (
    ("recipe.yaml", PURE_V1),
    ("meta.yaml", PURE_V0),
    ("meta.yaml", COMPILED_V0),
    ("recipe.yaml", COMPILED_V1),
)
MIGRATION = parse_migration("__migrator:\n  kind: version\nlib:\n- '2'\n", path="lib2.yaml")
EDGES = 200_000 / 27_000
MEMBERS = 2_300 / 27_000
RING = 25
"""Members of each cycle; there is one for every 900 feedstocks."""


def facts(count: int, *, cycles: bool = True) -> dict[str, FeedstockFacts]:
    """Facts of `count` feedstocks."""
    dice = random.Random(1)
    made: dict[str, FeedstockFacts] = {
        "lib": FeedstockFacts(recipe="recipe/meta.yaml", platforms=("linux-64",), outputs=("lib",))
    }
    for number in range(1, count):
        needs = []
        for line in range(int(EDGES) + (dice.random() < EDGES % 1)):
            # The square root makes early feedstocks popular: few are needed by very many.
            other = int(number * dice.random() ** 3)
            section = dice.choice(("host", "run", "run", "run", "test"))
            needs.append(_need(section, f"f{other}" if other else "f1", number, line))
        ring = cycles and number % 900 < RING <= number
        if ring:
            first = number - number % 900
            after = first + (number + 1 - first) % RING
            needs.append(_need("test" if after < number else "host", f"f{min(after, count - 1)}", number, 90))
        if ring or dice.random() < MEMBERS:
            needs.append(_need("host", "lib", number, 99))
        name = f"f{number}"
        made[name] = FeedstockFacts(
            recipe="recipe/meta.yaml", platforms=("linux-64",), outputs=(name,), needs=tuple(needs)
        )
    return made


def _need(section: str, name: str, number: int, line: int) -> Need:
    return Need(section, name, f"f{number}", name, line, 1, None)


def best(action: Callable[[], object]) -> float:
    """Seconds, best of three."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def planned(made: dict[str, FeedstockFacts]) -> Plan:
    return make_plan(build_graph(made), MIGRATION)


def graph_figures() -> None:
    """Plans from facts, against networkx on the same edges without cycles."""
    for count in (1_000, 3_000, 9_000, 27_000):
        made = facts(count)
        plan = planned(made)
        seconds = best(lambda made=made: planned(made))  # type: ignore[misc]
        edges = sum(len(one.needs) for one in made.values())
        print(
            f"{count:6,} feedstocks, {edges:7,} needs, {len(plan.network.names):5,} members, "
            f"{sum(map(len, plan.parents.values())):8,} edges, {len(plan.waves):3} waves, {len(plan.cycles)} cycles: "
            f"{seconds:.2f} s"
        )
    acyclic: nx.DiGraph[str] = nx.DiGraph()
    plain = facts(27_000, cycles=False)
    for name, one in plain.items():
        acyclic.add_edges_from((need.name, name) for need in one.needs if need.name != name)
    acyclic.remove_edges_from([(parent, child) for parent, child in acyclic.edges if parent == child])
    acyclic = nx.DiGraph((p, c) for p, c in acyclic.edges if p == "lib" or int(p[1:]) < int(c[1:]))
    reference = best(lambda: list(nx.topological_generations(acyclic)))
    own = best(lambda: planned(plain))
    print(f"networkx.topological_generations: {reference:.2f} s; a plan: {own:.2f} s = {own / reference:.1f} times")


def recipe_figures(count: int, processes: int) -> None:
    """Reading recipes from disk, without and with what was kept, and with what was kept but for 200 that changed."""
    dice = random.Random(2)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for number in range(count):
            place = root / "feedstocks" / f"f{number}" / "recipe"
            place.mkdir(parents=True)
            # Two in three feedstocks of conda-forge are pure Python; more and more recipes have format v1.
            name, text = EXAMPLES[dice.choices(range(4), (33, 33, 22, 12))[0]]
            (place / name).write_text(text.replace("NUMBER", str(number)), encoding="utf-8")
            (place.parent / "conda-forge.yml").write_text(CONFIGURATION, encoding="utf-8")
        store = Store(root / "cache")
        past = time.time() - 60
        for path in root.rglob("*.y*ml"):
            os.utime(path, (past, past))
        for words in ("uncached", "kept", "200 changed"):
            if words == "200 changed":
                for recipe in sorted(root.glob("feedstocks/*/recipe/*"))[:: max(1, count // 200)][:200]:
                    recipe.write_text(recipe.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
                    os.utime(recipe, (past, past))
            with ProcessPoolExecutor(processes) as executor:
                list(executor.map(abs, range(processes)))
                start = time.perf_counter()
                found = read_facts(read_workspace(root), None, store, executor=executor)
                seconds = time.perf_counter() - start
            bad = [one.error for one in found.values() if one.error]
            start = time.perf_counter()
            planned(found)
            most = {"kept": 1.5, "200 changed": 2.0}.get(words, 600.0) * count / 27_000
            figure(f"{count:,} recipes, {words}, and a plan", seconds + time.perf_counter() - start, most, unit="s")
            print(
                f"{count:,} recipes, {words}, {processes} processes: {count / seconds:,.0f} a second, {len(bad)} unread"
            )


def main() -> None:
    """Print all figures."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--recipes", type=int, default=2_000)
    arguments.add_argument("--processes", type=int, default=2)
    given = arguments.parse_args()
    graph_figures()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory: {peak:.0f} MB")
    recipe_figures(given.recipes, given.processes)


if __name__ == "__main__":
    main()
