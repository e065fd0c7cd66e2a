"""Temporary folders of values."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dirac_forge.scratch import remove_scratch_folders, scratch_folder


class Owner:
    """What reads a folder."""


def test_a_folder_goes_with_its_owner() -> None:
    owner = Owner()
    folder = scratch_folder(owner)
    (folder / "file").write_text("x", encoding="utf-8")
    assert folder.is_dir()
    del owner
    gc.collect()
    assert not folder.exists()


def test_folders_of_living_owners_can_be_removed_at_once() -> None:
    owner = Owner()
    folder = scratch_folder(owner)
    remove_scratch_folders()
    assert not folder.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="TMPDIR names the folder elsewhere")
@pytest.mark.parametrize("end", ["return 3", "raise KeyboardInterrupt"])
def test_a_process_leaves_no_folder_behind(tmp_path: Path, end: str) -> None:
    script = (
        "from dirac_forge.cli.process import run_process\n"
        "from dirac_forge.scratch import scratch_folder\n"
        "def main():\n"
        "    main.folder = scratch_folder(main)\n"
        "    print(main.folder.is_dir(), flush=True)\n"
        f"    {end}\n"
        "run_process(main)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        timeout=60,
        text=True,
    )
    assert (done.stdout, done.returncode) == ("True\n", 130 if "Interrupt" in end else 3)
    assert not list(tmp_path.iterdir())
