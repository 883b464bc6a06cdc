"""The rules of a box: once for each receiver, in bounds, with growing pauses."""

from datetime import timedelta

import msgspec

from driftloop.config.receivers import Receiver
from driftloop.events import Alert
from function_app.alerts.box import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    LONGEST_WAIT,
    MOST_IN_A_ROUND,
    MOST_KNOWN,
    MOST_WAITING,
    Box,
    Sent,
    after,
    pruned,
    put,
    to_name,
    to_send,
)
from function_app.storage.packed_rows import packed
from tests.function_app.alerts.conftest import NOW, an_alert

BOTH = (Receiver("slack", "https://hooks.slack.com/a", "a"), Receiver("slack", "https://hooks.slack.com/b", "b"))


def filled(count: int = 1) -> Box:
    return put(Box("m"), [an_alert(event_id=f"e{number}") for number in range(count)], BOTH)[0]


def ids(alerts: list[Alert]) -> list[str]:
    return [alert.event_id for alert in alerts]


def test_an_alert_goes_to_whoever_asks_for_its_kind_and_is_put_in_once() -> None:
    only = (msgspec.structs.replace(BOTH[0], on=("incident",)), BOTH[1])
    box, _ = put(Box("m"), [an_alert(), an_alert()], only)
    assert [(each.alert.event_id, each.left) for each in box.waiting] == [("found-drift-1", ("b",))]
    again, _ = put(after(box, {"b": Sent(("found-drift-1",))}, NOW), [an_alert()], only)
    assert again.waiting == (), "what was announced again was sent already"
    assert put(Box("m"), [an_alert("overdue")], only[:1])[0] == Box("m"), "nobody asked: nothing is kept"


def test_what_one_receiver_took_still_waits_for_the_other() -> None:
    box = after(filled(), {"a": Sent(("e0",)), "b": Sent((), "down")}, NOW)
    assert [each.left for each in box.waiting] == [("b",)]
    assert to_send(box, NOW) == {}, "b rests"
    assert ids(to_send(box, NOW + FIRST_PAUSE)["b"]) == ["e0"]


def test_pauses_double_up_to_an_hour_and_a_receiver_may_ask_for_more() -> None:
    box, pauses, now = filled(), [], NOW
    for _ in range(9):
        box = after(box, {"b": Sent((), "down")}, now)
        pauses.append(box.trouble["b"].next_try - now)
        now = box.trouble["b"].next_try
    assert pauses[:4] == [FIRST_PAUSE * 2**n for n in range(4)]
    assert pauses[-1] == LONGEST_PAUSE
    asked = after(box, {"b": Sent((), "limits", now + timedelta(hours=5))}, now)
    assert asked.trouble["b"].next_try == now + timedelta(hours=5)


def test_a_box_is_bounded_by_number_and_by_age_and_says_what_it_gives_up() -> None:
    box, dropped = put(filled(MOST_WAITING), [an_alert(event_id="new")], BOTH)
    assert len(box.waiting) == MOST_WAITING
    assert [(each.event_id, each.receivers) for each in dropped] == [("e0", ("a", "b"))]
    kept, old = pruned(box, {"a", "b"}, NOW + LONGEST_WAIT + timedelta(seconds=1))
    assert (len(kept.waiting), len(old)) == (0, MOST_WAITING)
    assert pruned(box, {"a", "b"}, NOW + LONGEST_WAIT) == (box, [])
    many, _ = put(Box("m"), [an_alert(event_id=f"e{n}") for n in range(MOST_KNOWN + 50)], BOTH)
    assert len(many.known) == MOST_KNOWN


def test_the_fullest_box_fits_into_a_row_of_a_table() -> None:
    import random

    dice = random.Random(1)
    words = ["".join(dice.choices("abcdefghijklmnopqrstuvwxyz ", k=500)) for _ in range(500)]
    alerts = [
        an_alert(
            event_id=f"e{n}", reasons=tuple(words[n * 5 : n * 5 + 5]), files=tuple(f"{w[:60]}" for w in words[:20])
        )
        for n in range(MOST_WAITING)
    ]
    box, _ = put(Box("m"), alerts, BOTH)
    assert sum(map(len, packed(box).values())) < 900_000


def test_a_receiver_that_is_not_configured_any_more_is_forgotten() -> None:
    box = after(filled(), {"a": Sent((), "down")}, NOW)
    kept, dropped = pruned(box, {"b"}, NOW)
    assert ([each.left for each in kept.waiting], kept.trouble, dropped) == ([("b",)], {}, [])


def test_a_round_holds_the_oldest_of_each_receiver() -> None:
    found = to_send(filled(MOST_IN_A_ROUND + 5), NOW)
    assert ids(found["a"]) == [f"e{number}" for number in range(MOST_IN_A_ROUND)]


def test_a_receiver_is_named_after_a_day_and_once_a_day() -> None:
    box = after(filled(), {"a": Sent((), "down")}, NOW)
    day = timedelta(days=1)
    assert to_name(box, NOW + day - timedelta(seconds=1)) == {}
    assert list(to_name(box, NOW + day)) == ["a"]
    told = msgspec.structs.replace(box, trouble={"a": msgspec.structs.replace(box.trouble["a"], named_at=NOW + day)})
    assert to_name(told, NOW + 1.5 * day) == {}
    assert list(to_name(told, NOW + 2 * day)) == ["a"]


def test_a_receiver_that_takes_something_works() -> None:
    box = after(filled(2), {"a": Sent((), "down")}, NOW)
    later = NOW + timedelta(days=2)
    assert after(box, {"a": Sent(("e0",), "refused e1")}, later).trouble["a"].since == later
    assert after(box, {"a": Sent(("e0", "e1"))}, later).trouble == {}


def test_the_next_look_is_when_the_first_receiver_may_be_asked() -> None:
    assert Box("m").next_look(NOW) is None
    assert filled().next_look(NOW) == NOW
    box = after(filled(), {"a": Sent((), "down"), "b": Sent((), "down", NOW + timedelta(hours=1))}, NOW)
    assert box.next_look(NOW) == NOW + FIRST_PAUSE
    held = msgspec.structs.replace(filled(), lease_until=NOW + timedelta(minutes=5))
    assert held.next_look(NOW) == NOW + timedelta(minutes=5)
