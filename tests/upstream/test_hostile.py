"""Files that are made to hurt: refused or told, and nothing of them is run, imported or written."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import struct
import sys
import tarfile
import tracemalloc
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from dirac_forge.http import HashMismatchError, Http
from dirac_forge.store import Store
from dirac_forge.upstream.files.archive import ArchiveError, ArchiveLimits
from dirac_forge.upstream.files.facts import ReleaseFacts, SdistFacts
from dirac_forge.upstream.files.gather import gather, light
from dirac_forge.upstream.files.metadata import read_email
from dirac_forge.upstream.files.requirements import RequirementList
from dirac_forge.upstream.files.sdist import read_sdist
from dirac_forge.upstream.index.client import IndexClient
from dirac_forge.upstream.index.project import ReleaseFile
from support.archives import metadata, sdist, tarball, wheel
from support.facts import told
from support.index import IndexFile, PackageIndex
from support.server import Answer

WHEEL = "demo-1.0-py3-none-any.whl"
SDIST = "demo-1.0.tar.gz"
SMALL = ArchiveLimits(unpacked=1024 * 1024, members=100)


def unpack(content: bytes, *, limits: ArchiveLimits = SMALL, filename: str = SDIST) -> SdistFacts:
    file = ReleaseFile(filename=filename, url="https://example.org/x", kind="sdist", version=Version("1.0"))
    return read_sdist(io.BytesIO(content), file, project="demo", limits=limits)


def read(files: dict[str, bytes | IndexFile], **options: bool) -> ReleaseFacts:
    with PackageIndex({"demo": files}, **options) as index, Http(cache=None) as http:  # type: ignore[arg-type]
        (release,) = IndexClient(http, url=index.url).project("demo").releases
        return gather(http, release, Store(None))


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A marker that hostile code would make, in an empty folder that is also where temporary files go."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    marker = tmp_path / "executed"
    monkeypatch.setenv("MARKER", str(marker))
    yield marker
    assert list(tmp_path.iterdir()) == []


EVIL = """
import os, pathlib
pathlib.Path(os.environ["MARKER"]).write_text("executed")
import demo_evil
from setuptools import setup
class Evil(str):
    def __init__(self): pathlib.Path(os.environ["MARKER"]).write_text("executed")
setup(name="demo", version=__import__("os").system("touch $MARKER"), install_requires=["six", "x; __import__('os')"],
      description="{{ cycler.__init__.__globals__.os.system('touch $MARKER') }}",
      entry_points={"console_scripts": [
          "ok = demo:main", "a;touch $MARKER = demo:main", "b\\nc = demo:main", "d = demo:main;x",
          "e = os:system('x')", "../f = demo:main", "$(g) = demo:main", "{{h}} = demo:main"]})
