"""The stand-in's rate limits are those that GitHub documents."""

from sandbox.github.limits import Limits


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def limits() -> tuple[Limits, Clock]:
    found, clock = Limits(), Clock()
    found.switch_on(clock)
    return found, clock


def test_eighty_requests_a_minute_create_content() -> None:
    found, clock = limits()

    assert [found.refusal("a", creates=True) for _ in range(80)] == [None] * 80
    message, headers = found.refusal("a", creates=True) or ("", {})
    assert "secondary rate limit" in message
    assert headers == {"retry-after": "60"}
    assert found.refusal("a", creates=False) is None, "reading is not creating"
    assert found.refusal("b", creates=True) is None, "somebody else's are not counted"
    clock.now += 60
    assert found.refusal("a", creates=True) is None
    assert found.refused == 1


def test_five_hundred_requests_an_hour_create_content() -> None:
    found, clock = limits()
    taken = 0
    for _ in range(10):
        taken += sum(found.refusal("a", creates=True) is None for _ in range(60))
        clock.now += 120
    assert taken == 500


def test_a_minute_has_nine_hundred_points() -> None:
    found, _ = limits()

    assert sum(found.refusal("a", creates=False) is None for _ in range(1_000)) == 900


def test_an_hour_has_five_thousand_requests_and_the_answer_says_when_it_ends() -> None:
    found, clock = limits()
    begun = clock.now
    for _ in range(10):
        assert all(found.refusal("a", creates=False) is None for _ in range(500))
        clock.now += 60

    message, headers = found.refusal("a", creates=False) or ("", {})
    assert message.startswith("API rate limit exceeded")
    assert headers == {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(begun) + 3600)}
