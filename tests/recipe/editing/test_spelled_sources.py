"""Ways in which recipes of both formats spell the URLs and hashes of their sources: each build gets its new hash."""

from __future__ import annotations

import hashlib

import pytest

from dirac_forge.recipe.editing.edit import Setting, finish, outputs_of, start
from dirac_forge.recipe.platforms import PLATFORMS

A, B, C = "a" * 64, "b" * 64, "c" * 64
SETTINGS: list[Setting] = [
    (platform, {"python": python, "target_platform": platform})
    for platform in PLATFORMS
    for python in ("3.10.* *_cpython", "3.12.* *_cpython")
]


def v0(source: str, head: str = "", version: str = "1.2.3", package: str = "{{ version }}") -> str:
    return (
        f'{{% set name = "Demo-Kit" %}}\n{{% set version = "{version}" %}}\n{head}'
        f"package:\n  name: demo\n  version: {package}\nsource:\n{source}build:\n  number: 2\n"
    )


def v1(source: str, head: str = "", version: str = "1.2.3", package: str = "${{ version }}") -> str:
    return (
        f'context:\n  name: Demo-Kit\n  version: "{version}"\n{head}'
        f"package:\n  name: demo\n  version: {package}\nsource:\n{source}build:\n  number: 2\n"
    )


def plain(url: str, sha256: str = A) -> str:
    return f"  url: {url}\n  sha256: {sha256}\n"


def by_methods(expression: str) -> tuple[str, str]:
    """A source whose URL has an expression, in both formats."""
    return (
        v0(plain(f"https://e.org/x-{{{{ {expression} }}}}.zip")),
        v1(plain(f"https://e.org/x-${{{{ {expression} }}}}.zip")),
    )


EXPRESSIONS = [
    ("version.ljust(7, '0')", "1.3.000"),
    ("version.rjust(7, '0')", "001.3.0"),
    ("version.zfill(7)", "001.3.0"),
    ("'{}_{}'.format('v', version)", "v_1.3.0"),
    ("'%s-%s' % ('v', version)", "v-1.3.0"),
    ("'%02d%02d' % (version.split('.')[0] | int, version.split('.')[1] | int)", "0103"),
    ("version.replace('.', '_')", "1_3_0"),
    ("version | replace('.', '')", "130"),
    ("version.split('.')[1]", "3"),
    ("'.'.join(version.split('.')[:2])", "1.3"),
    ("version.split('.') | join('-')", "1-3-0"),
    ("version[0:3]", "1.3"),
    ("version[:-2]", "1.3"),
    ("name.lower() ~ version", "demo-kit1.3.0"),
    ("name | lower | title", None),
    ("name.upper() + '-' + version", "DEMO-KIT-1.3.0"),
    ("version.partition('.')[2]", "3.0"),
    ("version.removesuffix('.0') + '.' + version.rsplit('.', 1)[1]", "1.3.0"),
]
METHODS = [
    pytest.param(text, end, id=f"{kind}-{expression}")
    for expression, end in EXPRESSIONS
    if end is not None
    for kind, text in zip(("v0", "v1"), by_methods(expression), strict=True)
]


def moved(text: str, to: str = "1.3.0") -> tuple[str, dict[str, set[str]]]:
    """The text at another version, and the last part of each URL with the platforms that take it.

    Every file has a hash of its own; each build has to have that of its file.
    """
    path = "recipe.yaml" if text.startswith("context") else "meta.yaml"
    draft = start(text, path=path, to=to, settings=SETTINGS)
    urls = {url for source in draft.moved for url in source.urls}
    after = finish(draft, {url: {"sha256": hashlib.sha256(url.encode()).hexdigest()} for url in urls})
    seen: dict[str, set[str]] = {}
    for ((platform, _), before), (_, outputs) in zip(
        outputs_of(text, path=path, settings=SETTINGS), outputs_of(after, path=path, settings=SETTINGS), strict=True
    ):
        for was, now in zip(before[0].sources, outputs[0].sources, strict=True):
            assert now.url is not None
            assert not now.unknown
            fresh = hashlib.sha256(now.url.encode()).hexdigest()
            assert now.sha256 == (was.sha256 if was.url == now.url else fresh)
            seen.setdefault(now.url.rpartition("/")[2], set()).add(platform)
        assert outputs[0].build_number == 0
    return after, seen


@pytest.mark.parametrize(("text", "end"), METHODS)
def test_methods_and_filters_of_text(text: str, end: str) -> None:
    assert set(moved(text)[1]) == {f"x-{end}.zip"}


