"""Common causes over HTTP: what there is, and the word of a person that their retrains may go on."""

from http import HTTPStatus
from typing import TYPE_CHECKING

import azure.functions as func

from driftloop.common_cause.causes import Cause, common_columns
from function_app.common_cause.telling import members
from function_app.http.answers import MOST_CAUSES, CommonCauseAnswer, CommonCauses, Released
from function_app.http.api import ProblemError, is_id, to_json
from function_app.queue.common_causes import release

if TYPE_CHECKING:
    from function_app.runtime import Runtime


def list_common_causes(runtime: "Runtime", request: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001
    """The newest common causes with their models."""
    found = [_answer(runtime, cause) for cause in runtime.causes.causes()[:MOST_CAUSES]]
    return to_json(CommonCauses(runtime.config.common_cause.action, found))


def release_common_cause(runtime: "Runtime", request: func.HttpRequest) -> func.HttpResponse:
    """Lets the retrains of one go on; 202, because the queue does the work."""
    name = request.route_params.get("cause_id") or ""
    found = release(runtime, name) if is_id(name) else None
    if found is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "there is no common cause with this id")
    return to_json(Released(found[0].cause_id, found[1]), HTTPStatus.ACCEPTED)


def _answer(runtime: "Runtime", cause: Cause) -> CommonCauseAnswer:
    found = members(runtime.causes, cause)
    return CommonCauseAnswer(
        cause_id=cause.cause_id,
        since=min((each.at for each in found), default=cause.since),
        until=cause.until,
        watched=cause.watched,
        expected=round(cause.expected, 3),
        bound=cause.bound,
        released_at=cause.released_at,
        models=sorted(each.model for each in found),
        columns=[column for column, _ in common_columns(found)],
    )
