"""What the page says, and what it refuses."""

import logging
import re
import threading
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import urlencode

import azure.functions as func
import msgspec
import pytest
from azure.core.exceptions import AzureError
from starlette.responses import Response

from driftloop.ledger.drifts import Drift, DriftState, open_drift
from function_app.practitioners import entries, page
from function_app.practitioners.limits import RateLimit
from function_app.practitioners.requests import MOST_BODY
from tests.function_app.practitioners.conftest import GOOD, SAME, Site
from tests.function_app.scoring.workspace import CLASSES, HOSTILE, loaded


def text_of(answer: func.HttpResponse) -> str:
    """What a reader sees, without style and script."""
    html = re.sub(r"<(style|script)\b.*?</\1>", " ", answer.get_body().decode(), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def mistake_of(answer: func.HttpResponse, number: int) -> str:
    """What stands next to a field, by its place in the form."""
    found = re.search(rf'id="f{number}-wrong">(.*?)</p>', answer.get_body().decode())
    assert found is not None
    return unescape(found[1])


def test_the_form_has_each_measurement_with_title_unit_and_ranges(site: Site) -> None:
    answer = site.get()
    assert answer.status_code == 200
    text = text_of(answer)
    assert "Progression: prediction" in text
    assert "version 3, in service since 2026-11-20" in text
    assert "Body mass index (kg/m2)" in text
    assert re.search(r"Usually 19\.\d to 3\d(\.\d)? · possible 8 to 120", text)
    assert "free" in text, "a column without a title is called by its name"
    html = answer.get_body().decode()
    assert html.count("<input") == 3
    assert html.count("<select") == 2
    assert "m.id" not in html
    assert "m.progression" not in html


def test_a_prediction_has_its_interval_what_drove_it_and_the_version(site: Site) -> None:
    answer = site.post()
    text = text_of(answer)
    assert answer.status_code == 200
    assert re.search(r"In 90 % of cases like those of the training population, the outcome lies between \d+", text)
    assert "For a typical record the model predicts" in text
    assert re.search(r"Body mass index 31\.5 kg/m2 \+\d+", text)
    assert "Shapley values by sampling" in text
    assert "For this model the parts are exact." in text
    assert "unlike the training population" not in text
    assert "Before you rely on it" not in text
    [asked] = site.workspace.asked
    assert asked["data"] == [{"age": 50.0, "bmi": 31.5, "free": None, "sex": "2", HOSTILE: HOSTILE}]


def test_classes_have_probabilities_and_the_set_that_holds_the_true_one(site: Site) -> None:
    site.serve(loaded(classes=True))
    text = text_of(site.post())
    for name in CLASSES:
        assert re.search(rf"{re.escape(name)} [<>]? ?\d+\.\d %", text)
    assert "this set holds the true class:" in text
    assert "Diagnosis: prediction" in text


def test_a_record_unlike_the_population_is_told_with_the_measurements_that_are(site: Site) -> None:
    text = text_of(site.post({"m.bmi": "110"}))
    assert "unlike the training population: at most 1 in 100 of its records are as unusual" in text
    assert "or missing where all have a value: Body mass index" in text
    assert "Age" not in text.split("all have a value:")[1].split("Which measurements")[0]


def test_a_version_without_a_population_says_what_is_not_known(site: Site) -> None:
    site.workspace.model = loaded(population=False)
    text = text_of(site.post())
    assert "Whether these measurements are like the training population is not known" in text
    assert "cannot say what drove it" in text
    assert re.search(r"lies between \d+", text)


@pytest.mark.parametrize(
    ("field", "number", "entered", "said"),
    [
        ("bmi", 2, "abc", "Enter a number"),
        ("bmi", 2, "NaN", "Enter a number"),
        ("bmi", 2, "Infinity", "Enter a number"),
        ("bmi", 2, "0x1f", "Enter a number"),
        ("bmi", 2, "1_0", "Enter a number"),
        ("free", 3, "1e999", "Enter a number"),
        ("bmi", 2, "1e300", "Enter a value from 8 to 120 kg/m2"),
        ("bmi", 2, "7.9", "Enter a value from 8 to 120 kg/m2"),
        ("bmi", 2, "-31", "Enter a value from 8 to 120 kg/m2"),
        ("bmi", 2, "31,5", "Write the number with a point"),
        ("bmi", 2, "9" * 101, "Enter at most 100 characters"),
        ("sex", 4, "3", "Choose one of the values"),
        ("sex", 4, HOSTILE, "Choose one of the values"),
    ],
)
def test_a_wrong_entry_is_named_at_its_field_and_nothing_is_asked(
    site: Site, field: str, number: int, entered: str, said: str
) -> None:
    answer = site.post({f"m.{field}": entered})
    assert answer.status_code == 422
    assert mistake_of(answer, number).startswith(said)
    assert "One entry needs your attention" in text_of(answer)
    assert f'href="#f{number}"' in answer.get_body().decode()
    assert site.workspace.asked == []
    assert 'value="50"' in answer.get_body().decode(), "what was entered is still there"


@pytest.mark.parametrize(("entered", "read"), [("３１．５", 31.5), (" 31.5 ", 31.5), ("+31", 31.0), ("3.15e1", 31.5)])
def test_numbers_are_read_as_people_write_them(site: Site, entered: str, read: float) -> None:
    assert site.post({"m.bmi": entered}).status_code == 200
    assert site.workspace.asked[0]["data"][0]["bmi"] == read


def test_a_minus_sign_is_one(site: Site) -> None:
    assert site.post({"m.free": "\N{MINUS SIGN}1.5"}).status_code == 200
    assert site.workspace.asked[0]["data"][0]["free"] == -1.5


def test_an_empty_form_asks_for_a_measurement(site: Site) -> None:
    answer = site.post(dict.fromkeys(GOOD, ""))
    assert answer.status_code == 422
    assert "Enter at least one measurement" in text_of(answer)


def test_what_the_model_refuses_is_named_at_its_field(site: Site) -> None:
    refusal = b'{"error": "<b>87.65</b>", "field": "bmi"}'
    site.workspace.answering = lambda _: Response(refusal, 424, {"ms-azureml-model-error-statuscode": "400"})
    answer = site.post()
    assert answer.status_code == 422
    assert mistake_of(answer, 2) == "The model does not take this value. Check it and its unit."
    assert b"87.65" not in answer.get_body()


@pytest.mark.parametrize(
    ("status", "expected", "said"),
    [(500, 502, "does not answer"), (408, 504, "too long"), (429, 503, "many requests"), (200, 502, "made no sense")],
)
def test_an_endpoint_that_fails_is_told_and_the_entries_stay(site: Site, status: int, expected: int, said: str) -> None:
    site.workspace.answering = lambda _: Response(b"<b>no</b>", status)
    answer = site.post()
    assert answer.status_code == expected
    assert said in text_of(answer)
    assert 'value="31.5"' in answer.get_body().decode()
    assert b"<b>no</b>" not in answer.get_body()


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"headers": {**SAME, "Sec-Fetch-Site": "cross-site"}}, 403),
        ({"headers": {**SAME, "Sec-Fetch-Site": "same-site"}}, 403),
        ({"headers": {"Content-Type": SAME["Content-Type"]}}, 403),
        ({"headers": {"Content-Type": SAME["Content-Type"], "Origin": "https://evil.example"}}, 403),
        ({"headers": {"Content-Type": SAME["Content-Type"], "Origin": "null"}}, 403),
        ({"headers": {**SAME, "Content-Type": "application/json"}}, 415),
        ({"headers": {**SAME, "Content-Type": "text/plain"}}, 415),
        ({"body": b"m.bmi=" + b"1" * MOST_BODY}, 413),
        ({"body": b"m.bmi=1&m.bmi=2"}, 400),
        ({"body": b"m.unknown=1"}, 400),
        ({"body": b"\xff\xfe"}, 400),
        ({"body": b"&".join(b"x%d=1" % n for n in range(200))}, 400),
        ({"body": b"no form"}, 400),
    ],
)
def test_what_our_page_did_not_send_is_refused(site: Site, options: dict[str, Any], status: int) -> None:
    answer = site.post(**options)
    assert answer.status_code == status
    assert "This page cannot be shown" in text_of(answer)
    assert site.workspace.asked == []