EVERYWHERE = set(PLATFORMS)
UNIX = {platform for platform in PLATFORMS if not platform.startswith("win")}
WINDOWS = EVERYWHERE - UNIX
LINUX = {platform for platform in PLATFORMS if platform.startswith("linux")}
BY_PLATFORM = [
    pytest.param(
        v0(
            plain("https://e.org/{{ names[target_platform] }}-{{ version }}.zip", "{{ hashes[target_platform] }}"),
            "{% set names = {"
            + ", ".join(f'"{platform}": "{"w" if platform in WINDOWS else "u"}"' for platform in PLATFORMS)
            + "} %}\n{% set hashes = {"
            + ", ".join(f'"{platform}": "{B if platform in WINDOWS else A}"' for platform in PLATFORMS)
            + "} %}\n",
        ),
        {"u-1.3.0.zip": UNIX, "w-1.3.0.zip": WINDOWS},
        id="v0-dict-indexed-by-target_platform",
    ),
    pytest.param(
        v1(
            plain(
                '"https://e.org/${{ {'
                + ", ".join(f"'{platform}': '{'w' if platform in WINDOWS else 'u'}'" for platform in PLATFORMS)
                + '}[target_platform] }}-${{ version }}.zip"',
                '"${{ {'
                + ", ".join(f"'{platform}': '{B if platform in WINDOWS else A}'" for platform in PLATFORMS)
                + '}[target_platform] }}"',
            )
        ),
        {"u-1.3.0.zip": UNIX, "w-1.3.0.zip": WINDOWS},
        id="v1-dict-indexed-by-target_platform",
    ),
    pytest.param(
        v0(
            "{% for part, sha in [('a', '" + A + "'), ('b', '" + B + "')] %}\n"
            "  - url: https://e.org/{{ part }}-{{ version }}.zip\n    sha256: {{ sha }}\n{% endfor %}\n"
        ),
        {"a-1.3.0.zip": EVERYWHERE, "b-1.3.0.zip": EVERYWHERE},
        id="v0-loop-over-a-list",
    ),
    pytest.param(
        v0(
            "{% for part, sha in parts.items() %}\n"
            "  - url: https://e.org/{{ part }}-{{ version }}.zip\n    sha256: {{ sha }}\n{% endfor %}\n",
            f'{{% set parts = {{"a": "{A}", "b": "{B}"}} %}}\n',
        ),
        {"a-1.3.0.zip": EVERYWHERE, "b-1.3.0.zip": EVERYWHERE},
        id="v0-loop-over-a-dict",
    ),
    *(
        pytest.param(
            v0(
                f"{{% for part, sha in parts|{each} %}}\n"
                "  - url: https://e.org/{{ part }}-{{ version }}.zip\n    sha256: {{ sha }}\n{% endfor %}\n",
                f'{{% set parts = {{"b": "{B}", "a": "{A}"}} %}}\n',
            ),
            {"a-1.3.0.zip": EVERYWHERE, "b-1.3.0.zip": EVERYWHERE},
            id=f"v0-loop-over-{each}",
        )
        for each in ("dictsort", "items")
    ),
    pytest.param(
        v0(
            "{% for part in parts %}\n"
            "  - url: https://e.org/{{ part.name }}-{{ version }}.zip\n    sha256: {{ part['sha'] }}\n{% endfor %}\n",
            f'{{% set parts = [{{"name": "a", "sha": "{A}"}}, {{"name": "b", "sha": "{B}"}}] %}}\n',
        ),
        {"a-1.3.0.zip": EVERYWHERE, "b-1.3.0.zip": EVERYWHERE},
        id="v0-loop-over-dicts",
    ),
    pytest.param(
        v0(
            "{% for part in (not win) * ['a'] %}\n"
            f"  - url: https://e.org/{{{{ part }}}}-{{{{ version }}}}.zip\n    sha256: {A}\n{{% endfor %}}\n"
            f"  - url: https://e.org/b-{{{{ version }}}}.zip\n    sha256: {B}\n"
        ),
        {"a-1.3.0.zip": UNIX, "b-1.3.0.zip": EVERYWHERE},
        id="v0-a-list-times-a-condition",
    ),
    pytest.param(
        v0(
            plain("https://e.org/{{ kind }}-{{ version }}.zip", "{{ sha256 }}"),
            f'{{% set kind = "old" %}}  # [py<311]\n{{% set kind = "new" %}}  # [py>=311]\n'
            f'{{% set sha256 = "{A}" %}}  # [py<311]\n{{% set sha256 = "{B}" %}}  # [py>=311]\n',
        ),
        {"old-1.3.0.zip": EVERYWHERE, "new-1.3.0.zip": EVERYWHERE},
        id="v0-set-lines-of-one-name-under-selectors",
    ),
    pytest.param(
        v1(
            plain(
                "https://e.org/${{ 'old' if match(python, '<3.11') else 'new' }}-${{ version }}.zip",
                f"${{{{ '{A}' if match(python, '<3.11') else '{B}' }}}}",
            )
        ),
        {"old-1.3.0.zip": EVERYWHERE, "new-1.3.0.zip": EVERYWHERE},
        id="v1-a-choice-in-an-expression",
    ),
    pytest.param(
        v0(
            plain(
                "https://e.org/{{ 'w' if win else 'u' }}-{{ version }}.zip", f"{A}  # [not win]\n  sha256: {B}  # [win]"
            )
        ),
        {"u-1.3.0.zip": UNIX, "w-1.3.0.zip": WINDOWS},
        id="v0-a-hash-for-each-line",
    ),
    pytest.param(
        v0(plain("https://e.org/x-{{ version }}.zip", "{{ sha256 }}"), f'{{% set sha256 = "{A}" %}}\n'),
        {"x-1.3.0.zip": EVERYWHERE},
        id="v0-a-hash-in-a-variable",
    ),
    pytest.param(
        v1(plain("https://e.org/x-${{ version }}.zip", "${{ sha256 }}"), f"  sha256: {A}\n"),
        {"x-1.3.0.zip": EVERYWHERE},
        id="v1-a-hash-in-a-variable",
    ),
    pytest.param(
        v1(
            f"  - if: python<3.11\n    then:\n      url: https://e.org/old-${{{{ version }}}}.zip\n      sha256: {A}\n"
            f"    else:\n      url: https://e.org/new-${{{{ version }}}}.zip\n      sha256: {B}\n"
        ),
        {"old-1.3.0.zip": EVERYWHERE, "new-1.3.0.zip": EVERYWHERE},
        id="v1-a-condition-without-quotes",
    ),
    pytest.param(
        v1(
            f'  - if: match(python, "<3.11")\n    then:\n      url: https://e.org/old-${{{{ version }}}}.zip\n'
            f"      sha256: {A}\n  - if: not match(python, '<3.11')\n    then:\n"
            f"      url: https://e.org/new-${{{{ version }}}}.zip\n      sha256: {B}\n"
        ),
        {"old-1.3.0.zip": EVERYWHERE, "new-1.3.0.zip": EVERYWHERE},
        id="v1-match",
    ),
    pytest.param(
        v1(
            f"  - if: linux\n    then:\n      - url: https://e.org/l-${{{{ version }}}}.zip\n        sha256: {A}\n"
            f"  - if: win\n    then:\n      - url: https://e.org/w-${{{{ version }}}}.zip\n        sha256: {B}\n"
            f"  - url: https://e.org/all-${{{{ version }}}}.zip\n    sha256: {C}\n"
        ),
        {"l-1.3.0.zip": LINUX, "w-1.3.0.zip": WINDOWS, "all-1.3.0.zip": EVERYWHERE},
        id="v1-lists-under-conditions",
    ),
]


