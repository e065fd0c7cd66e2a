"""Settings: what holds, from where, and what is said about mistakes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from dirac_forge.errors import InputError
from dirac_forge.settings import BotSettings, FeedstockSettings, Settings, TargetSettings, load


def workspace(folder: Path, text: str = "", *, header: bool = True) -> Path:
    (folder / "pyproject.toml").write_text(("[tool.dirac-forge]\n" if header else "") + text, encoding="utf-8")
    return folder


def problems(folder: Path, text: str, environ: dict[str, str] | None = None, **flags: object) -> list[str]:
    """What is said of a table whose first line is line 2, with the file as `F`."""
    with pytest.raises(InputError) as error:
        load(workspace(folder, text), environ=environ or {}, flags=flags)
    return error.value.message.replace(str(folder / "pyproject.toml"), "F").split("\n")


def test_defaults_in_an_empty_folder(tmp_path: Path) -> None:
    settings = load(tmp_path, environ={"PATH": "/bin"}, flags={"channels": None})
    assert settings.workspace == tmp_path
    assert settings.channels == ("conda-forge",)
    assert settings.platforms == ("linux-64", "linux-aarch64", "osx-64", "osx-arm64")
    assert settings.pythons == ("3.10", "3.11", "3.12", "3.13", "3.14")
    assert settings.python_min == "3.10"
    assert settings.index_url == "https://pypi.org/simple/"
    assert settings.feedstock_url == "https://github.com/conda-forge/{name}-feedstock"
    assert settings.cache.name == "dirac-forge" or "dirac-forge" in settings.cache.parts
    assert settings.targets["dirac-grid"].specs == ("dirac-grid",)
    assert settings.bot == BotSettings(open_per_feedstock=3, per_run=20, paused=())
    assert settings.flags == frozenset()
    dirac = settings.feedstocks["dirac-grid"]
    assert dirac.projects == ("DIRACCommon", "DIRAC")
    assert dirac.branches == {"main": SpecifierSet(">=9"), "v8.0.x": SpecifierSet(">=8.0,<8.1")}
    assert len(settings.feedstocks["diracx"].projects) == 10


@pytest.mark.parametrize("text", ["", "[project]\nname = 'x'\n", "[tool.ruff]\nline-length = 100\n"])
def test_defaults_with_a_file_that_does_not_speak_of_us(tmp_path: Path, text: str) -> None:
    before = load(tmp_path, environ={}, flags={})
    assert load(workspace(tmp_path, text, header=False), environ={}, flags={}) == before


EVERYTHING = """
channels = ["conda-forge", "https://prefix.dev/lhcb/", "snapshots/today", "./here", "conda-forge/label/rc"]
platforms = ["linux-64", "win-64"]
pythons = ["3.11", "3.12"]
python-min = "3.11"
maintainers = ["chaen", "conda-forge/dirac"]
index-url = "https://index.example/simple"
feedstock-url = "/repositories/{name}"
pinning = "pinning"
cache = "/var/cache/forge"
connections = 4
timeout = 10
offline = false

[tool.dirac-forge.targets.dirac-grid]
specs = ["dirac-grid >=9"]
platforms = ["linux-64"]
pythons = ["3.11"]
[tool.dirac-forge.targets.lhcbdirac]

[tool.dirac-forge.feedstocks.lhcbdirac]
projects = ["LHCbDIRAC"]
branches = { main = ">=12" }

[tool.dirac-forge.names]
"Gfal2_python" = "python-gfal2"

[tool.dirac-forge.virtual-packages.linux-64]
__glibc = "2.28"
__archspec = "1 x86_64_v3"
__linux = ""