def test_a_form_with_our_own_origin_is_taken_without_fetch_metadata(site: Site) -> None:
    headers = {"Content-Type": SAME["Content-Type"], "Origin": "https://app.example", "Host": "app.example"}
    assert site.post(headers=headers).status_code == 200


def test_one_person_may_ask_only_so_often(site: Site) -> None:
    site.limit = RateLimit(per_minute=1, burst=2)
    found = [site.post() for _ in range(3)]
    assert [answer.status_code for answer in found] == [200, 200, 429]
    assert int(found[2].headers["Retry-After"]) in range(1, 61)
    assert len(site.workspace.asked) == 2
    assert "Wait a minute" in text_of(found[2])


def test_many_callers_do_not_fill_the_memory() -> None:
    limit = RateLimit()
    threads = [threading.Thread(target=lambda t=t: [limit.wait_for(f"{t}-{n}") for n in range(400)]) for t in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(limit._buckets) == 1_000


def test_every_page_forbids_what_it_does_not_need(site: Site) -> None:
    nonces = set()
    for answer in (site.get(), site.post(), site.get(model="other"), site.get(handler=page.list_models)):
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        nonces.add(re.search(r"script-src 'nonce-([\w-]+)'", policy)[1])  # type: ignore[index]
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        html = answer.get_body().decode()
        assert " style=" not in html
        assert not re.search(r"\son\w+=", re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL))
        assert not re.search(r"(src|href)=\"(https?:)?//", html)
    assert len(nonces) == 4


