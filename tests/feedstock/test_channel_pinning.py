"""What is told of a pinning when it is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dirac_forge.feedstock.channel_pinning import pinning_of
from dirac_forge.progress import Silent
from dirac_forge.settings import Settings


@dataclass
class Noting(Silent):
    warnings: list[str] = field(default_factory=list)

    def warned(self, message: str) -> None:
        self.warnings.append(message)


@dataclass
class World:
    settings: Settings
    observer: Noting = field(default_factory=Noting)


@pytest.mark.parametrize(
    ("lists", "shown"),
    [
        ("a:\n  - 1\n  - 2\nb:\n  - x\n", "a (2), b (1)"),
        ("a:\n  - 1\n  - 2  # [win]\nb:\n  - x\n", "a (2), b (1)"),
        ("a:\n  - 1\n  - 2  # [win]\nb:\n  - x\n  - y  # [win]\n", None),
        ("a:\n  - 1\n  - 2\n", None),
        ("a: [\n", None),
    ],
)
def test_zipped_lists_of_different_lengths_are_told(lists: str, shown: str | None, tmp_path: Path) -> None:
    path = tmp_path / "conda_build_config.yaml"
    path.write_text(f"{lists}zip_keys:\n  -\n    - a\n    - b\n", encoding="utf-8")
    world = World(Settings(workspace=tmp_path, cache=tmp_path / "cache", pinning=tmp_path))
    pinning = pinning_of(world, None)  # type: ignore[arg-type]  # a part of a context
    assert pinning is not None
    said = (
        f"{path}: the lists of these zip_keys have different lengths: {shown}; conda-build refuses that, and here all "
        "of their values are combined"
    )
    assert world.observer.warnings == ([said] if shown is not None else [])
