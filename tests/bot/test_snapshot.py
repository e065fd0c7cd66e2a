"""dirac-grid and m2crypto as they stand in the shared data, with an index of their next releases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dirac_forge.cli import main
from support.archives import metadata, sdist, wheel
from support.index import IndexFile, PackageIndex

SHARED = Path(__file__).parents[3] / "shared/conda-forge"
LICENSE = "https://raw.githubusercontent.com/DIRACGrid/DIRAC/refs/tags/v9.1.22/LICENSE"

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data are not here")


def release(project: str, version: str, *lines: str) -> dict[str, bytes | IndexFile]:
    stem = project.lower()
    build = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
    source = {"pyproject.toml": build, "PKG-INFO": metadata(project, version, *lines)}
    return {
        f"{stem}-{version}-py3-none-any.whl": wheel(stem, version, *lines),
        f"{stem}-{version}.tar.gz": sdist(stem, version, source),
    }


def dirac(version: str, m2crypto: str) -> dict[str, bytes | IndexFile]:
    return release("DIRAC", version, f"Requires-Dist: M2Crypto>={m2crypto}", "Requires-Python: >=3.11")


INDEX = {
    "DIRAC": {**dirac("9.1.9", "0.36"), **dirac("9.1.22", "0.50")},
    "DIRACCommon": {**release("DIRACCommon", "9.1.9"), **release("DIRACCommon", "9.1.22")},
    "M2Crypto": {**release("M2Crypto", "0.45.1"), **release("M2Crypto", "0.51.0")},
}


def test_m2crypto_first_and_dirac_grid_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DIRAC_FORGE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "feedstocks").mkdir()
    for name in ("dirac-grid", "m2crypto"):
        (tmp_path / "feedstocks" / name).symlink_to(SHARED / "feedstocks" / name)
    known = tmp_path / "known.json"
    known.write_text(json.dumps({LICENSE: "b" * 64}), encoding="utf-8")
    with PackageIndex(INDEX) as index:
        options = ["--workspace", str(tmp_path), "--channel", str(SHARED / "channel"), "--index-url", index.url]
        options += ["--pinning", str(SHARED / "pinning"), "--known-sha256", str(known), "--platform", "linux-64"]
        assert main(["bump", *options, "--python", "3.12", "--dependencies", "update", "--json", "-q"]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["bumps"]
    first, second = found
    assert (first["feedstock"], first["to"], first["status"], first["waits_for"]) == (
        "m2crypto",
        "0.51.0",
        "proposed",
        [],
    )
    assert [(one["platform"], one["python"], one["outcome"]) for one in first["checks"]] == [
        ("linux-64", "3.12", "same")
    ]
    assert (second["feedstock"], second["to"], second["status"]) == ("dirac-grid", "9.1.22", "waiting")
    assert second["waits_for"] == ["m2crypto"]
    assert second["blocked_by"] == [
        "m2crypto >=0.50 (run of dirac-grid): the channel has m2crypto 0.45.1, the bump of m2crypto brings 0.51.0"
    ]
    # With both laid over the channel it can be installed.
    assert second["proof"]["beside"] == ["m2crypto"]
    (check,) = second["checks"]
    assert (check["outcome"], check["reason"]) == ("better", "dirac-grid 9.1.9 → 9.1.22")
