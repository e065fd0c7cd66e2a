"""GitHub's limits: what it says, how long is waited, and when it is given up."""

from __future__ import annotations

from email.utils import formatdate
from itertools import pairwise

import pytest

from dirac_forge.progress import Silent
from dirac_forge.pullrequest.forge import Repo
from dirac_forge.pullrequest.github import GitHub as Client
from dirac_forge.pullrequest.github import RateLimit
from dirac_forge.pullrequest.github.rates import asked_to_wait, server_time
from dirac_forge.pullrequest.refusals import LimitError
from support.github import Fault, GitHub, Limit
from support.github.clock import StandingClock

UPSTREAM = "conda-forge/demo-feedstock"
TOLD = {
    "x-ratelimit-limit": "5000",
    "x-ratelimit-remaining": "4987",
    "x-ratelimit-reset": "1800000600",
}
USED_UP = {**TOLD, "x-ratelimit-remaining": "0"}
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


def test_the_limit_is_data() -> None:
    limit = RateLimit(limit=5000, remaining=4987, reset=1_800_000_600)
    assert RateLimit.parse(TOLD) == limit


@pytest.mark.parametrize("headers", [{}, {**TOLD, "x-ratelimit-reset": "soon"}, {"x-ratelimit-limit": "60"}])
def test_a_limit_that_is_not_told(headers: dict[str, str]) -> None:
    assert RateLimit.parse(headers) is None


@pytest.mark.parametrize(
    ("status", "headers", "said", "times", "seconds"),
    [
        (200, USED_UP, "", 0, None),
        (404, {"retry-after": "5"}, "", 0, None),
        (403, {}, "Resource not accessible by integration", 0, None),
        (403, TOLD, "Must have admin rights to Repository.", 0, None),
        (403, {"retry-after": "30"}, SECONDARY, 0, 30),
        (429, {"retry-after": "30", **USED_UP}, "", 0, 30),
        (403, {"retry-after": formatdate(1_800_000_045, usegmt=True)}, "", 0, 45),
        (403, USED_UP, "API rate limit exceeded for user ID 1.", 0, 601),
        (429, USED_UP, "", 0, 601),
        (403, {**USED_UP, "x-ratelimit-reset": "1799999000"}, "", 0, 1),
        (403, TOLD, SECONDARY, 0, 60),
        (403, {}, SECONDARY, 1, 120),
        (403, {}, "You have triggered an abuse detection mechanism.", 3, 480),
        (429, {}, "", 0, 60),
        (429, {"retry-after": "whenever"}, "", 0, 60),
    ],
)
def test_how_long_to_wait(status: int, headers: dict[str, str], said: str, times: int, seconds: float | None) -> None:
    found = asked_to_wait(status, headers, said, now=1_800_000_000, times=times)
    assert (found[0] if found else None) == seconds


def test_the_servers_time() -> None:
    assert server_time({"date": formatdate(1_800_000_000, usegmt=True)}, 7.0) == 1_800_000_000
    assert server_time({}, 7.0) == 7.0
    assert server_time({"date": "today"}, 7.0) == 7.0


@pytest.mark.parametrize("wrong", [0.0, -7200.0, 7200.0])
def test_a_used_up_limit_is_waited_for(
    github: GitHub, client: Client, time: StandingClock, observer: Silent, wrong: float
) -> None:
    time.wrong = wrong
    github.limit = Limit(most=3, window=600)
    for _ in range(7):
        client.repository(UPSTREAM)
    # Nothing is asked in vain: the answer before said already that there is no more.
    assert [each.status for each in github.requests] == [200] * 7
    assert time.slept == [600, 600]
    assert len(observer.warnings) == 2
    if not wrong:
        assert observer.warnings[0] == (
            "GitHub allows 3 requests an hour, and they are used up: waiting until 08:10 UTC"
        )


def test_somebody_else_used_up_the_limit(github: GitHub, client: Client, time: StandingClock) -> None:
    github.limit = Limit(most=3, window=600, spent=3, reset=time.now + 500)
    assert client.repository(UPSTREAM).full_name == UPSTREAM
    assert [each.status for each in github.requests] == [403, 200]
    assert time.slept == [501]


def test_a_limit_that_lasts_too_long(github: GitHub, client: Client, time: StandingClock) -> None:
    github.limit = Limit(most=5000, window=3600, spent=5000, reset=time.now + 3000)
    for _ in range(2):
        with pytest.raises(LimitError) as error:
            client.repository(UPSTREAM)
        assert str(error.value) == (
            "GitHub allows 5,000 requests an hour, and they are used up: it can be asked again at "
            "2027-01-15 08:50 UTC\nA run waits 15 min at most. Run it again then; completed work is kept."
        )
        assert error.value.exit_code == 3
    assert len(github.requests) == 1
    assert time.slept == []


@pytest.mark.parametrize(("told", "wait"), [(True, 28), (False, 60)])
def test_the_secondary_limit(
    github: GitHub, client: Client, repo: Repo, time: StandingClock, told: bool, wait: float
) -> None:
    github.new_ticket(github.get(UPSTREAM), title="t", body="", author="bot")
    github.writes = Limit(most=2, window=30)
    github.retry_after = told
    for number in range(3):
        client.comment(repo, 1, f"remark {number}")
    assert [each.body for each in github.get(UPSTREAM).tickets[1].comments] == ["remark 0", "remark 1", "remark 2"]
    assert [each.status for each in github.requests] == [201, 201, 403, 201]
    assert time.slept[-1] == wait


def test_a_limit_without_end(github: GitHub, client: Client, repo: Repo, time: StandingClock) -> None:
    github.faults = [Fault(status=429, headers={"Retry-After": "10"}, times=99)]
    with pytest.raises(LimitError, match=r"^GitHub is limiting requests, repeatedly\n"):
        client.repository(UPSTREAM)
    assert time.slept == [10] * 5


def test_changes_keep_their_distance(github: GitHub, client: Client, repo: Repo, time: StandingClock) -> None:
    github.new_ticket(github.get(UPSTREAM), title="t", body="", author="bot")
    for number in range(4):
        client.comment(repo, 1, f"remark {number}")
        client.repository(UPSTREAM)
    said = [each.created for each in github.get(UPSTREAM).tickets[1].comments]
    assert [later - earlier for earlier, later in pairwise(said)] == [1, 1, 1]
    assert time.slept == [1, 1, 1]
