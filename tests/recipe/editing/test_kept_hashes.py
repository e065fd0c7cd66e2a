"""Hashes and mirrors that an edit leaves as they are, and what is said of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from dirac_forge.bump.bump_notes import OtherMirror
from dirac_forge.bump.versions import edited
from dirac_forge.http import NotFoundError
from dirac_forge.recipe.editing.edit import finish, notes_on, start
from dirac_forge.recipe.editing.notes import HashKept, MirrorKept, OldHashLeft
from dirac_forge.upstream.digests import Digest

OLD, NEW = "a" * 64, "b" * 64
LONG = "c" * 128
FRESH = {"https://e.org/a-1.3.zip": {"sha256": NEW}}


def recipe(source: str, path: str = "meta.yaml") -> str:
    v1 = path == "recipe.yaml"
    head = 'context:\n  version: "1.2"\n' if v1 else '{% set version = "1.2" %}\n'
    version = "${{ version }}" if v1 else "{{ version }}"
    return f"{head}package:\n  name: x\n  version: {version}\nsource:\n{source}build:\n  number: 0\n"


@pytest.mark.parametrize(
    ("path", "source", "note"),
    [
        (
            "meta.yaml",
            (f"  url: https://e.org/a-{{{{ version }}}}.zip\n  sha256: {OLD}\n  content_sha512: {LONG}  # [win]\n"),
            HashKept(line=8, kind="content_sha512"),
        ),
        (
            "meta.yaml",
            (
                f"  - url: https://e.org/a-{{{{ version }}}}.zip\n    sha256: {OLD}\n"
                f"  - git_url: https://e.org/x.git  # [win]\n    git_rev: v{{{{ version }}}}  # [win]\n"
                f"    content_md5: {'d' * 32}  # [win]\n"
            ),
            HashKept(line=10, kind="content_md5"),
        ),
        (
            "recipe.yaml",
            (
                f"  - url: https://e.org/a-${{{{ version }}}}.zip\n    sha256: {OLD}\n  - if: win\n    then:\n"
                f"      url: https://e.org/b-${{{{ version }}}}.zip\n      sha512: {LONG}\n"
            ),
            HashKept(line=12),
        ),
        (
            "meta.yaml",
            (
                f"  - url: https://e.org/a-{{{{ version }}}}.zip\n    sha256: {OLD}\n"
                f"  - url: '{{{{ mirror }}}}/b-{{{{ version }}}}.zip'  # [win]\n    sha256: {'e' * 64}  # [win]\n"
            ),
            HashKept(line=9),
        ),
        (
            "meta.yaml",
            (
                f"  - url: https://e.org/a-{{{{ version }}}}.zip\n    sha256: {OLD}\n"
                f"  - url: https://e.org/b-{{{{ version }}}}.zip  # [linux32]\n    sha512: {LONG}  # [linux32]\n"
            ),
            HashKept(line=9),
        ),
    ],
    ids=["beside", "checkout", "v1", "mirror", "unread"],
)
def test_a_hash_of_a_platform_that_is_not_built_is_told(path: str, source: str, note: HashKept) -> None:
    text = recipe(source, path)
    draft = start(text, path=path, to="1.3", settings=[("linux-64", {})], unbuilt=[("win-64", {}), ("osx-64", {})])
    assert notes_on(finish(draft, FRESH), draft, FRESH) == (note,)


def test_a_hash_of_another_kind_whose_file_stays_is_not_told() -> None:
    source = (
        f"  - url: https://e.org/a-{{{{ version }}}}.zip\n    sha256: {OLD}\n"
        f"  - url: https://e.org/data.zip\n    sha512: {LONG}\n"
        f"  - url: https://e.org/tool.zip  # [win]\n    sha512: {'f' * 128}  # [win]\n"
    )
    draft = start(recipe(source), path="meta.yaml", to="1.3", settings=[("linux-64", {})], unbuilt=[("win-64", {})])
    assert notes_on(finish(draft, FRESH), draft, FRESH) == ()


SKIPPED_V0 = f"""\
{{% set version = "1.2" %}}
{{% set arch = "x86" %}}  # [linux]
package:
  name: x
  version: {{{{ version }}}}
