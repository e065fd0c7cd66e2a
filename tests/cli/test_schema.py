"""JSON Schemas: what they accept is what the readers accept, and docs/schemas/ has them."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from dirac_forge.cli import main
from dirac_forge.cli.schema import SCHEMAS
from dirac_forge.errors import InputError
from dirac_forge.settings import load

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("kind", sorted(SCHEMAS))
def test_published_schemas_are_up_to_date(capsys: pytest.CaptureFixture[str], kind: str) -> None:
    assert main(["schema", kind]) == 0
    printed = json.loads(capsys.readouterr().out)
    published = json.loads((ROOT / "docs" / "schemas" / f"{kind}.json").read_text(encoding="utf-8"))
    assert published == printed, f"run: dirac-forge schema {kind} > docs/schemas/{kind}.json"
    jsonschema.Draft202012Validator.check_schema(printed)


def test_all_schemas_in_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "--json"]) == 0
    assert sorted(json.loads(capsys.readouterr().out)) == sorted(SCHEMAS)


def test_settings_schema_has_defaults_and_descriptions() -> None:
    properties = SCHEMAS["settings"]()["properties"]
    assert properties["python-min"]["default"] == "3.10"
    assert properties["connections"] == {
        "description": "Connections to one host at the same time.",
        "type": "integer",
        "minimum": 1,
        "maximum": 64,
        "default": 8,
    }
    assert [key for key, entry in properties.items() if not entry.keys() & {"description", "$ref"}] == []


@pytest.mark.parametrize(
    "text",
    [
        "connections = 4\ntimeout = 2.5\nchannels = ['conda-forge']\n",
        "connections = 0\n",
        "platforms = ['Linux']\n",
        "platforms = []\n",
        "chanels = ['x']\n",
        "[targets.x]\nspecs = ['x']\n",
        "[targets.x]\nspec = ['x']\n",
        "[feedstocks.x]\nprojects = []\nbranches = { main = '>=1' }\n",
        "[names]\nA = 'a'\n",
        "[names]\nA = 'A'\n",
        "[virtual-packages.linux-64]\n__glibc = '2.28'\n",
        "[virtual-packages.linux-64]\nglibc = '2.28'\n",
        "[bot]\nper-run = 3\n",
        "[bot]\nper-run = true\n",
    ],
)
def test_settings_schema_agrees_with_the_reader(tmp_path: Path, text: str) -> None:
    headed = text.replace("[", "[tool.dirac-forge.", 1) if text.startswith("[") else f"[tool.dirac-forge]\n{text}"
    (tmp_path / "pyproject.toml").write_text(headed, encoding="utf-8")
    try:
        load(tmp_path, environ={}, flags={})
        accepted = True
    except InputError:
        accepted = False
    assert jsonschema.Draft202012Validator(SCHEMAS["settings"]()).is_valid(tomllib.loads(text)) is accepted