@pytest.mark.parametrize(("text", "files"), BY_PLATFORM)
def test_files_and_hashes_of_each_build(text: str, files: dict[str, set[str]]) -> None:
    assert moved(text)[1] == files


@pytest.mark.parametrize(
    ("text", "version"),
    [
        (
            v0(
                plain("https://cran.r-project.org/src/contrib/demo_{{ version }}.tar.gz"),
                version="1.3-1",
                package='{{ version|replace("-", "_") }}',
            ),
            '{% set version = "1.4-2" %}',
        ),
        (
            v1(
                plain("https://cran.r-project.org/src/contrib/demo_${{ version }}.tar.gz"),
                version="1.3-1",
                package='${{ version|replace("-", "_") }}',
            ),
            '  version: "1.4-2"',
        ),
    ],
)
def test_crans_versions_keep_their_dash(text: str, version: str) -> None:
    after, files = moved(text, "1.4_2")
    assert set(files) == {"demo_1.4-2.tar.gz"}
    assert version in after.split("\n")


def test_a_git_source_with_a_tag_moves_beside_an_archive() -> None:
    archive = f"  - url: https://e.org/x-@.zip\n    sha256: {A}\n"
    for text, tag in (
        (
            v0(
                archive.replace("@", "{{ version }}")
                + "  - git_url: https://e.org/x.git\n    git_rev: v{{ version }}\n"
            ),
            None,
        ),
        (
            v0(archive.replace("@", "{{ version }}") + "  - git_url: https://e.org/x.git\n    git_tag: v1.2.3\n"),
            "git_tag",
        ),
        (
            v0(archive.replace("@", "{{ version }}") + "  - git_url: https://e.org/x.git\n    git_rev: v1.2.3\n"),
            "git_rev",
        ),
        (v1(archive.replace("@", "${{ version }}") + "  - git: https://e.org/x.git\n    tag: v${{ version }}\n"), None),
        (v1(archive.replace("@", "${{ version }}") + "  - git: https://e.org/x.git\n    tag: v1.2.3\n"), "tag"),
        (v1(archive.replace("@", "${{ version }}") + "  - git: https://e.org/x.git\n    rev: v1.2.3\n"), "rev"),
    ):
        path = "recipe.yaml" if text.startswith("context") else "meta.yaml"
        draft = start(text, path=path, to="1.3.0", settings=SETTINGS)
        after = finish(draft, {"https://e.org/x-1.3.0.zip": {"sha256": C}})
        (_, (output,)), *_ = outputs_of(after, path=path, settings=SETTINGS)
        assert [source.rev for source in output.sources if source.git] == ["v1.3.0"]
        assert (f"{tag}: v1.3.0" in after) == (tag is not None)
        assert draft.notes == ()


