"""What packages export, and what follows for those that are built with them."""

from __future__ import annotations

from pathlib import Path

from dirac_forge.feedstock.facts import read_facts
from dirac_forge.feedstock.graph import Graph, build_graph
from dirac_forge.feedstock.workspace import FeedstockFolder
from dirac_forge.migration.exports import PinExports, exports_of
from dirac_forge.store import Store

PYTHON = """\
{% if build_type == "debug" %}
{% set debug = "yes" %}
{% else %}
{% set debug = "no" %}
{% endif %}
package: {name: python, version: 3.14.1}
build:
  number: 0
  run_exports:
    noarch:
      - python
    weak:
      - python_abi 3.14.* *_cp314
      - onlylinux  # [linux]
{% if debug == "yes" %}
      - python 3.14.* *_debug_cp314
{% endif %}
"""


def graph_of(root: Path, text: str, configuration: str = "") -> Graph:
    (root / "recipe").mkdir(parents=True)
    (root / "recipe/meta.yaml").write_text(text, encoding="utf-8")
    (root / "recipe/conda_build_config.yaml").write_text(configuration, encoding="utf-8")
    return build_graph(read_facts([FeedstockFolder("python", root)], None, Store(None)))


def test_what_a_debug_variant_exports_is_no_pin(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, PYTHON, "build_type:\n- release\n- debug\n")
    exports = exports_of(graph, frozenset({"python"}))
    assert exports == PinExports(
        {"python": ("python_abi", "onlylinux")}, {("python", "onlylinux"): frozenset({"linux-64"})}
    )
    assert exports.of("python", "linux-64") == ("python_abi", "onlylinux")
    assert exports.of("python", "osx-64") == ("python_abi",)


def test_python_exports_its_abi_also_where_nothing_here_tells() -> None:
    graph = build_graph({})
    assert exports_of(graph, frozenset({"python", "lib"})).by_package == {"python": ("python_abi",)}
    known = exports_of(graph, frozenset({"python"}), known=lambda package: ("other",))
    assert known.by_package == {"python": ("other",)}


def test_what_only_some_variants_export_tells_nothing(tmp_path: Path) -> None:
    text = (
        "package: {name: lib, version: 1}\nbuild:\n  run_exports:\n"
        "    - lib-one  # [mpi == 'one']\n    - lib-two  # [mpi == 'two']\n"
    )
    graph = graph_of(tmp_path, text, "mpi:\n- one\n- two\n")
    assert exports_of(graph, frozenset({"lib"})).by_package == {}