[tool.dirac-forge.bot]
open-per-feedstock = 1
per-run = 2
paused = ["all"]
"""


def test_everything_said(tmp_path: Path) -> None:
    (tmp_path / "snapshots" / "today").mkdir(parents=True)
    (tmp_path / "here").mkdir()
    settings = load(workspace(tmp_path, EVERYTHING), environ={}, flags={})
    defaults = load(tmp_path.parent, environ={}, flags={})
    assert settings == Settings(
        workspace=tmp_path,
        cache=(tmp_path / "/var/cache/forge").absolute(),
        channels=(
            "conda-forge",
            "https://prefix.dev/lhcb",
            str(tmp_path / "snapshots" / "today"),
            str(tmp_path / "here"),
            "conda-forge/label/rc",
        ),
        platforms=("linux-64", "win-64"),
        pythons=("3.11", "3.12"),
        python_min="3.11",
        pinning=tmp_path / "pinning",
        maintainers=("chaen", "conda-forge/dirac"),
        targets={
            "dirac-grid": TargetSettings(
                name="dirac-grid", specs=("dirac-grid >=9",), platforms=("linux-64",), pythons=("3.11",)
            ),
            "lhcbdirac": TargetSettings(
                name="lhcbdirac", specs=("lhcbdirac",), platforms=("linux-64", "win-64"), pythons=("3.11", "3.12")
            ),
        },
        feedstocks={
            **defaults.feedstocks,
            "lhcbdirac": FeedstockSettings(
                name="lhcbdirac", projects=("LHCbDIRAC",), branches={"main": SpecifierSet(">=12")}
            ),
        },
        names={"gfal2-python": "python-gfal2"},
        virtual_packages={"linux-64": {"__glibc": "2.28", "__archspec": "1 x86_64_v3", "__linux": ""}},
        bot=BotSettings(open_per_feedstock=1, per_run=2, paused=("all",)),
        index_url="https://index.example/simple/",
        feedstock_url="/repositories/{name}",
        connections=4,
        timeout=10.0,
        offline=False,
    )


@pytest.mark.parametrize("name", ["dirac-grid", "my-dirac"])
def test_a_feedstock_replaces_the_built_in_one(tmp_path: Path, name: str) -> None:
    text = f"[tool.dirac-forge.feedstocks.{name}]\nprojects = ['dirac']\n"
    settings = load(workspace(tmp_path, text), environ={}, flags={})
    assert set(settings.feedstocks) == {name, "diracx"}
    assert settings.feedstocks[name] == FeedstockSettings(name=name, projects=("dirac",))


def test_flags_go_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    folder = workspace(tmp_path, "platforms = ['linux-64']\npythons = ['3.11']\nconnections = 2\n")
    environ = {"DIRAC_FORGE_PLATFORMS": "osx-64, win-64,", "DIRAC_FORGE_PYTHONS": "3.12", "DIRAC_FORGE_OFFLINE": "yes"}
    settings = load(folder, environ=environ, flags={"platforms": ["osx-arm64"], "offline": None})
    assert settings.platforms == ("osx-arm64",)
    assert settings.pythons == ("3.12",)
    assert settings.connections == 2
    assert settings.offline
    assert settings.flags == {"platforms"}


def test_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "snapshot").mkdir()
    environ = {
        "DIRAC_FORGE_CHANNELS": "snapshot,conda-forge",
        "DIRAC_FORGE_INDEX_URL": "http://127.0.0.1:8000/simple",
        "DIRAC_FORGE_CACHE": "cache",
        "DIRAC_FORGE_CONNECTIONS": "3",
        "DIRAC_FORGE_TIMEOUT": "2.5",
        "DIRAC_FORGE_WORKSPACE": "/read/elsewhere",
        "DIRAC_FORGE_MAINTAINERS": "",
    }
    settings = load(tmp_path, environ=environ, flags={"pinning": Path("pinning")})
    assert settings.channels == (str(tmp_path / "snapshot"), "conda-forge")
    assert settings.index_url == "http://127.0.0.1:8000/simple/"
    assert settings.cache == tmp_path / "cache"
    assert settings.pinning == tmp_path / "pinning"
    assert (settings.connections, settings.timeout) == (3, 2.5)
    assert settings.maintainers == ()


def test_unknown_keys_name_the_nearest(tmp_path: Path) -> None:
    text = """chanels = []

[tool.dirac-forge.bot]
per-runn = 3
[tool.dirac-forge.targets.x]
spec = ["y"]
zzz = 1
"""
    assert problems(tmp_path, text) == [
        "F:2: unknown key 'chanels'; did you mean 'channels'?",
        "F:5: unknown key 'bot.per-runn'; did you mean 'per-run'?",
        "F:7: unknown key 'targets.x.spec'; did you mean 'specs'?",
        "F:8: unknown key 'targets.x.zzz'; expected one of platforms, pythons, specs",
    ]


def test_wrong_values_are_all_reported_with_their_lines(tmp_path: Path) -> None:
    text = """channels = "conda-forge"
