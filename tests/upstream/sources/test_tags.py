"""Tags and the versions that they stand for."""

from __future__ import annotations

import pytest
from packaging.specifiers import SpecifierSet

from dirac_forge.upstream.sources.tag_reasons import NotDiracTag, NoVersionTag, OtherSpelling, OverlongTag, TagReason
from dirac_forge.upstream.sources.tags import HostVersion, learned, read_version, spelled_in


@pytest.mark.parametrize(
    ("tag", "version", "other", "expected"),
    [
        ("v1.2.3", "1.2.3", "v1.3.0", "1.3.0"),
        ("v1.2.3", "1.2.3", "1.3.0", "1.3.0"),
        ("1.2.3", "1.2.3", "v1.3.0", "1.3.0"),
        ("R_0_8_10", "0.8.10", "R_0_9_0", "0.9.0"),
        ("v0_8_5", "0.8.5", "v0_9_0_rc1", "0.9.0rc1"),
        ("release-1-2", "1.2", "release-1-3-1", "1.3.1"),
        ("curl-8_1_2", "8.1.2", "curl-8_21_0", "8.21.0"),
        ("OpenSSL_1_1_1w", "1.1.1w", "OpenSSL_1_1_1za", "1.1.1za"),
        ("openssl-3.6.2", "3.6.2", "openssl-3.7.0-beta1", "3.7.0b1"),
        ("v6-40-02", "6.40.02", "v6-40-04", "6.40.04"),
        ("v10r2p3", "10.2.3", "v10r3", "10.3"),
        ("v10r2p3", "10.2.3", "v10r3p1-pre4", "10.3.1rc4"),
        ("krb5-1.22.2-final", "1.22.2", "krb5-1.23-final", "1.23"),
        ("v2.1.0-rc3", "2.1.0rc3", "v2.1.0", "2.1.0"),
        ("v2.0.0-rc.1", "2.0.0rc1", "v2.0.0-rc.2", "2.0.0rc2"),
        ("3.0.0-beta.2", "3.0.0b2", "3.0.0", "3.0.0"),
        ("R_2_5_0_BETA1", "2.5.0b1", "R_2_5_0", "2.5.0"),
        ("v1.2.3dev1", "1.2.3.dev1", "v1.2.3", "1.2.3"),
        ("7.1.1-15", "7.1.1_15", "7.1.2-1", "7.1.2_1"),
        ("2024a", "2024a", "2025b", "2025b"),
        ("v378", "378", "v379", "379"),
        ("R_0_8_10", "0.8.10", "R_0_8_11p2", "0.8.11p2"),
        ("v1.0", "1.0", "v1.1.dev3", "1.1.dev3"),
        ("v1.0", "1.0", "v1.1a", "1.1a0"),
    ],
)
def test_a_tag_is_read_like_the_one_that_the_recipe_has(tag: str, version: str, other: str, expected: str) -> None:
    spelling = learned(tag, version)
    assert spelling is not None
    read = spelling.read(other)
    assert isinstance(read, HostVersion)
    assert str(read) == expected
    own = spelling.read(tag)
    assert isinstance(own, HostVersion)
    assert str(own) == version
    assert (read > own) == (other != "v2.1.0" or version == "2.1.0rc3")


@pytest.mark.parametrize(
    ("tag", "version", "other", "why"),
    [
        ("curl-8_1_2", "8.1.2", "tiny-curl-8_4_0", OtherSpelling(tag="tiny-curl-8_4_0", example="curl-1_2_3")),
        ("OpenSSL_1_1_1w", "1.1.1w", "openssl-3.0.0", OtherSpelling(tag="openssl-3.0.0", example="OpenSSL_1_2_3")),
        ("v1.2", "1.2", "nightly", NoVersionTag(tag="nightly")),
        ("v1.2", "1.2", "20240101", OtherSpelling(tag="20240101", example="v1.2.3")),
        ("release-1-2", "1.2", "release-1.3", OtherSpelling(tag="release-1.3", example="release-1-2-3")),
        ("v10r2p3", "10.2.3", "10.3", NotDiracTag(tag="10.3")),
        ("v1.0", "1.0", "v1.1x", NoVersionTag(tag="v1.1x")),
        ("v1.0", "1.0", "v" + "1" * 200, OverlongTag()),
    ],
)
def test_a_tag_that_is_no_version_is_none_with_a_reason(tag: str, version: str, other: str, why: TagReason) -> None:
    spelling = learned(tag, version)
    assert spelling is not None
    assert spelling.read(other) == why


@pytest.mark.parametrize(
    ("tag", "version"), [("v1.2.3", "1.2"), ("v11.2", "1.2"), ("latest", "1.2"), ("0-1-22", "1.22")]
)
def test_a_tag_of_another_version_teaches_nothing(tag: str, version: str) -> None:
    assert learned(tag, version) is None


def test_letters_count_as_later_releases_in_their_order() -> None:
    texts = ["1.0.2", "1.0.2a", "1.0.2z", "1.0.2za", "1.0.2zb", "1.1.0"]
    read = [read_version(text) for text in texts]
    assert all(one is not None for one in read)
    assert sorted(read, reverse=True)[::-1] == read  # type: ignore[type-var]


def test_a_version_prints_as_the_recipe_says_it_and_compares_as_pep_440_does() -> None:
    version = read_version("6.40.02")
    assert version is not None
    assert (str(version), str(version.plain), version == read_version("6.40.2")) == ("6.40.02", "6.40.2", True)
    assert SpecifierSet(">=6.40,<6.41").contains(version.plain)
    assert read_version("main") is None
    assert read_version("1" * 300) is None


@pytest.mark.parametrize(
    ("text", "version", "expected"),
    [
        ("/release/1.91.0/source/boost_1_91_0.tar.bz2", "1.91.0", True),
        ("/krb5-1.22.2-final.tar.gz", "1.22.2", True),
        ("/-/archive/v10r2p3/x.tar.gz", "10.2.3", True),
        ("/2026/sqlite-autoconf-3530400.tar.gz", "3.53.4", False),
        ("/demo-11.2.tar.gz", "1.2", False),
        ("/demo-1.2.3.tar.gz", "1.2", False),
        ("/demo-1.2rc1.tar.gz", "1.2", False),
    ],
)
def test_whether_a_text_says_a_version(text: str, version: str, expected: bool) -> None:
    assert spelled_in(text, version) is expected
