"""Readers of foreign text under generated input: a value or an error in words, never anything else, and soon.

    FUZZ=5000 python -m pytest tests/test_fuzz.py

tries 5000 inputs of each kind in place of the few that are tried always.
"""

from __future__ import annotations

import io
import json
import os
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.version import Version

from dirac_forge.channel.folder import Folder
from dirac_forge.channel.index import RecordIndex
from dirac_forge.errors import ForgeError, InputError
from dirac_forge.feedstock.condaforgeyml import parse_forge_config
from dirac_forge.http import Page
from dirac_forge.migration.schema import parse_migration
from dirac_forge.progress import Silent
from dirac_forge.recipe.reading.parsing import parse_recipe
from dirac_forge.upstream.digests import read_known
from dirac_forge.upstream.files.metadata import read_email
from dirac_forge.upstream.files.setuptools import from_setup_cfg, from_setup_py
from dirac_forge.upstream.files.wheel import read_wheel
from dirac_forge.upstream.index.page import read_page
from dirac_forge.upstream.index.project import ReleaseFile
from dirac_forge.upstream.sources.known import git_origin, origin_of
from dirac_forge.upstream.sources.tags import learned, read_version

CASES = settings(max_examples=int(os.environ.get("FUZZ", "30")), deadline=None, suppress_health_check=list(HealthCheck))
SECONDS = 10
"""Of the processor."""

HOSTILE = st.sampled_from(
    [
        *("9" * 5000, "²", "٣", "-1", "1e999", "1." * 500 + "1", "", " ", "\n", "\x00", "\x1b[2J", "\u202e", "\udc80"),
        *("http://[", "//[", "https://h:99999/", "../../x", "{{ x }}", "${{ x }}", "$(id)", "x; import os", "'", '"'),
        *("[" * 3000, "(" * 3000, "{" * 3000, "{{ " + "1 + " * 2000 + "1 }}", "x" + ".y" * 3000, "a | " * 500 + "a"),
        *(
            "99999-01-01T00:00:00Z",
            "Fri, 31 Dec 99999 23:59:59 GMT",
            "<<: *a",
            "&a [*a]",
            "!!python/object:x",
            "a" * 9000,
        ),
        *(
            "True",
            "null",
            "~",
            "0x10",
            "1_000",
            "1:30",
            "=1",
            ">=1,<(",
            "*",
            "* cuda*",
            "__glibc >=2",
            "python[version='1']",
        ),
    ]
)
WORD = st.one_of(
    HOSTILE, st.sampled_from(["python", "six", "1.0", ">=1.0", "noarch", "linux-64", "true"]), st.text(max_size=20)
)
LEAF = st.one_of(WORD, st.integers(-(10**30), 10**30), st.booleans(), st.none(), st.floats())
TREE = st.recursive(
    LEAF, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORD, inner, max_size=4), max_leaves=12
)
FIELDS = st.sampled_from(
    ["Name", "Version", "Requires-Dist", "Requires-Python", "Provides-Extra", "Project-URL", "License", "Dynamic"]
)
KEYS = st.sampled_from(
    ["filename", "url", "hashes", "size", "yanked", "requires-python", "upload-time", "core-metadata"]
)
JSON = "application/vnd.pypi.simple.v1+json"


def yaml(tree: object) -> str:
    """JSON is YAML; a text is taken as it is, so that anchors and merges come too."""
    return tree if isinstance(tree, str) else json.dumps(tree, ensure_ascii=False)


def tables(*keys: str) -> st.SearchStrategy[str]:
    """Generate YAML with some of these keys at its top."""
    return st.dictionaries(st.sampled_from(keys), TREE, max_size=5).map(yaml) | WORD


def told(read: Callable[[], object]) -> None:
    """Run a reader; only errors in words may come, within seconds."""
    start = time.process_time()
    with suppress(ForgeError):
        read()
    assert time.process_time() - start < SECONDS


@CASES
@given(st.lists(st.tuples(FIELDS, WORD), max_size=12), st.booleans())
def test_metadata(fields: list[tuple[str, str]], sdist: bool) -> None:
    text = "\n".join(f"{name}: {value}" for name, value in [("Name", "demo"), ("Version", "1"), *fields])

    def read() -> None:
        with suppress(InputError):
            reading = read_email(text.encode("utf-8", "surrogateescape"), where="METADATA", sdist=sdist)
            list(reading.metadata.requires_dist)

    told(read)