platforms = [
    "linux-64",
    "Linux",
    3,
]
pythons = [3.10]
python-min = 3
maintainers = ["not a name"]
index-url = "pypi.org"
feedstock-url = "https://github.com/x/{nam}"
connections = 0
timeout = inf
offline = "no"
bot = { per-run = true, paused = [1979-05-27] }
names = { DIRAC = "Dirac Grid" }
[tool.dirac-forge.feedstocks.dirac-grid]
branches.main = ">=9,=<10"
projects = ["DIRAC", ""]
[tool.dirac-forge.virtual-packages]
linux-64.glibc = "2.28"
osx-64.__osx = 11
osx-arm64.__osx = "11.0 0 1"
[tool.dirac-forge.targets.x]
specs = []
"""
    version = "a version such as '2.28' (or '1 x86_64_v3', with a build; '' removes the package)"
    assert problems(tmp_path, text) == [
        "F:2: channels: expected a list of channels, got 'conda-forge'",
        "F:5: platforms[1]: expected a platform such as 'linux-64', got 'Linux'",
        "F:6: platforms[2]: expected a platform such as 'linux-64', in quotes, got 3 (an integer)",
        "F:8: pythons[0]: expected a Python version such as '3.12', in quotes, got 3.1 (a float)",
        "F:9: python-min: expected a Python version such as '3.12', in quotes, got 3 (an integer)",
        "F:10: maintainers[0]: expected a GitHub user or team, got 'not a name'",
        "F:11: index-url: expected an http or https URL, got 'pypi.org'",
        "F:12: feedstock-url: expected a URL or path with {name} in it, got 'https://github.com/x/{nam}'",
        "F:13: connections: expected a whole number from 1 to 64, got 0 (an integer)",
        "F:14: timeout: expected a number of seconds greater than 0, got inf (a float)",
        "F:15: offline: expected true or false, got 'no'",
        "F:16: bot.per-run: expected a whole number from 0 to 10000, got true",
        "F:16: bot.paused[0]: expected a string, got a date or time",
        "F:17: names.DIRAC: expected the name of a conda package (lower case), got 'Dirac Grid'",
        "F:19: feedstocks.dirac-grid.branches.main: expected versions such as '>=8.0,<8.1' (PEP 440), got '>=9,=<10'",
        "F:20: feedstocks.dirac-grid.projects[1]: expected the name of a project, got ''",
        "F:22: virtual-packages.linux-64.glibc: expected the name of a virtual package, such as '__glibc', got 'glibc'",
        f"F:23: virtual-packages.osx-64.__osx: expected {version}, in quotes, got 11 (an integer)",
        f"F:24: virtual-packages.osx-arm64.__osx: expected {version}, got '11.0 0 1'",
        "F:26: targets.x.specs: expected a list of conda specs, got an empty one",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("targets = []", "F:2: targets: expected a table, got a list"),
        ("channels = ['./nowhere']", "F:2: channels[0]: there is no folder {tmp}{sep}nowhere"),
        ("channels = ['a?']", "F:2: channels[0]: expected the name, URL or folder of a channel, got 'a?'"),
        ("channels = ['ftp://x/y']", "F:2: channels[0]: expected an http or https URL, got 'ftp://x/y'"),
        ("platforms = []", "F:2: platforms: expected a list of platforms, got an empty one"),
        ("pinning = ''", "F:2: pinning: expected some text, got an empty string"),
        (
            "[tool.dirac-forge.feedstocks]\na.projects = ['X_y']\nb.projects = ['Z', 'x-Y']",
            "F:4: feedstocks.b.projects: x-Y belongs to a already; a project has one feedstock",
        ),
    ],
)
def test_one_wrong_value(tmp_path: Path, text: str, said: str) -> None:
    assert problems(tmp_path, text + "\n") == [said.format(tmp=tmp_path, sep=os.sep)]


def test_the_table_itself(tmp_path: Path) -> None:
    workspace(tmp_path, "[tool]\ndirac-forge = 3\n", header=False)
    with pytest.raises(InputError) as error:
        load(tmp_path, environ={}, flags={})
    assert (
        str(error.value) == f"{tmp_path / 'pyproject.toml'}:2: tool.dirac-forge: expected a table, got 3 (an integer)"
    )


def test_wrong_environment_and_flags(tmp_path: Path) -> None:
    environ = {
        "DIRAC_FORGE_CHANELS": "x",
        "DIRAC_FORGE_CONNECTIONS": "many",
        "DIRAC_FORGE_OFFLINE": "maybe",
        "DIRAC_FORGE_PLATFORMS": "linux",
        "DIRAC_FORGE_WORKSPACES": "x",
    }
    assert problems(tmp_path, "offline = 1", environ, pythons=["3"], index_url="x", pinning="") == [
        "F:2: offline: expected true or false, got 1 (an integer)",
        "unknown variable DIRAC_FORGE_CHANELS; did you mean 'DIRAC_FORGE_CHANNELS'?",
        "unknown variable DIRAC_FORGE_WORKSPACES; did you mean 'DIRAC_FORGE_WORKSPACE'?",
        "DIRAC_FORGE_PLATFORMS: expected a platform such as 'linux-64', got 'linux'",
        "DIRAC_FORGE_CONNECTIONS: expected a whole number from 1 to 64, got 'many'",
        "DIRAC_FORGE_OFFLINE: expected true or false, got 'maybe'",
        "--python: expected a Python version such as '3.12', got '3'",
        "--index-url: expected an http or https URL, got 'x'",
        "--pinning: expected some text, got an empty string",
    ]


def test_credentials_are_refused_and_not_repeated(tmp_path: Path) -> None:
    text = """channels = ["https://me:s3cret@host/c", "https://conda.anaconda.org/t/s3cret/c"]
