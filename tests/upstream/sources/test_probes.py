"""Files of likely next versions, tried one by one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dirac_forge.errors import InputError
from dirac_forge.http import Http, RefusedError, UnreachableError
from dirac_forge.upstream.sources.probes import Probes, next_versions
from support.server import Answer, Asked, Server, dead_port

ARCHIVE = b"\x1f\x8b" + b"0" * 2000


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.2.3", ("1.2.4", "1.3.0", "2.0.0")),
        ("0.18", ("0.19", "1.0")),
        ("6.40.02", ("6.40.03", "6.41.00", "7.0.00")),
        ("2024a", ("2024b", "2025a")),
        ("9z", ("10a",)),
        ("7", ("8",)),
        ("1_2", ("1_3", "2_0")),
        ("1.0rc1", ()),
    ],
)
def test_what_may_come_next(version: str, expected: tuple[str, ...]) -> None:
    assert next_versions(version) == expected


def probing(answer: Callable[[str], Answer], current: str = "1.0.0") -> tuple[set[str], tuple[str, ...], list[str]]:
    def answered(asked: Asked) -> Answer:
        return answer(asked.path.removeprefix("/demo-").removesuffix(".tar.gz"))

    with Server(answered) as server, Http(cache=None) as http:
        probes = Probes(http, lambda version: [f"{server.url}/demo-{version}.tar.gz"])
        offers, notes = probes.offers(current)
        return (
            {str(offer.version) for offer in offers},
            tuple(note.replace(server.url, "") for note in notes),
            server.lines(),
        )


def there(*versions: str, otherwise: Answer | None = None) -> Callable[[str], Answer]:
    return lambda version: Answer(body=ARCHIVE) if version in versions else otherwise or Answer(status=404)


def test_it_goes_on_from_what_it_finds() -> None:
    found, notes, asked = probing(there("1.0.0", "1.0.1", "1.0.2", "1.1.0", "2.0.0"))
    assert (found, notes) == ({"1.0.0", "1.0.1", "1.0.2", "1.1.0", "2.0.0"}, ())
    assert len(asked) == len(set(asked))


def test_a_page_of_words_is_no_release() -> None:
    page = Answer(body=b"<!DOCTYPE html><title>Sorry</title>", headers={"Content-Type": "text/html"})
    found, notes, _ = probing(there("1.0.0", otherwise=page))
    assert (found, notes) == ({"1.0.0"}, ())


def test_a_server_that_has_everything_has_nothing() -> None:
    found, notes, asked = probing(lambda version: Answer(body=ARCHIVE))
    assert found == {"1.0.0"}
    assert notes == ("the server returns a file for any version, so its answers prove nothing",)
    assert len(asked) < 70


def test_403_for_what_is_not_there() -> None:
    found, _, _ = probing(there("1.0.0", "1.0.1", otherwise=Answer(status=403)))
    assert found == {"1.0.0", "1.0.1"}


def test_where_even_the_own_file_is_refused_nobody_knows() -> None:
    with pytest.raises(RefusedError):
        probing(lambda version: Answer(status=403))


def test_the_own_file_is_gone() -> None:
    found, notes, _ = probing(there("1.0.1"))
    assert found == {"1.0.1"}
    assert notes == (
        "the recipe's own file no longer exists: /demo-1.0.0.tar.gz: there is nothing here (404 Not Found)",
    )


def test_only_the_first_bytes_are_read() -> None:
    def endless() -> Answer:
        # A server that ignores ranges and has 10 GB.
        return Answer(headers={"Content-Length": str(10 * 1024**3)}, body=ARCHIVE[:600], hang_up=True)

    found, _, _ = probing(lambda version: endless() if version in {"1.0.0", "1.0.1"} else Answer(status=404))
    assert found == {"1.0.0", "1.0.1"}


def test_a_dead_host_is_unknown_and_a_recipe_that_can_t_be_moved_has_nothing() -> None:
    with Http(cache=None) as http:
        with pytest.raises(UnreachableError):
            Probes(http, lambda version: [f"http://127.0.0.1:{dead_port()}/{version}"]).offers("1.0")
        nowhere = Probes(http, lambda version: [])
        assert nowhere.missing("1.1") == "the recipe does not say where the file of 1.1 would be"

        def broken(version: str) -> list[str]:
            raise InputError("no")

        with pytest.raises(InputError):
            Probes(http, broken).missing("1.1")
