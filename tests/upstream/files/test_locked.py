"""What a Cargo.lock says that a project is built with."""

from __future__ import annotations

from dirac_forge.upstream.files.locked import used_crates

INDEX = 'source = "registry+https://github.com/rust-lang/crates.io-index"'
MANIFEST = """
[package]
name = "demo"
[features]
default = ["fast"]
fast = ["dep:speedy", "tool/x"]
slow = ["lazy", "maybe?/y"]
[dependencies]
base = "1"
speedy = { version = "1", optional = true }
lazy = { version = "1", optional = true }
maybe = { version = "1", optional = true }
t = { package = "tool", version = "1", optional = true }
tool = { version = "2", optional = true }
[dev-dependencies]
checker = "1"
base = "1"
[target.'cfg(unix)'.build-dependencies]
cc = "1"
"""


def lock(**crates: str) -> str:
    """Return a lock of crates with their dependencies; `demo` has no source."""
    parts = []
    for name, needs in crates.items():
        source = "" if name in ("demo", "inner") else INDEX
        listed = ", ".join(f'"{need}"' for need in needs.split(","))
        parts.append(
            f'[[package]]\nname = "{name}"\nversion = "1"\n{source}\ndependencies = [{listed if needs else ""}]'
        )
    return "\n".join(parts)


LOCK = lock(
    demo="base,cc,checker,lazy,maybe,speedy,tool",
    base="deep 1",
    deep="demo",
    cc="",
    checker="hidden",
    hidden="",
    lazy="",
    maybe="",
    speedy="",
    tool="",
    elsewhere="",
)
TEXTS = {"a/Cargo.toml": MANIFEST, "Cargo.lock": LOCK}


def test_crates_are_those_of_the_build_and_not_of_tests_or_other_features() -> None:
    assert used_crates(TEXTS, "a/Cargo.toml") == {
        "demo": {"base", "cc", "speedy", "tool"},
        "base": {"deep"},
        "deep": {"demo"},
        "cc": set(),
        "speedy": set(),
        "tool": set(),
    }


def test_features_that_the_build_asks_for_count() -> None:
    assert set(used_crates(TEXTS, "a/Cargo.toml", features=["slow"], default=False)) == {
        "demo",
        "base",
        "deep",
        "cc",
        "lazy",
    }


def test_crates_of_the_workspace_leave_their_tests_out_too() -> None:
    inner = '[package]\nname = "inner"\n[dev-dependencies]\nchecker = "1"'
    texts = {
        "Cargo.toml": '[package]\nname = "demo"\n[dependencies]\ninner = { path = "inner" }',
        "inner/Cargo.toml": inner,
        "Cargo.lock": lock(demo="inner", inner="checker,cc", cc="", checker=""),
    }
    assert used_crates(texts, "Cargo.toml") == {"demo": {"inner"}, "inner": {"cc"}, "cc": set()}


def test_without_a_lock_or_in_a_broken_one_nothing_is_known() -> None:
    for text in ("", "not toml [", "package = 1", "[[package]]\nname = 1", lock(other="")):
        assert used_crates({"Cargo.toml": MANIFEST, "Cargo.lock": text}, "Cargo.toml") == {}
    assert used_crates({}, "Cargo.toml") == {}


def test_the_nearest_lock_counts() -> None:
    texts = {"a/b/Cargo.toml": MANIFEST, "a/Cargo.lock": lock(demo="base", base=""), "Cargo.lock": lock(demo="")}
    assert set(used_crates(texts, "a/b/Cargo.toml")) == {"demo", "base"}
