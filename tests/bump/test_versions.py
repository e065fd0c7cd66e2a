"""Edits with the files of the new version, also where upstream's URLs changed."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from dirac_forge.bump.bump_notes import EnclosedSource
from dirac_forge.bump.versions import MissingFileError, UnansweredError, edited
from dirac_forge.errors import UnknownError
from dirac_forge.http import NotFoundError
from dirac_forge.report.bump_reasons import worded
from dirac_forge.upstream.digests import Digest

OLD, NEW = "a" * 64, "b" * 64
HASHED = f"https://files.pythonhosted.org/packages/6a/5d/{'1' * 60}"


@dataclass
class There:
    """Files that are there; all other URLs are not, or nobody answers."""

    urls: Collection[str]
    index: str | None = None
    silent: bool = False

    def of(self, url: str, algorithms: Collection[str]) -> Digest:
        if url in self.urls:
            return Digest(url=url, hashes=dict.fromkeys(algorithms, NEW), origin="given")
        if self.silent:
            raise UnknownError(f"{url} can't be reached")
        raise NotFoundError(f"{url}: not found")

    def listed(self, url: str, version: str) -> str | None:
        return self.index


def recipe(url: str, *, sha256: str = OLD) -> str:
    return (
        '{% set name = "My-Demo" %}\n{% set version = "1.2.3" %}\npackage:\n  name: {{ name | lower }}\n'
        f"  version: {{{{ version }}}}\nsource:\n  url: {url}\n  sha256: {sha256}\nbuild:\n  number: 0\n"
    )


def url_after(text: str, files: There, to: str = "2.0") -> tuple[str, tuple[str, ...]]:
    with ThreadPoolExecutor(2) as executor:
        done = edited(text, path="meta.yaml", to=to, files=files, executor=executor)
    assert NEW in done.after
    line = next(line for line in done.after.split("\n") if "url:" in line)
    return line.strip().removeprefix("url: "), tuple(map(worded, done.notes))


@pytest.mark.parametrize(
    ("before", "there", "after", "said"),
    [
        (
            "https://pypi.io/packages/source/M/My-Demo/{{ name }}-{{ version }}.tar.gz",
            "https://pypi.io/packages/source/M/My-Demo/My-Demo-2.0.tar.gz",
            "https://pypi.io/packages/source/M/My-Demo/{{ name }}-{{ version }}.tar.gz",
            None,
        ),
        (
            "https://pypi.io/packages/source/M/My-Demo/{{ name }}-{{ version }}.tar.gz",
            "https://pypi.org/packages/source/M/My-Demo/My-Demo-2.0.tar.gz",
            "https://pypi.org/packages/source/M/My-Demo/{{ name }}-{{ version }}.tar.gz",
            "the host is pypi.org",
        ),
        (
            "https://pypi.org/packages/source/M/My-Demo/{{ name }}-{{ version }}.tar.gz",
            "https://pypi.org/packages/source/M/My-Demo/my_demo-2.0.tar.gz",
            "https://pypi.org/packages/source/M/My-Demo/my_demo-{{ version }}.tar.gz",
            "the sdist's name is normalised (PEP 625)",
        ),
        (
            "https://pypi.org/packages/source/M/My-Demo/My-Demo-{{ version }}.zip  # [unix]",
            "https://pypi.org/packages/source/M/My-Demo/my_demo-2.0.tar.gz",
            "https://pypi.org/packages/source/M/My-Demo/my_demo-{{ version }}.tar.gz  # [unix]",
            "the sdist's name is normalised (PEP 625); the archive is .tar.gz now",
        ),
        (
            '"https://github.com/x/demo/archive/v{{ version }}.tar.gz"',
            "https://github.com/x/demo/archive/2.0.tar.gz",
            '"https://github.com/x/demo/archive/{{ version }}.tar.gz"',
            "the tag's prefix `v` changed",
        ),
        (
            "https://github.com/x/demo/archive/refs/tags/{{ version }}.tar.gz",
            "https://github.com/x/demo/archive/refs/tags/v2.0.tar.gz",
            "https://github.com/x/demo/archive/refs/tags/v{{ version }}.tar.gz",
            "the tag's prefix `v` changed",
        ),
        (
            "https://github.com/x/demo/releases/download/v{{ version }}/Demo-App-{{ version }}.tar.gz",
            "https://github.com/x/demo/releases/download/v2.0/demo_app-2.0.tar.gz",
            "https://github.com/x/demo/releases/download/v{{ version }}/demo_app-{{ version }}.tar.gz",
            "the file's name is spelled differently",
        ),
        (
            "'https://github.com/x/demo/releases/download/v{{ version }}/{{ name }}-{{ version }}.tar.gz'",
            "https://github.com/x/demo/releases/download/v2.0/my_demo-2.0.tar.gz",
            (
                "'https://github.com/x/demo/releases/download/v{{ version }}/"
                '{{ name | replace("-", "_") | lower }}-{{ version }}.tar.gz\''
            ),
            "the file's name is spelled differently",
        ),
        (
            "https://github.com/x/demo/releases/download/v{{ version }}/demo-{{ version }}.tar.gz",
            "https://github.com/x/demo/releases/download/v2.0/demo-v2.0.tar.gz",
            "https://github.com/x/demo/releases/download/v{{ version }}/demo-v{{ version }}.tar.gz",
            "the prefix `v` of the file's version changed",
        ),
        (
            "https://example.com/demo-{{ version }}.tar.bz2",
            "https://example.com/demo-2.0.tar.xz",
            "https://example.com/demo-{{ version }}.tar.xz",
            "the archive is .tar.xz now",
        ),
    ],
)
def test_patterns_of_urls_that_changed(before: str, there: str, after: str, said: str | None) -> None:
    assert url_after(recipe(before), There({there})) == (after, (f"{there}: {said}",) if said else ())


@pytest.mark.parametrize(
    ("head", "after"),
    [
        (
            '{% set url = "https://e.org/demo-" ~ version ~ ".tar.bz2" %}',
            '{% set url = "https://e.org/demo-" ~ version ~ ".zip" %}',
        ),
        (
            '{% set ext = "tar.bz2" %}\n{% set url = "https://e.org/demo-" ~ version ~ "." ~ ext %}',
            '{% set ext = "zip" %}\n{% set url = "https://e.org/demo-" ~ version ~ "." ~ ext %}',
        ),
        (
            '{% set ext = "tar.bz2" %}\n{% set fn = "demo-" ~ version ~ "." ~ ext %}\n{% set url = fn %}',
            '{% set ext = "zip" %}\n{% set fn = "demo-" ~ version ~ "." ~ ext %}\n{% set url = fn %}',
        ),
    ],
)
def test_a_url_in_a_variable_has_another_ending(head: str, after: str) -> None:
    url = "https://e.org/{{ url }}" if "fn" in head else "{{ url }}"
    text = recipe(url).replace("package:", f"{head}\npackage:")
    with ThreadPoolExecutor(2) as executor:
        files = There({"https://e.org/demo-2.0.zip"})
        done = edited(text, path="meta.yaml", to="2.0", files=files, executor=executor)
    assert done.after == text.replace("1.2.3", "2.0").replace(OLD, NEW).replace(head, after)
    assert tuple(map(worded, done.notes)) == ("https://e.org/demo-2.0.zip: the archive is .zip now",)


def test_the_file_that_an_index_lists() -> None:
    listed = f"{HASHED}/my_demo-2.0.tar.gz"
    there = "https://pypi.org/packages/source/M/My-Demo/my_demo-2.0.tar.gz"
    text = recipe("https://pypi.org/packages/source/M/My-Demo/My-Demo-{{ version }}.zip")
    assert url_after(text, There({there}, index=listed)) == (
        "https://pypi.org/packages/source/M/My-Demo/my_demo-{{ version }}.tar.gz",
        (f"{there}: the release spells its file like this; the recipe had My-Demo-{{{{ version }}}}.zip",),
    )


def test_urls_with_a_hash_in_them_go_where_the_index_says() -> None:
    listed = f"{HASHED}/my_demo-2.0.tar.gz"
    text = recipe(f"https://files.pythonhosted.org/packages/71/70/{'2' * 60}/my_demo-{{{{ version }}}}.tar.gz")
    assert url_after(text, There({listed}, index=listed, silent=True)) == (
        f"{HASHED}/my_demo-{{{{ version }}}}.tar.gz",
        (),  # as for every file there
    )


def test_each_url_that_failed_is_told() -> None:
    text = recipe("https://example.com/demo-{{ version }}.tar.gz")
    with ThreadPoolExecutor(2) as executor:
        with pytest.raises(MissingFileError) as missing:
            edited(text, path="meta.yaml", to="2.0", files=There(()), executor=executor)
        with pytest.raises(UnansweredError) as silent:
            edited(text, path="meta.yaml", to="2.0", files=There((), silent=True), executor=executor)
    assert missing.value.message == "https://example.com/demo-2.0.tar.gz: not found"
    assert silent.value.message == "https://example.com/demo-2.0.tar.gz can't be reached"


def test_a_file_of_a_silent_host_that_the_sdist_has_too() -> None:
    def sha256(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    url = "https://example.com/v{{ version }}/LICENSE"
    text = recipe(url, sha256=sha256("the old one"))
    texts = {
        "1.2.3": {"demo/LICENSE": "the old one", "demo/vendored/LICENSE": "another one"},
        "2.0": {"demo/LICENSE": "the new one", "demo/vendored/LICENSE": "another one"},
    }
    with ThreadPoolExecutor(2) as executor:
        done = edited(
            text, path="meta.yaml", to="2.0", files=There((), silent=True), executor=executor, texts=texts.__getitem__
        )
        assert f"sha256: {sha256('the new one')}\n" in done.after
        assert done.digests[0].origin == "archive"
        assert done.notes == (EnclosedSource(url="https://example.com/v2.0/LICENSE"),)
        # Neither a file that is gone nor one that was never the same is taken from there.
        with pytest.raises(MissingFileError):
            edited(text, path="meta.yaml", to="2.0", files=There(()), executor=executor, texts=texts.__getitem__)
        with pytest.raises(UnansweredError):
            edited(
                recipe(url),
                path="meta.yaml",
                to="2.0",
                files=There((), silent=True),
                executor=executor,
                texts=texts.__getitem__,
            )


def test_some_of_several_files_failed() -> None:
    text = (
        recipe("https://example.com/demo-{{ version }}.tar.gz")
        .replace("build:\n", "  patches: []\nbuild:\n", 1)
        .replace("  url:", "  - url:")
        .replace("  sha256:", "    sha256:")
        .replace("  patches: []", "    folder: x")
    )
    text = text.replace(
        "build:\n", f"  - url: https://example.com/two-{{{{ version }}}}.zip\n    sha256: {'c' * 64}\nbuild:\n"
    )
    with ThreadPoolExecutor(2) as executor, pytest.raises(MissingFileError) as error:
        edited(text, path="meta.yaml", to="2.0", files=There({"https://example.com/two-2.0.zip"}), executor=executor)
    assert error.value.message == "1 of 2 files can't be fetched: https://example.com/demo-2.0.tar.gz: not found"


def test_a_server_that_sends_the_old_file_for_any_version() -> None:
    class Same(There):
        def of(self, url: str, algorithms: Collection[str]) -> Digest:
            return Digest(url=url, hashes=dict.fromkeys(algorithms, OLD), origin="downloaded")

    with ThreadPoolExecutor(2) as executor:
        text = recipe("https://example.org/demo-{{ version }}.tar.gz")
        with pytest.raises(MissingFileError) as error:
            edited(text, path="meta.yaml", to="2.0", files=Same(()), executor=executor)
        assert error.value.message == "https://example.org/demo-2.0.tar.gz is the file of 1.2.3 under another name"
        # A licence is often the same for many versions.
        text = recipe("https://example.org/{{ version }}/LICENSE")
        done = edited(text, path="meta.yaml", to="2.0", files=Same(()), executor=executor)
        assert done.after == text.replace("1.2.3", "2.0")


def test_mirrors_that_the_hash_is_not_from_are_told() -> None:
    urls = [f"https://{host}.org/demo-{{{{ version }}}}.tar.gz" for host in "abc"]
    text = recipe("@URLS@").replace("url: @URLS@", "url:\n" + "\n".join(f"    - {url}" for url in urls))
    there = "https://b.org/demo-2.0.tar.gz"
    with ThreadPoolExecutor(2) as executor:
        done = edited(text, path="meta.yaml", to="2.0", files=There((there,)), executor=executor)
    assert [worded(note) for note in done.notes] == [
        f"https://a.org/demo-2.0.tar.gz could not be fetched: the hash is from {there}",
        f"https://c.org/demo-2.0.tar.gz was not looked at: the hash is from {there}",
    ]
