"""The row of a check that compared a window."""

from types import SimpleNamespace

from driftloop import Evidence
from driftloop.events import check_id
from driftloop.segments.segments import Segment, Segments
from function_app.checks.window_row import record_of
from function_app.incoming.watermark import Selection
from function_app.incoming.window_reading import Reading
from tests.function_app.checks.windows import MODEL, NOW, POINTER, SCHEMA, A, B, C, compared


def test_the_row_of_a_window_names_it_by_what_was_read() -> None:
    check = record_of(compared(), MODEL, POINTER, Selection((A, B), ()), now=NOW, schema=SCHEMA)

    assert check.check_id == check_id("m", "b" * 64, "w" * 64)
    assert (check.rows, check.files, check.window_first) == (60, 2, "2026-11-22T00:00:00Z")
    assert check.evidence == Evidence(checks=4).certainty
    nothing = compared("incident", reading=Reading(broken={A: "torn"}), guilty={A: "torn"})
    check = record_of(nothing, MODEL, POINTER, Selection((A,), ()), now=NOW, schema=SCHEMA)
    assert check.check_id == check_id("m", "b" * 64, Selection((A,), ()).sha256), "by its files, where none was read"


def test_segments_that_moved_and_the_estimated_error_are_among_the_reasons() -> None:
    calm, moved = (
        Segment("ward", value, verdict, 90, 80, p, ("age",) if verdict == "drift" else (), f"ward = {value}: {said}")
        for value, verdict, p, said in (("a", "stable", 0.5, "calm"), ("b", "drift", 0.001, "age moved"))
    )
    found = compared("drift")
    found.result.segments = Segments((calm, moved), 0.05)
    found.result.estimated = SimpleNamespace(sentences=("estimated error: 3",))
    check = record_of(found, MODEL, POINTER, Selection((A, B), ()), now=NOW, schema=SCHEMA)
    assert check.reasons == ("why", "ward = b: age moved", "estimated error: 3")


def test_copies_are_said_and_the_engine_s_refusal_leaves_no_summary() -> None:
    copies = compared(reading=Reading(read=[A], copies={B: A, C: None}))
    check = record_of(copies, MODEL, POINTER, Selection((A, B, C), ()), now=NOW, schema=SCHEMA)
    assert check.reasons == ("why", "2 files hold what another one holds: it is read once")

    refused = compared("incident", result=None)
    check = record_of(refused, MODEL, POINTER, Selection((A,), ()), now=NOW, schema=SCHEMA)
    assert (check.summary, check.evidence) == ({}, None)