def test_hostile_texts_of_schema_and_endpoint_are_only_text(site: Site) -> None:
    site.serve(loaded(version="4", classes=True))
    for answer in (site.get(), site.post(), site.post({"m.bmi": HOSTILE, "m.sex": '"><img src=x onerror=alert(1)>'})):
        html = answer.get_body().decode()
        assert html.count("<script") == 1, "our own"
        assert "<script>alert" not in html
        assert "<img" not in html


def test_unknown_models_and_models_without_a_version_have_a_page_that_says_so(site: Site) -> None:
    for name in ("other", "../x", "<b>", ""):
        assert site.get(model=name).status_code == 404
    site.storage.container("baselines").delete_blob(f"{site.name}/in-service.json")
    answer = site.get()
    assert answer.status_code == 404
    assert "No version of" in text_of(answer)


def test_the_list_leads_to_each_model(site: Site) -> None:
    html = site.get(handler=page.list_models, params={"code": "k&y"}).get_body().decode()
    assert f'href="predict/{site.name}?code=k%26y&amp;lang=en"' in html


# Japanese


def test_the_page_speaks_japanese_to_whose_browser_asks_for_it(site: Site) -> None:
    for options in ({"headers": {"Accept-Language": "ja,en;q=0.5"}}, {"params": {"lang": "ja"}}):
        answer = site.get(**options)
        html = answer.get_body().decode()
        assert '<html lang="ja">' in html
        assert "進行度の予測" in text_of(answer)
        assert "年齢" in text_of(answer)
    assert "通常は" in text_of(answer)
    said = text_of(site.post(params={"lang": "ja"}))
    assert "予測に影響した測定値" in said
    assert "学習時の母集団と同様の症例では、90 % の結果が" in said


# What people should know of the model's state


def drifted(site: Site, **changes: Any) -> Drift:
    drift = Drift(
        drift_id=f"drift-{site.name}",
        check_id="chk-1",
        model=site.name,
        baseline_version="3",
        baseline_sha256="a" * 64,
        epoch=0,
        reason="drift",
        as_of="2026-11-24T00:00:00Z",
        since="2026-11-22T00:00:00Z",
    )
    return msgspec.structs.replace(open_drift(drift, datetime.now(UTC), "held"), **changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "Drift alert since 2026-11-22"),
        ({"reason": "degraded"}, "the model's error has grown"),
        ({"state": DriftState.REJECTED}, "no better model so far"),
        ({"state": DriftState.FAILED}, "no better model so far"),
        ({"state": DriftState.PROMOTED}, ""),
        ({"baseline_version": "2"}, ""),
    ],
)
def test_a_model_under_a_drift_carries_the_alert(site: Site, changes: dict[str, Any], said: str) -> None:
    state = site.ledger.state(site.name, datetime.now(UTC))
    site.ledger.commit(state, drift=drifted(site, **changes))
    for answer in (site.get(), site.post()):
        assert said in text_of(answer) if said else "Before you rely on it" not in text_of(answer)