build:
  number: 0
outputs:
  - name: a
    build:
      skip: true  # [not linux]
    source:
      url: https://e.org/a-{{{{ version }}}}-{{{{ arch }}}}.zip
      sha256: {OLD}  # [linux]
      sha256: {"d" * 64}  # [not linux]
  - name: b
    source:
      url: https://e.org/b-{{{{ version }}}}.zip
      sha256: {"e" * 64}
"""
SKIPPED_V1 = f"""\
context:
  version: "1.2"
  arch: ${{{{ "x86" if linux else "arm" }}}}
recipe:
  name: x
  version: ${{{{ version }}}}
build:
  number: 0
outputs:
  - package:
      name: a
    build:
      skip: not linux
    source:
      url: https://e.org/a-${{{{ version }}}}-${{{{ arch }}}}.zip
      sha256: ${{{{ "{OLD}" if linux else "{"d" * 64}" }}}}
  - package:
      name: b
    source:
      url: https://e.org/b-${{{{ version }}}}.zip
      sha256: {"e" * 64}
"""


@pytest.mark.parametrize(("path", "text", "line"), [("meta.yaml", SKIPPED_V0, 15), ("recipe.yaml", SKIPPED_V1, 16)])
def test_sources_of_an_output_that_is_skipped_decide_nothing(path: str, text: str, line: int) -> None:
    draft = start(text, path=path, to="1.3", settings=[("linux-64", {}), ("osx-64", {})])
    hashes = {"https://e.org/a-1.3-x86.zip": {"sha256": NEW}, "https://e.org/b-1.3.zip": {"sha256": "f" * 64}}
    after = finish(draft, hashes)
    assert after == text.replace("1.2", "1.3").replace(OLD, NEW).replace("e" * 64, "f" * 64)
    assert notes_on(after, draft, hashes) == (HashKept(line=line),)


@pytest.mark.parametrize("path", ["meta.yaml", "recipe.yaml"])
def test_an_old_hash_in_a_script_is_told(path: str) -> None:
    version = "${{ version }}" if path == "recipe.yaml" else "{{ version }}"
    source = (
        f"  - url: https://e.org/a-{version}.zip\n    sha256: {OLD}\n"
        f"  - url: https://e.org/data.zip\n    sha256: {'d' * 64}\n"
    )
    text = recipe(source, path) + (
        f"  script:\n    # {OLD} it was\n    - echo '{OLD} a.zip' | sha256sum -c\n"
        f"    - echo '{'d' * 64} data.zip' | sha256sum -c  # not {OLD}\n"
    )
    draft = start(text, path=path, to="1.3", settings=[("linux-64", {})])
    after = finish(draft, FRESH)
    assert notes_on(after, draft, FRESH) == (OldHashLeft(line=15 if path == "recipe.yaml" else 14, version="1.2"),)


class Mirrors:
    """Every file is there; the first mirror has had the same one for years."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def of(self, url: str, algorithms: object) -> Digest:
        self.asked.append(url)
        if "dead" in url:
            raise NotFoundError(f"{url}: not found")
        return Digest(url=url, hashes={"sha256": OLD if "latest" in url else NEW}, origin="given")

    def listed(self, url: str, version: str) -> str | None:
        return None


def test_a_hash_is_never_that_of_a_mirror_that_did_not_move() -> None:
    text = recipe(
        "  url:\n    - https://e.org/latest.zip\n    - https://dead.org/a-{{ version }}.zip\n"
        f"    - https://e.org/a-{{{{ version }}}}.zip\n  sha256: {'9' * 64}\n"
    )
    files = Mirrors()
    with ThreadPoolExecutor(1) as executor:
        done = edited(text, path="meta.yaml", to="1.3", files=files, executor=executor)
    assert files.asked == ["https://dead.org/a-1.3.zip", "https://e.org/a-1.3.zip"]
    assert done.after == text.replace('"1.2"', '"1.3"').replace("9" * 64, NEW)
    assert done.notes == (
        OtherMirror(url="https://dead.org/a-1.3.zip", asked="https://e.org/a-1.3.zip", failed=True),
        MirrorKept(line=7, url="https://e.org/latest.zip"),
    )