index-url = "https://me:s3cret@host/simple"
feedstock-url = "https://s3cret@github.com/{name}"
timeout = "https://me:s3cret@host"
"""
    refused = "credentials do not belong in settings"
    channels = "use `rattler auth login` or ~/.netrc"
    assert problems(tmp_path, text, {"DIRAC_FORGE_INDEX_URL": "https://x:s3cret@host/"}) == [
        f"F:2: channels[0]: {refused} (https://***@host/c); {channels}",
        f"F:2: channels[1]: {refused} (https://conda.anaconda.org/t/***/c); {channels}",
        f"F:3: index-url: {refused} (https://***@host/simple); put them into ~/.netrc",
        f"F:4: feedstock-url: {refused} (https://***@github.com/{{name}}); use git's credential helper",
        "F:5: timeout: expected a number of seconds greater than 0, got 'https://***@host'",
        f"DIRAC_FORGE_INDEX_URL: {refused} (https://***@host/); put them into ~/.netrc",
    ]


def test_no_such_workspace(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        load(tmp_path / "nowhere", environ={}, flags={})
    assert str(error.value) == f"there is no folder {tmp_path / 'nowhere'}\nName another one with --workspace."


def test_our_own_settings_are_valid() -> None:
    settings = load(Path(__file__).parents[2], environ={}, flags={})
    assert settings.targets["dirac-grid"].pythons == ("3.11", "3.12", "3.13")
    assert settings.feedstocks["dirac-grid"].projects == ("DIRACCommon", "DIRAC")


@pytest.mark.parametrize("label", ["automerge", "Automerge"])
def test_the_label_that_merges_is_the_bots_own(tmp_path: Path, label: str) -> None:
    wanted = (
        "F:3: bot.labels[1]: expected another label: the bot sets 'automerge' itself, when all checks have passed and "
        f"`bot: automerge` in the feedstock's conda-forge.yml allows it, got '{label}'"
    )
    assert problems(tmp_path, f'[tool.dirac-forge.bot]\nlabels = ["bot", "{label}"]\n') == [wanted]


def test_platforms_that_there_are_not(tmp_path: Path) -> None:
    text = 'platforms = ["linux-64", "linux-46"]\n[tool.dirac-forge.targets.a]\nplatforms = ["osx-65"]\n'
    assert problems(tmp_path, text) == [
        "F:2: platforms[1]: 'linux-46' is not a platform; did you mean 'linux-64'?",
        "F:4: targets.a.platforms[0]: 'osx-65' is not a platform; did you mean 'osx-64'?",
    ]
