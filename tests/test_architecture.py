"""The shape of the package: what import-linter's layers do not say."""

from __future__ import annotations

import ast
import re
import subprocess
from collections import defaultdict
from pathlib import Path

import grimp
import networkx as nx
import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "dirac_forge"


def test_public_class_names_are_unique() -> None:
    places = defaultdict(list)
    for path in sorted(PACKAGE.rglob("*.py")):
        for name in _PUBLIC_CLASS.findall(path.read_text(encoding="utf-8")):
            places[name].append(path.relative_to(PACKAGE).as_posix())
    assert {name: files for name, files in places.items() if len(files) > 1} == {}


_PUBLIC_CLASS = re.compile(r"^class ([^\W_]\w*)", re.MULTILINE)

WRITTEN_BY_PEOPLE = {"Accepted.reason", "NameEntry.reason"}
"""Reasons that come out of a file as they are."""
MESSAGES = {
    "Lost.reason",
    "NoSmithy.reason",
    "NotBuildable.reason",
    "NotCompared.reason",
    "NotRead.reason",
    "Refusal.reason",
    "Rejected.reason",
    "SourceUnavailable.reason",
    "UnreadCommits.reason",
}
"""Reasons that are the message of an error, or become one: there is no more to know."""
RECORDED = {"LedgerLine.reason"}
"""As it was worded when it was written into a file, next to its type."""


def test_reasons_of_results_are_values() -> None:
    """A reason is a type with fields: only `report` words it, so that a better wording changes no behaviour."""
    texts = {
        f"{kind.name}.reason"
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.relative_to(PACKAGE).parts[0] not in {"report", "cli"}
        if "    reason: str" in path.read_text(encoding="utf-8")  # parsing every file takes long
        for kind in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(kind, ast.ClassDef) and not kind.name.startswith("_")
        if any(_is_text_reason(statement) for statement in kind.body)
    }
    assert texts - WRITTEN_BY_PEOPLE - MESSAGES - RECORDED == set()


def _is_text_reason(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
        return False
    return statement.target.id == "reason" and ast.unparse(statement.annotation) in {"str", "str | None"}


def test_files_do_not_import_each_other_in_circles() -> None:
    graph = grimp.build_graph("dirac_forge", cache_dir=None)
    imports: nx.DiGraph[str] = nx.DiGraph(
        (module, imported) for module in graph.modules for imported in graph.find_modules_directly_imported_by(module)
    )
    circles = [sorted(group) for group in nx.strongly_connected_components(imports) if len(group) > 1]
    assert circles == []


_IMPORT = re.compile(r"^(?:from ([\w.]+) import (?:\(([^)]*)\)|([^#\n]*))|import ([\w.]+))", re.MULTILINE)
"""At the top level: what a function or a condition imports is indented."""


def _loaded(start: str) -> set[str]:
    """Return the modules that importing one of the package's imports, and the packages from elsewhere."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        base = PACKAGE.parent / name.replace(".", "/")
        path = next((one for one in (base.with_suffix(".py"), base / "__init__.py") if one.is_file()), None)
        for whole, several, line, plain in _IMPORT.findall(path.read_text(encoding="utf-8")) if path else ():
            module = whole or plain
            own = module.startswith("dirac_forge")
            waiting.append(module if own else module.partition(".")[0])
            waiting += [f"{module}.{part.split()[0]}" for part in (several or line).split(",") if own and part.strip()]
    return found


@pytest.mark.parametrize(
    "module",
    [
        "dirac_forge.cli.bump_run",
        "dirac_forge.cli.bump_answer",
        "dirac_forge.report.bodies",
        "dirac_forge.proposals.drift",
    ],
)
def test_bumps_load_neither_the_solver_nor_graphs(module: str) -> None:
    """Each takes 0.1 to 0.3 s, and a bump that is not proved needs none of them."""
    assert (
        _loaded(module) & {"rattler", "networkx", "rich", "ruamel", "grayskull", "dirac_forge.migration.plan"} == set()
    )
    assert {"dirac_forge.feedstock.change", "packaging"} <= _loaded(module)


def test_the_index_is_asked_before_what_decides_bumps_is_loaded() -> None:
    late = {"dirac_forge.bump.proposal", "dirac_forge.proposals.bumps", "dirac_forge.recipe.editing.edit"}
    assert _loaded("dirac_forge.cli.bump") & late == set()
    assert "dirac_forge.upstream.lookup" in _loaded("dirac_forge.cli.bump")


def test_text_files_have_an_encoding() -> None:
    """Without one it depends on the locale what a file says."""
    bare = [
        f"{path.name}:{node.lineno}"
        for path in sorted((*PACKAGE.rglob("*.py"), *Path(__file__).parent.rglob("*.py")))
        if any(_MAYBE_BARE.search(line) for line in path.read_text(encoding="utf-8").splitlines())
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_bare(node, node.func.attr)
    ]
    assert bare == []


_MAYBE_BARE = re.compile(r"\.(?:read|write)_text\((?!.*encoding)")
"""Parsing every file takes long: only those are parsed in which a line looks like it."""


def _is_bare(call: ast.Call, method: str) -> bool:
    arguments = {"read_text": 0, "write_text": 1}
    named = any(keyword.arg in ("encoding", None) for keyword in call.keywords)
    return method in arguments and not named and len(call.args) == arguments[method]


def test_names_of_files_are_plain() -> None:
    """A test that fails may leave such a file behind, and a system that can't write its name can't clone."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PACKAGE.parents[1], capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git repository")
    assert [name for name in listed.stdout.decode().split("\0") if not re.fullmatch(r"[A-Za-z0-9._/+@-]*", name)] == []
