"""Where conda-smithy may run: only where no secret is within reach of the recipe that it executes."""

from __future__ import annotations

from pathlib import Path

import pytest

from dirac_forge.pullrequest.jail import Jail
from dirac_forge.pullrequest.local_rendering import (
    SecretReach,
    local_smithy,
    reach_of,
    secret_places,
    token_files,
    unsafe_build,
)
from dirac_forge.pullrequest.smithy import NoSmithy, Smithy

SMITHY = Smithy(command=Path("/bin/conda-smithy"), version="3.50")
JAIL = Jail(unshare=Path("/usr/bin/unshare"))


def process(proc: Path, number: int, parent: int, *variables: str) -> None:
    folder = proc / str(number)
    folder.mkdir(parents=True)
    (folder / "environ").write_bytes(b"\0".join(each.encode() for each in variables))
    (folder / "stat").write_text(f"{number} (a (strange) name) S {parent} 1 1\n", encoding="utf-8")


@pytest.mark.parametrize("name", ["GITHUB_TOKEN", "GH_TOKEN", "GH_ENTERPRISE_TOKEN"])
def test_a_token_in_the_environment_is_found(tmp_path: Path, name: str) -> None:
    found = reach_of({name: "ghp_x"}, home=tmp_path, proc=tmp_path / "proc")
    assert found == SecretReach(environments=(f"{name} in the environment",))


def test_a_token_in_the_environment_of_any_ancestor_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dirac_forge.pullrequest.local_rendering.os.getppid", lambda: 30)
    monkeypatch.setattr("dirac_forge.pullrequest.local_rendering.sys.platform", "linux")
    proc = tmp_path / "proc"
    process(proc, 30, 20, "PATH=/bin")
    process(proc, 20, 10, "GITHUB_TOKEN=ghp_x", "GITHUB_TOKEN_FILE=/x")
    process(proc, 10, 0)
    found = reach_of({}, home=tmp_path, proc=proc)
    assert found.environments == ("GITHUB_TOKEN in the environment of process 20",)


def test_a_process_that_can_not_be_read_ends_the_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dirac_forge.pullrequest.local_rendering.os.getppid", lambda: 30)
    process(tmp_path / "proc", 30, 20)
    assert reach_of({}, home=tmp_path, proc=tmp_path / "proc") == SecretReach()


def test_stores_files_and_sockets_are_found(tmp_path: Path) -> None:
    (tmp_path / ".config/gh").mkdir(parents=True)
    (tmp_path / ".config/gh/hosts.yml").write_text("x", encoding="utf-8")
    token = tmp_path / "token"
    token.write_text("ghp_x", encoding="utf-8")
    environ = {"SSH_AUTH_SOCK": "/run/agent", "GITHUB_TOKEN_FILE": str(token), "GITHUB_APP_PRIVATE_KEY": "/none"}
    assert token_files(environ) == (token,)
    found = reach_of(environ, home=tmp_path, proc=tmp_path / "proc")
    assert found.environments == ()
    assert found.stores == (str(token), str(tmp_path / ".config/gh/hosts.yml"), "SSH_AUTH_SOCK")


def test_conda_smithy_runs_in_the_sandbox_or_where_there_is_nothing_to_find() -> None:
    jailed = local_smithy(SMITHY, SecretReach(stores=("~/.netrc",)), JAIL)
    assert isinstance(jailed, Smithy)
    assert jailed.jail == JAIL
    assert local_smithy(SMITHY, SecretReach(), None) == SMITHY


def test_it_does_not_run_next_to_a_token_and_says_why() -> None:
    reach = SecretReach(environments=("GITHUB_TOKEN in the environment",))
    assert local_smithy(SMITHY, reach, JAIL) == NoSmithy(
        reason="not rendered locally: a recipe could read GITHUB_TOKEN in the environment", said=True
    )
    stores = SecretReach(stores=("a", "b", "c", "d", "e"))
    assert local_smithy(SMITHY, stores, None) == NoSmithy(
        reason="not rendered locally: no sandbox here, and a recipe could reach a, b, c and 2 more", said=True
    )
    assert local_smithy(None, SecretReach(), JAIL) == NoSmithy(
        reason="conda-smithy is not installed where this was made"
    )


@pytest.mark.parametrize(
    "name", [".ssh", "Library/Keychains", ".cache/git/credential", ".gnupg", ".conda-smithy", ".globus"]
)
def test_keys_keychains_and_caches_of_the_home_folder_are_stores(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir(parents=True)
    assert reach_of({}, home=tmp_path, proc=tmp_path / "proc").stores == (str(tmp_path / name),)


def test_secrets_of_other_programs_are_stores(tmp_path: Path) -> None:
    environ = {
        "ANACONDA_API_TOKEN": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "KEY_FILE": "/x",
        "MY_TOKEN": " ",
        "EDITOR": "vi",
    }
    found = reach_of(environ, home=tmp_path, proc=tmp_path / "proc")
    told = ("ANACONDA_API_TOKEN in the environment", "AWS_SECRET_ACCESS_KEY in the environment")
    assert (found.environments, found.stores) == ((), told)


def test_a_runner_of_actions_has_credentials_that_a_recipe_could_take_from_its_memory(tmp_path: Path) -> None:
    found = reach_of({"GITHUB_ACTIONS": "true"}, home=tmp_path, proc=tmp_path / "proc")
    assert found.stores == ("the credentials of the runner of GitHub Actions",)


def test_other_places_of_configuration_and_sockets_are_secret_but_devices_and_addresses_are_not(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "agent").touch()
    environ = {
        "XDG_CONFIG_HOME": str(tmp_path / "config"), "SSH_AUTH_SOCK": str(tmp_path / "agent"), "NETRC": "/none",
        "GIT_CONFIG_GLOBAL": "/dev/null", "DBUS_SESSION_BUS_ADDRESS": "unix:abstract=/tmp/dbus",
    }  # fmt: skip
    assert secret_places(environ) == (tmp_path / "config", tmp_path / "agent")


def test_a_build_is_safe_where_it_can_see_no_token(tmp_path: Path) -> None:
    token = tmp_path / "seen" / "token"
    token.parent.mkdir()
    token.touch()
    environ = {"GITHUB_TOKEN_FILE": str(token)}
    above = SecretReach(environments=("GITHUB_TOKEN in the environment of process 7",), stores=("~/.netrc",))
    assert unsafe_build({}, above, isolated=True, hidden=()) == ""  # processes and the home folder are hidden
    assert unsafe_build(environ, above, isolated=True, hidden=(tmp_path,)) == ""
    assert unsafe_build(environ, above, isolated=True, hidden=()) == str(token)
    assert unsafe_build({"GH_TOKEN": "x"}, SecretReach(), isolated=True, hidden=()) == "GH_TOKEN in the environment"
    told = "GITHUB_TOKEN in the environment of process 7, ~/.netrc"
    assert unsafe_build({}, above, isolated=False, hidden=()) == told