@pytest.mark.parametrize(
    ("verdict", "said"),
    [("drift", "Drift alert since"), ("incident", "found the incoming data broken"), ("stable", "")],
)
def test_the_last_verdict_is_told(site: Site, verdict: str, said: str) -> None:
    site.checked(last_verdict=verdict)
    text = text_of(site.get())
    assert said in text if said else "Before you rely on it" not in text


def test_a_model_that_nobody_checks_is_no_healthy_one(site: Site) -> None:
    now = datetime.now(UTC)
    state = site.ledger.state(site.name, now)
    site.ledger.commit(state.__class__(model=site.name, watched_since=now - timedelta(days=9), etag=state.etag))
    assert "No check for drift has run as planned" in text_of(site.get())


def test_a_ledger_that_does_not_answer_is_told_and_the_prediction_comes(site: Site) -> None:
    class Broken:
        def overviews(self, _: str) -> None:
            raise AzureError("no")

    site.ledger = Broken()  # type: ignore[assignment]
    text = text_of(site.post())
    assert "Whether it is under a drift alert is not known" in text
    assert "the outcome lies between" in text


# Who may see it


def entra(**environ: str) -> dict[str, str]:
    return {"DRIFTLOOP_PAGE_SIGN_IN": "entra", "WEBSITE_AUTH_ENABLED": "True", **environ}


def test_who_has_not_signed_in_is_sent_to_do_so(site: Site) -> None:
    site.environ.update(entra())
    answer = site.get()
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/.auth/login/aad?post_login_redirect_uri=%2Fapi%2Fpredict%2F{site.name}"
    assert site.post().status_code == 401
    assert site.get(headers={"X-MS-CLIENT-PRINCIPAL-ID": "who"}).status_code == 200
    assert site.workspace.asked == []


def test_without_app_service_authentication_nobody_gets_in_whatever_they_say(site: Site) -> None:
    for enabled in ("", "False", "0"):
        site.environ.update(entra(WEBSITE_AUTH_ENABLED=enabled))
        answer = site.get(headers={"X-MS-CLIENT-PRINCIPAL-ID": "me"})
        assert answer.status_code == 403
        assert "Sign-in is not set up" in text_of(answer)


# Nothing is kept


def test_no_measurement_is_logged_or_stored(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    before = {blob.name for blob in site.storage.container("reports").list_blobs()}
    site.post({"m.bmi": "87.654321"})
    site.workspace.answering = lambda _: Response(b'{"predictions": ["87.654321"]}', 200)
    site.post({"m.bmi": "87.654321"})
    site.post({"m.bmi": "87.654321x"})
    assert "87.654321" not in caplog.text
    assert {blob.name for blob in site.storage.container("reports").list_blobs()} == before


def test_an_unexpected_error_is_logged_by_its_kind_alone(
    site: Site, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)

    def fail(body: bytes, _: object) -> None:
        raise RuntimeError(body.decode())

    monkeypatch.setattr(entries, "parse", fail)
    answer = site.post({"m.bmi": "87.654321"})
    assert answer.status_code == 500
    assert "87.654321" not in caplog.text + answer.get_body().decode()
    assert "RuntimeError" in caplog.text


def test_a_form_is_read_as_it_was_written() -> None:
    """Names with spaces, signs and ideographs survive."""
    from function_app.practitioners.fields import Field

    fields = [Field(name, name, "", (), None, None, None) for name in ("a b", "&=;", "血圧", "m.m.x")]
    body = urlencode({f"m.{one.name}": "1" for one in fields} | {"other": "x"}).encode()
    assert entries.parse(body, fields).record == dict.fromkeys(("a b", "&=;", "血圧", "m.m.x"), 1.0)