LINUX64, NOT_LINUX = {"linux-64"}, EVERYWHERE - LINUX
REPORTED = [
    pytest.param(
        v0(
            "  - url: https://e.org/demo-{{ version }}.zip\n    sha256: {{ sha256 }}\n"
            "  - url: https://e.org/cgal-{{ cgal_version }}.zip\n    sha256: {{ cgal_sha256 }}\n",
            f'{{% set sha256 = "{A}" %}}\n{{% set cgal_version = "4.13" %}}\n{{% set cgal_sha256 = "{B}" %}}\n',
        ),
        {"demo-1.3.0.zip": EVERYWHERE, "cgal-4.13.zip": EVERYWHERE},
        id="several-versions-and-hashes-in-variables",
    ),
    pytest.param(
        v0(
            f"  - url: https://e.org/linux-{{{{ version }}}}.zip  # [linux64]\n    sha256: {A}  # [linux64]\n"
            f"  - url: https://e.org/other-{{{{ version }}}}.zip  # [not linux]\n    sha256: {B}  # [not linux]\n",
            '{% set patch = "3" %}\n{% set version = version + "." + patch %}\n',
            "1.2",
        ),
        {"linux-1.3.0.zip": LINUX64, "other-1.3.0.zip": NOT_LINUX},
        id="a-version-that-is-put-together-again",
    ),
    pytest.param(
        v0(plain("https://e.org/{{ series }}/x-{{ version }}.zip"), '{% set\n   series = "1.2"\n%}\n'),
        {"x-1.3.0.zip": EVERYWHERE},
        id="a-set-over-several-lines",
    ),
    pytest.param(
        v0(
            plain("https://e.org/x-{{ version }}-{{ pyver }}.whl", f"{A}  # [py==310]\n  sha256: {B}  # [py==312]"),
            '{% set pyver = "cp" ~ py %}\n',
        ),
        {"x-1.3.0-cp310.whl": EVERYWHERE, "x-1.3.0-cp312.whl": EVERYWHERE},
        id="a-file-for-each-python",
    ),
    pytest.param(
        v0(plain("https://e.org/x-{{ own }}.zip", "{{ digest }}"), f'{{% set own, digest = version, "{A}" %}}\n'),
        {"x-1.3.0.zip": EVERYWHERE},
        id="two-names-in-one-set",
    ),
    pytest.param(
        v0(
            "  - url: https://e.org/x-{{ version }}.zip\n    sha256: {{ hashes[0] }}\n"
            "  - url: https://e.org/y-{{ version }}.zip\n    sha256: {{ hashes[1] }}\n",
            f"{{% set hashes = ['{A}', '{B}'] %}}\n",
        ),
        {"x-1.3.0.zip": EVERYWHERE, "y-1.3.0.zip": EVERYWHERE},
        id="hashes-in-a-list",
    ),
    pytest.param(
        v0(
            f"  - url: https://e.org/x-{{{{ version }}}}.zip\n    sha256: {A}\n"
            f"  - url: https://e.org/docs-{{{{ version }}}}.zip\n    sha256: {A}\n"
        ),
        {"x-1.3.0.zip": EVERYWHERE, "docs-1.3.0.zip": EVERYWHERE},
        id="two-files-that-were-the-same",
    ),
]


@pytest.mark.parametrize(("text", "files"), REPORTED)
def test_recipes_that_bots_were_reported_to_fail_on(text: str, files: dict[str, set[str]]) -> None:
    assert moved(text)[1] == files