@CASES
@given(st.lists(st.dictionaries(KEYS, TREE, max_size=8), max_size=5), TREE)
def test_pages_of_an_index(files: list[dict[str, object]], meta: object) -> None:
    for each in files:
        each.setdefault("filename", "demo-1.0.tar.gz")
        each.setdefault("url", "demo-1.0.tar.gz")
    body = json.dumps({"meta": meta, "name": "demo", "files": files}).encode("utf-8", "surrogateescape")
    page = Page(url="https://example.org/demo/", headers={"content-type": JSON}, body=body)
    told(lambda: [file for release in read_page(page, "demo").releases for file in release.files])


V0 = """{{% set version = "{version}" %}}
package:
  name: {name}
  version: {{{{ version }}}}
source:
  url: {url}
build:
  number: {number}  # [{selector}]
requirements:
  run:
    - {run}
"""
V1 = """context:
  version: "{version}"
package:
  name: {name}
  version: ${{{{ version }}}}
source:
  url: {url}
build:
  number: {number}
  skip: {selector}
requirements:
  run:
    - {run}
"""


@pytest.mark.parametrize(("form", "path"), [(V0, "meta.yaml"), (V1, "recipe.yaml")])
@CASES
@given(st.fixed_dictionaries(dict.fromkeys(("version", "name", "url", "number", "selector", "run"), WORD)))
def test_recipes(form: str, path: str, values: dict[str, str]) -> None:
    told(lambda: parse_recipe(form.format(**values), path=Path(path)).render(platform="linux-64"))


@CASES
@given(tables("bot", "provider", "build_platform", "github", "os_version", "x"))
def test_forge_configuration(text: str) -> None:
    told(lambda: parse_forge_config(text, path="conda-forge.yml"))


@CASES
@given(tables("__migrator", "migrator_ts", "zip_keys", "openssl", "python"))
def test_migrations(text: str) -> None:
    told(lambda: parse_migration(text, path=Path("m.yaml")))


@CASES
@given(WORD, WORD, WORD)
def test_versions_tags_and_urls(tag: str, version: str, url: str) -> None:
    told(lambda: (learned(tag, version), read_version(tag), origin_of(url, version), git_origin(url, tag, version)))
    told(lambda: origin_of(f"https://github.com/a/b/archive/{tag}.tar.gz", version))


@CASES
@given(WORD, WORD, TREE)
def test_setup_files_and_known_hashes(key: str, value: str, tree: object) -> None:
    text = f"[metadata]\n{key} = {value}\n[options]\ninstall_requires =\n  {value}\n"
    told(lambda: from_setup_cfg(text, where="setup.cfg"))
    source = f"x = {value}\nfrom setuptools import setup\nsetup({key}={value!r}, install_requires=[x, {value!r}])\n"
    told(lambda: from_setup_py(source.encode("utf-8", "surrogatepass"), where="setup.py"))
    told(lambda: read_known(tree))


RECORD = st.fixed_dictionaries(
    {"name": WORD, "version": WORD, "build": WORD, "build_number": LEAF, "depends": TREE},
    optional={"subdir": WORD, "timestamp": LEAF, "sha256": WORD, "constrains": TREE, "license": LEAF, "noarch": LEAF},
)


@CASES
@given(st.dictionaries(WORD | st.just("a-1-0.conda"), RECORD | TREE, max_size=3) | TREE, TREE | st.just({}))
def test_repodata(tmp_path_factory: pytest.TempPathFactory, packages: object, info: object) -> None:
    folder = tmp_path_factory.mktemp("channel")
    for subdir in ("linux-64", "noarch"):
        (folder / subdir).mkdir()
        text = json.dumps({"info": info, "packages": {}, "packages.conda": packages if subdir == "linux-64" else {}})
        (folder / subdir / "repodata.json").write_bytes(text.encode("utf-8", "surrogatepass"))

    def read() -> None:
        index = RecordIndex("linux-64", [Folder(folder, observer=Silent())], observer=Silent())
        for name in sorted(index.names())[:3]:
            for record in index.group(name).records:
                for need in record.depends:
                    index.newest(need)

    told(read)


WHEEL = ReleaseFile(filename="demo-1.0-py3-none-any.whl", url="u", kind="wheel", version=Version("1.0"))


@CASES
@given(
    st.dictionaries(st.sampled_from(["METADATA", "WHEEL", "RECORD", "entry_points.txt", "top_level.txt"]), WORD), WORD
)
def test_wheels(files: dict[str, str], name: str) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        for file, text in files.items():
            packed.writestr(f"demo-1.0.dist-info/{file}", text.encode("utf-8", "surrogatepass"))
        with suppress(ValueError, UnicodeError):
            packed.writestr(name or "x", "")
    told(lambda: read_wheel(io.BytesIO(content.getvalue()), WHEEL, project="demo"))
