"""Extras: outputs where conda-forge has them as packages, requirements of the project's own package elsewhere."""

from __future__ import annotations

from collections.abc import Iterable

from dirac_forge.channel.listing import Listing, PackageInfo
from dirac_forge.recipe.making.extras import extra_packages


def channel(**depends: tuple[str, ...]) -> Listing:
    """Return what a channel has: packages (`_` for `-`) with their requirements."""
    return Listing(
        packages={
            (name := key.replace("_", "-")): PackageInfo(
                name=name,
                versions=("1",),
                python=True,
                channel="test",
                depends=lines,
            )
            for key, lines in depends.items()
        }
    )


def test_an_extra_that_a_table_has_as_a_package_is_an_output() -> None:
    made = extra_packages("uvicorn", "uvicorn", ["standard"], ["standard"], lambda _: Listing())
    assert (dict(made.outputs), made.folded, made.notes) == ({"standard": "uvicorn-standard"}, (), ())


def test_an_extra_that_the_channel_has_as_a_package_is_an_output() -> None:
    listing = channel(demo_fast=("demo ==1", "numpy"), demo_tests=("pytest",))

    def there(names: Iterable[str]) -> Listing:
        return Listing(packages={name: listing[name] for name in names if name in listing})

    made = extra_packages("demo", "demo", ["Fast", "more", "tests"], [], there)
    assert (dict(made.outputs), made.folded, made.notes) == ({"fast": "demo-fast"}, ("more", "tests"), ())


def test_an_extra_that_is_another_feedstocks_package_is_told() -> None:
    made = extra_packages("dask-core", "dask", ["complete"], ["complete"], lambda _: Listing())
    assert (dict(made.outputs), made.folded) == ({}, ())
    assert [(note.level, note.text) for note in made.notes] == [
        ("warning", "the extra complete is not in run: conda-forge has it as the package dask")
    ]


def test_extras_that_the_channel_releases_with_the_package_are_outputs_unasked() -> None:
    listing = channel(
        demo_with_fast=("demo >=1,<1.0a0", "numpy"),
        demo_exact=("demo 1 pyh0_0",),
        demo_loose=("demo >=0.5",),
        demo_other=("numpy",),
    )

    def there(names: Iterable[str]) -> Listing:
        return Listing(packages={name: listing[name] for name in names if name in listing})

    made = extra_packages("demo", "demo", [], ["fast", "exact", "loose", "other", "none"], there)
    assert (dict(made.outputs), made.folded) == ({"fast": "demo-with-fast", "exact": "demo-exact"}, ())


def test_an_extra_that_the_release_lacks_is_no_output() -> None:
    made = extra_packages("uvicorn", "uvicorn", [], ["other"], lambda _: Listing())
    assert dict(made.outputs) == {}


def test_a_package_of_another_name_is_an_output_where_it_is_known_to_be_of_the_feedstock() -> None:
    made = extra_packages("seaborn-base", "seaborn", [], ["stats"], lambda _: Listing())
    assert dict(made.outputs) == {"stats": "seaborn"}
    made = extra_packages("nbconvert-core", "nbconvert", [], ["webpdf", "test"], lambda _: Listing())
    assert dict(made.outputs) == {"all": "nbconvert-all", "webpdf": "nbconvert-webpdf"}
