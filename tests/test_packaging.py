"""What ships beside the code: hooks, the action, the image, and the metadata of the distribution."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from dirac_forge import __version__
from dirac_forge.cli.program import COMMANDS

ROOT = Path(__file__).parents[1]


def document(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def test_version_has_a_section_in_the_changelog() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    dated = [heading for heading in headings if re.fullmatch(rf"{re.escape(__version__)} - \d{{4}}-\d\d-\d\d", heading)]
    assert len(dated) == 1
    assert headings.index(dated[0]) <= 1


@pytest.mark.parametrize(
    ("hook", "path"),
    [
        ("dirac-forge-recipe", "recipe/recipe.yaml"),
        ("dirac-forge-recipe", "recipe/meta.yaml"),
        ("dirac-forge-recipe", "conda-forge.yml"),
        ("dirac-forge-migration", "migrations/openssl4.yaml"),
        ("dirac-forge-settings", "pyproject.toml"),
    ],
)
def test_hooks_run_a_command_on_its_files(hook: str, path: str) -> None:
    (entry,) = [each for each in document(".pre-commit-hooks.yaml") if each["id"] == hook]
    program, command = entry["entry"].split()
    assert program == "dirac-forge"
    assert command in COMMANDS
    assert re.search(entry["files"], path)
    assert not re.search(entry["files"], f"{path}.txt")


def test_action_runs_known_commands_and_takes_inputs_through_the_environment() -> None:
    action = document("action.yml")
    steps = action["runs"]["steps"]
    (run,) = [step for step in steps if step.get("id") == "run"]
    (listed,) = re.findall(r"^ *([a-z|]+)\) ;;$", run["run"], re.MULTILINE)
    assert set(listed.split("|")) <= set(COMMANDS)
    assert [step["run"] for step in steps if "${{" in step.get("run", "")] == []
    assert [step["uses"] for step in steps if "uses" in step and not re.search(r"@[0-9a-f]{40}$", step["uses"])] == []


def test_image_copies_what_the_build_context_has_and_runs_as_a_user() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = {source for line in lines if line.startswith("COPY ") for source in line.split()[1:-1]}
    kept = {
        line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")
    }
    assert copied == kept
    assert all((ROOT / source).exists() for source in copied)
    (base,) = [line.split()[1] for line in lines if line.startswith("FROM ")]
    assert re.search(r":\d", base)  # never `latest`
    assert lines.index("USER forge") < lines.index('ENTRYPOINT ["dirac-forge"]')


def test_every_import_of_the_package_is_a_declared_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [each for group in project["optional-dependencies"].values() for each in group]
    declared = {re.split(r"[><=\[!~]", each)[0] for each in (*project["dependencies"], *extras)}
    modules = {
        "backports": "backports.zstd",
        "cachecontrol": "cachecontrol",
        "distributed": "distributed",
        "jinja2": "jinja2",
        "jwt": "pyjwt",
        "license_expression": "license-expression",
        "msgspec": "msgspec",
        "networkx": "networkx",
        "packaging": "packaging",
        "platformdirs": "platformdirs",
        "pydantic": "pydantic",
        "pydantic_core": "pydantic",
        "pypi_simple": "pypi-simple",
        "rapidfuzz": "rapidfuzz",
        "rattler": "py-rattler",
        "rattler_build": "py-rattler-build",
        "requests": "requests",
        "rich": "rich",
        "ruamel": "ruamel.yaml",
        "typer": "typer",
        "urllib3": "urllib3",
        "yaml": "pyyaml",
    }
    imported = set()
    for path in (ROOT / "src").rglob("*.py"):
        imported |= set(re.findall(r"^\s*(?:import|from) (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE))
    used = {modules[name] for name in imported & modules.keys()}
    assert used - declared == set()
    assert declared - used <= {"grayskull"}  # read as data


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_distributions_have_the_assets_of_the_status_site(kind: str) -> None:
    builder = {"wheel": WheelBuilder, "sdist": SdistBuilder}[kind](str(ROOT))
    built = {Path(file.distribution_path).as_posix() for file in builder.recurse_included_files()}
    site = ROOT / "src/dirac_forge/report/site"
    wanted = [path for name in ("assets", "templates") for path in (site / name).iterdir()]
    assert len(wanted) > 12
    start = {"wheel": ROOT / "src", "sdist": ROOT}[kind]
    assert [path.name for path in wanted if path.relative_to(start).as_posix() not in built] == []
    if kind == "sdist":
        assert {f"tools/site/{name}" for name in ("package-lock.json", "build.mjs", "vendor.mjs")} <= built
        assert [path for path in built if "node_modules" in path] == []


def test_licences_are_of_the_libraries_that_the_lock_pins() -> None:
    locked = json.loads((ROOT / "tools/site/package-lock.json").read_text(encoding="utf-8"))["packages"]
    text = (ROOT / "src/dirac_forge/report/site/assets/LICENCES.txt").read_text(encoding="utf-8")
    named = dict(re.findall(r"^(@?[a-z0-9/-]+) (\d+\.\d+\.\d+) \((?:MIT|ISC|BSD-3-Clause)\)$", text, re.MULTILINE))
    assert {"@dagrejs/dagre", "@dagrejs/graphlib", "d3-zoom", "tablesort"} <= set(named)
    assert {name: locked[f"node_modules/{name}"]["version"] for name in named} == named