"""


@pytest.mark.usefixtures("watched")
def test_nothing_is_executed_or_imported(watched: Path) -> None:
    names = "ok = demo:main\na;touch x = demo:main\n../up = demo:main\n{{j}} = demo:main\ncode = demo:main();x\n"
    hostile = wheel(
        "demo",
        "1.0",
        "Summary: {{ ''.__class__.__mro__ }} {% include '/etc/passwd' %}",
        'Requires-Dist: six; python_version < "3" or __import__("os").system("touch executed")',
        files={
            "demo/__init__.py": EVIL,
            "demo_evil.py": EVIL,
            "demo.pth": f"import os; {EVIL}",
            "sitecustomize.py": EVIL,
        },
        info={"entry_points.txt": f"[console_scripts]\n{names}"},
    )
    source = sdist(
        "demo",
        "1.0",
        {
            "setup.py": EVIL,
            "conftest.py": EVIL,
            "demo_evil.py": EVIL,
            "backend.py": EVIL,
            "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
        },
    )
    before = set(sys.modules)
    facts = read({WHEEL: hostile, SDIST: source})
    alone = read({SDIST: source})
    assert not watched.exists()
    assert not {name for name in set(sys.modules) - before if "evil" in name or "demo" in name or "setuptools" in name}
    assert facts.wheel is not None
    assert [point.name for point in facts.wheel.entry_points] == ["ok"]
    assert facts.metadata.summary == "{{ ''.__class__.__mro__ }} {% include '/etc/passwd' %}"
    assert any("is not a requirement" in problem for problem in told(facts))
    assert alone.sdist is not None
    assert [point.name for point in alone.sdist.entry_points] == ["ok"]
    assert (str(alone.metadata.version), alone.metadata.requires_dist.lines) == ("1.0", ("six", "x; __import__('os')"))


PACKERS: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress}


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
def test_bombs_are_refused_in_little_memory(pack: Callable[[bytes], bytes]) -> None:
    bomb = pack(tarball({"demo-1.0/zeros": bytes(68_000_000)}, kind=""))
    tracemalloc.start()
    try:
        with pytest.raises(
            ArchiveError, match=r"demo-1\.0\.tar\.gz unpacks to more than 64 MB: refused as a possible archive bomb\."
        ):
            unpack(bomb, limits=ArchiveLimits())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20_000_000


def test_the_limit_on_bytes_holds_whatever_the_ratio() -> None:
    with pytest.raises(ArchiveError, match="unpacks to more than 1 MB"):
        unpack(gzip.compress(tarball({"demo-1.0/noise": os.urandom(2_000_000)}, kind="")))


def test_too_many_members_are_refused() -> None:
    many = {f"demo-1.0/{n}": "" for n in range(101)}
    with pytest.raises(ArchiveError, match="holds more than 100 members: refused"):
        unpack(tarball(many))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in many:
            archive.writestr(name, "")
    with pytest.raises(ArchiveError, match="holds more than 100 members: refused"):
        unpack(buffer.getvalue())


def test_endless_empty_streams_are_refused() -> None:
    with pytest.raises(ArchiveError, match="more than 1000 packed streams"):
        unpack(gzip.compress(b"") * 1200)


def test_several_streams_in_a_row_are_one_archive() -> None:
    whole = tarball({"demo-1.0/setup.py": "", "demo-1.0/a": "b" * 5000}, kind="")
    assert unpack(gzip.compress(whole[:700]) + gzip.compress(whole[700:]) + b"\0" * 50).members == ("a", "setup.py")


def member(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def test_paths_that_leave_the_archive_are_left_out() -> None:
    names = [
        "/etc/passwd",
        "../up",
        "demo-1.0/../../up",
        "demo-1.0/a\\b",
        "C:/x",
        "demo-1.0/\x1b[31m",
        "demo-1.0/new\nline",
    ]
    facts = unpack(tarball({"demo-1.0/good": "", **dict.fromkeys(names, "x")}))
    assert facts.members == ("good",)
    assert told(facts) == (f"{SDIST}: '/etc/passwd' leads out of the archive: left out",)


def test_links_and_devices_are_not_followed() -> None:
    inside = (
        member("demo-1.0/LICENSE", tarfile.SYMTYPE, "docs/LICENSE"),
        member("demo-1.0/hard", tarfile.LNKTYPE, "demo-1.0/good"),
    )
    facts = unpack(tarball({"demo-1.0/good": ""}, extra=inside))
    assert (facts.members, facts.texts, told(facts)) == (("good",), {}, ())
    for link in (
        member("demo-1.0/LICENSE", tarfile.SYMTYPE, "/etc/passwd"),
        member("demo-1.0/LICENSE", tarfile.SYMTYPE, "../../etc/passwd"),
        member("demo-1.0/LICENSE", tarfile.LNKTYPE, "/etc/passwd"),
    ):
        facts = unpack(tarball({"demo-1.0/good": ""}, extra=(link,)))
        assert (facts.members, facts.texts) == (("good",), {})
        assert told(facts) == (f"{SDIST}: the link 'demo-1.0/LICENSE' leads out of the archive: not followed",)
    facts = unpack(tarball({"demo-1.0/good": ""}, extra=(member("demo-1.0/tty", tarfile.CHRTYPE),)))
    assert told(facts) == (f"{SDIST}: 'demo-1.0/tty' is a device or pipe: left out",)


def test_a_doubled_name_counts_once() -> None:
    both = tarball({"demo-1.0/LICENSE": "first"}, kind="")[:1024] + tarball({"./demo-1.0//LICENSE": "second"}, kind="")
    facts = unpack(both)
    assert facts.texts == {"LICENSE": "first"}
    assert told(facts) == (f"{SDIST}: 'demo-1.0/LICENSE' appears twice: the first counts",)


def header(name: str, kind: bytes, size: int) -> bytes:
    info = member(name, kind)
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is corrupt: it is not a tar, gzip, bzip2, xz or zip"),
        (b"\0" * 10_240, "is corrupt: it is not a tar, gzip, bzip2, xz or zip"),
        (b"hello" * 1000, "is corrupt: it is not a tar, gzip, bzip2, xz or zip"),
        (b"\x1f\x8b" + b"x" * 100, "is corrupt: Error -3 while decompressing data"),
        (b"BZh9" + b"x" * 100, "is corrupt: Invalid data stream"),
        (b"\xfd7zXZ\x00" + b"x" * 100, "is corrupt: "),
        (b"PK\x03\x04" + b"x" * 100, "is corrupt: File is not a zip file"),
        (b"\x1f\x9d\x90" + b"x" * 100, "is packed with compress (.Z)"),
        (gzip.compress(b"", mtime=0)[:-4], "is corrupt: it ends too early"),
        (header("demo-1.0/x", tarfile.REGTYPE, 10_000), "is corrupt: it ends within a file"),
        (header("demo-1.0/x", tarfile.REGTYPE, -5), "is corrupt: a member has a negative size"),
        (header("demo-1.0/x", tarfile.XHDTYPE, 8 * 1024**3), "has a tar header of 8589934592 bytes: refused"),
        (header("demo-1.0/x", tarfile.GNUTYPE_LONGNAME, 2 * 1024**2), "has a tar header of 2097152 bytes: refused"),
        (
            header("demo-1.0/x", tarfile.XHDTYPE, 512) + b"999999 a=b\n".ljust(512, b"\0"),
            "a PAX record has a wrong length",
        ),
        (header("demo-1.0/x", tarfile.XHDTYPE, 512) + b"x a=b\n".ljust(512, b"\0"), "is corrupt: "),
        (header("demo-1.0/x", tarfile.XHDTYPE, 512) + b"0 a=b\n".ljust(512, b"\0"), "a PAX record has a wrong length"),
        (header("demo-1.0/x", tarfile.GNUTYPE_SPARSE, 0), "holds sparse files"),
        (header("demo-1.0/x", tarfile.XHDTYPE, 0) * 200, "holds more than 100 members"),
    ],
)
def test_corrupt_archives_are_named(content: bytes, what: str) -> None:
    with pytest.raises(ArchiveError) as caught:
        unpack(content)
    assert caught.value.message.startswith(SDIST)
    assert what in caught.value.message


def test_a_broken_checksum_is_seen() -> None:
    content = bytearray(tarball({"demo-1.0/setup.py": "x" * 3000}))
    content[-6] ^= 0xFF
    with pytest.raises(ArchiveError, match="is corrupt: Error -3 while decompressing data: incorrect data check"):
        unpack(bytes(content))


def test_an_xz_that_asks_for_gigabytes_is_refused() -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1024**3, "mode": lzma.MODE_FAST, "mf": lzma.MF_HC3}]
    # The encoder itself would take gigabytes: the dictionary's size is raised in a small stream's header instead.
    small = lzma.compress(b"x", filters=[{**filters[0], "dict_size": 2**16}])
    block = bytearray(small[12 : 12 + (small[12] + 1) * 4])
    block[4] = 36  # 1 GiB, in LZMA2's notation
    block[-4:] = struct.pack("<I", zlib.crc32(bytes(block[:-4])))
    with pytest.raises(ArchiveError, match="is corrupt: Memory usage limit exceeded"):
        unpack(small[:12] + bytes(block) + small[12 + len(block) :])


def zipped(*entries: tuple[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(buffer, "w", packing) as archive:
        for name, text in entries:
            archive.writestr(zipfile.ZipInfo(name), text, packing)
    return buffer.getvalue()


INFO = ("demo-1.0.dist-info/METADATA", metadata("demo", "1.0").encode())


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "File is not a zip file"),
        (zipped(INFO)[:-10], "File is not a zip file"),
        (zipped(("demo/__init__.py", b"")), f"{WHEEL} has no .dist-info/METADATA"),
        (zipped(INFO, INFO), "holds 'demo-1.0.dist-info/METADATA' twice"),
        (zipped(INFO, packing=zipfile.ZIP_BZIP2), "uses an unsupported compression (expected stored or deflated)"),
        (zipped(INFO, packing=zipfile.ZIP_LZMA), "uses an unsupported compression (expected stored or deflated)"),
        (
            zipped((INFO[0], b"Name: demo\n")),
            "demo-1.0-py3-none-any.whl has no usable metadata: it has no Version",
        ),
        (zipped((INFO[0], metadata("demo", "2.0").encode())), "it says that its version is 2.0, not 1.0"),
        (zipped((INFO[0], metadata("demo", "1.0").encode() + bytes(17 * 1024**2))), "METADATA has 17825"),
        (zipped(INFO).replace(b"Metadata-Version", b"Metadata-Fersion"), ""),
        (zipped(INFO, packing=zipfile.ZIP_STORED).replace(b"Metadata-Version", b"Metadata-Fersion"), "Bad CRC-32"),
    ],
)
def test_hostile_wheels_are_problems(content: bytes, what: str, ranges: bool) -> None:
    facts = read(
        {WHEEL: content, SDIST: sdist("demo", "1.0", {"PKG-INFO": metadata("demo", "1.0")})},
        ranges=ranges,
        metadata=False,
    )
    if what:
        assert facts.metadata_from == f"PKG-INFO of {SDIST}"
        assert any(what in problem for problem in told(facts)), told(facts)


def patched(content: bytes, **fields: int) -> bytes:
    """The end-of-directory record with other numbers: count (10), size (12) or offset (16) of the directory."""
    place = content.rindex(b"PK\x05\x06")
    raw = bytearray(content)
    for name, value in fields.items():
        at, form = {"count": (10, "<H"), "size": (12, "<I"), "offset": (16, "<I")}[name]
        struct.pack_into(form, raw, place + at, value)
    return bytes(raw)


@pytest.mark.parametrize(
    "fields",
    [
        {"size": 0x7FFFFFFF},
        {"size": 0xFFFFFFFE},
        {"offset": 0x7FFFFFFF},
        {"size": 0, "offset": 0},
        {"size": 5},
        {"offset": 1},
    ],
)
@pytest.mark.parametrize("ranges", [True, False])
def test_a_directory_that_lies_is_a_problem(fields: dict[str, int], ranges: bool) -> None:
    content = patched(zipped(INFO, ("demo/blob", os.urandom(400_000))), **fields)
    facts = read(
        {WHEEL: content, SDIST: sdist("demo", "1.0", {"PKG-INFO": metadata("demo", "1.0")})},
        ranges=ranges,
        metadata=False,
    )
    assert facts.metadata_from == f"PKG-INFO of {SDIST}"
    assert any(problem.startswith(WHEEL) for problem in told(facts))


def test_an_encrypted_wheel_is_a_problem() -> None:
    raw = bytearray(zipped(INFO))
    raw[6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    facts = read({WHEEL: bytes(raw)}, metadata=False)
    assert told(facts)[0] == f"{WHEEL}: 'demo-1.0.dist-info/METADATA' is encrypted."


def test_odd_members_of_a_wheel_are_left_out() -> None:
    content = zipped(
        INFO, ("../up.py", b""), ("/abs.py", b""), ("a\\b.py", b""), ("demo/x.py", b""), ("demo/x.py", b"2")
    )
    facts = read({WHEEL: content}, metadata=False)
    assert facts.wheel is not None
    assert facts.wheel.members == ("demo-1.0.dist-info/METADATA", "demo/x.py")
    assert f"{WHEEL}: '../up.py' is not a plain path: left out" in told(facts)
    assert f"{WHEEL}: 'demo/x.py' appears twice" in told(facts)


def test_a_metadata_file_with_another_hash_is_refused() -> None:
    path = f"/files/demo/{WHEEL}.metadata"
    with (
        PackageIndex(
            {"demo": {WHEEL: wheel("demo", "1.0")}}, failures={path: Answer(body=b"Name: demo\nVersion: 1.0\n")}
        ) as index,
        Http(cache=None) as http,
    ):
        (release,) = IndexClient(http, url=index.url).project("demo").releases
        with pytest.raises(HashMismatchError, match=r"\.whl\.metadata is not the file that was expected"):
            light(http, release, Store(None))


TEXTS = {
    "setup.cfg": {
        "blanks": "[metadata]\nname = demo\nx" + " " * 300_000 + "y\n" + ("z" + " " * 3000) * 50,
        "sections": "".join(f"[s{n}]\n" for n in range(40_000)),
        "continued": "[metadata]\nname = " + "\n x" * 100_000,
    },
    "pyproject.toml": {
        "dots": "a." * 200_000 + "a = 1",
        "many dotted": "".join(f"a{n}{'.a' * 400} = 1\n" for n in range(300)),
        "arrays": "x = " + "[" * 100_000,
        "closed arrays": "x = " + "[" * 300 + "]" * 300,
        "tables": "".join(f"[{'a.' * 40}t{n}]\n" for n in range(4000)),
        "digits": "x = " + "9" * 400_000,
        "hexadecimal": "[project]\nname = 'demo'\nx = 0x" + "f" * 400_000,
        "no text": "\0\1\2",
    },
    "PKG-INFO": {
        "one line": "Name: " + "x" * 3_000_000,
        "many fields": "".join(f"f{n}: x\n" for n in range(200_000)),
        "many classifiers": "Name: demo\nVersion: 1.0\n" + "Classifier: x\n" * 60_000,
        "colons": ":" * 900_000,
        "multipart": "Content-Type: multipart/mixed; boundary=x\nName: demo\nVersion: 1.0\n\n--x\n\n--x--\n",
        "encoded": "Name: =?utf-8?q?demo?=\nVersion: 1.0\nSummary: =?bogus?q?=ff?=\xff\n",
        "nested requirement": "Name: demo\nVersion: 1.0\nRequires-Dist: x; " + "(" * 400 + "os_name=='a'" + ")" * 400,
        "digits": "Name: demo\nVersion: 1.0\nRequires-Dist: x>=" + "9" * 5000,
        "version": "Name: demo\nVersion: " + "9" * 5000,
        "requirement": "Name: demo\nVersion: 1.0\nRequires-Dist: x; " + "(" * 50_000 + "a" + ")" * 50_000,
        "markers": "Name: demo\nVersion: 1.0\nRequires-Dist: x; " + " and ".join(["os_name == 'a'"] * 20_000),
        "specifier": "Name: demo\nVersion: 1.0\nRequires-Python: " + ",".join([">=3"] * 50_000),
    },
    "demo.egg-info/entry_points.txt": {"blanks": "[console_scripts]\n" + "a" + " " * 400_000 + "b"},
    "demo.egg-info/requires.txt": {"brackets": "[" * 400_000},
}
TOLD = {
    ("setup.cfg", "continued"): "it says that its project is 'x",
    ("pyproject.toml", "dots"): "can't be read: it has keys or lines that no person writes",
    ("pyproject.toml", "arrays"): "can't be read: maximum recursion depth exceeded",
    ("pyproject.toml", "closed arrays"): "can't be read: ",
    ("pyproject.toml", "many dotted"): "can't be read: nested more than 60 levels deep",
    ("PKG-INFO", "requirement"): "is not a requirement: it is too long or nested too deeply",
    ("pyproject.toml", "digits"): "can't be read: Exceeds the limit",
    ("pyproject.toml", "no text"): "pyproject.toml of demo-1.0.tar.gz can't be read: it is not text",
    ("PKG-INFO", "one line"): "it has no Name and Version",
    ("PKG-INFO", "many fields"): "it has no Name and Version",
    ("PKG-INFO", "colons"): "has no Name and Version",
    ("PKG-INFO", "encoded"): "it says that its project is '=?utf-8?q?demo?=', not demo",
    ("PKG-INFO", "nested requirement"): "is not a requirement: it is too long or nested too deeply",
    ("PKG-INFO", "digits"): "is not a requirement: it is too long or nested too deeply",
    ("PKG-INFO", "markers"): "is not a requirement: it is too long or nested too deeply",
    ("PKG-INFO", "specifier"): "can't be read",
    ("PKG-INFO", "version"): "its version '999",
}
CASES = [(path, name) for path, texts in TEXTS.items() for name in texts]


@pytest.mark.parametrize(("path", "name"), CASES, ids=[f"{path} {name}" for path, name in CASES])
def test_hostile_texts_are_got_over(path: str, name: str) -> None:
    """Each takes hours, or the stack, where it is parsed carelessly."""
    facts = unpack(sdist("demo", "1.0", {path: TEXTS[path][name]}), limits=ArchiveLimits())
    assert facts.members == (path,)
    requirements = facts.metadata.requires_dist if facts.metadata else RequirementList()
    assert all(Requirement(str(requirement)) == requirement for requirement in requirements)
    wanted = TOLD.get((path, name))
    assert (wanted is None and not told(facts)) or (wanted is not None and wanted in "\n".join(told(facts)))


def test_huge_metadata_is_cut() -> None:
    fields = "".join(f"Classifier: {n}\n" for n in range(100_000))
    reading = read_email(f"Name: demo\nVersion: 1.0\n{fields}Requires-Dist: six\n".encode(), where="METADATA")
    assert told(reading) == ("METADATA has more than 1024 kB of fields: the rest was left out",)
    long = f"Name: demo\nVersion: 1.0\n\n{'word ' * 5_000_000}".encode()
    assert read_email(long, where="METADATA").problems == ()
