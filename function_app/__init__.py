"""The function app: thin triggers.

Each hands over to a function that tests call; imports wait for the first call, so that a cold start pays for what it
uses.

The Functions worker imports this package, because `function_app.py` beside it is only a marker. Exactly one
FunctionApp may be a name of this module.
"""

import logging
import os

import azure.functions as func

from function_app.http.sign_in import DASHBOARD, is_entra

# Before numpy is imported: checks run side by side, and threads of each one's own only get into each other's way.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# The SDKs log each request at INFO, which is what the host keeps of ours.
logging.getLogger("azure").setLevel(logging.WARNING)

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
# Pages that people open are closed by a function key, unless they sign in by Entra: then the handler asks who they are.
PAGE_LEVEL = func.AuthLevel.ANONYMOUS if is_entra() else func.AuthLevel.FUNCTION
DASHBOARD_LEVEL = func.AuthLevel.ANONYMOUS if is_entra(setting=DASHBOARD) else func.AuthLevel.FUNCTION


@app.function_name("check_drift")
@app.timer_trigger(arg_name="timer", schedule="%DRIFT_CHECK_SCHEDULE%", run_on_startup=False, use_monitor=True)
def check_drift(timer: func.TimerRequest, context: func.Context) -> None:  # noqa: ARG001
    """Asks for a check of every model that is due."""
    from function_app.queue.timer import start_checks
    from function_app.runtime import runtime
    from function_app.telemetry.spans import span

    with span("driftloop.start_checks", context):
        start_checks(runtime())


@app.function_name("check_model")
@app.queue_trigger(arg_name="message", queue_name="checks", connection="DRIFTLOOP_STORAGE")
def check_model(message: func.QueueMessage, context: func.Context) -> None:
    """Checks one model, or takes its open drifts further."""
    from function_app.queue.handling import handle, traceparent_of
    from function_app.runtime import runtime
    from function_app.telemetry.spans import span

    body = message.get_body()
    with span("driftloop.check", context, asked_by=traceparent_of(body)):
        handle(runtime(), body)


@app.function_name("check_poisoned")
@app.queue_trigger(arg_name="message", queue_name="checks-poison", connection="DRIFTLOOP_STORAGE")
def check_poisoned(message: func.QueueMessage) -> None:
    """Raises the alarm over a check that failed too often."""
    from function_app.queue.handling import poisoned

    poisoned(message.get_body())


@app.function_name("incoming_data")
@app.event_grid_trigger(arg_name="event")
def incoming_data(event: func.EventGridEvent, context: func.Context) -> None:
    """Asks for a check when data lands (off unless the application settings enable it)."""
    from function_app.event_grid.new_data import data_landed
    from function_app.runtime import runtime
    from function_app.telemetry.spans import span

    with span("driftloop.data_landed", context):
        data_landed(runtime(), event)


@app.function_name("model_registered")
@app.event_grid_trigger(arg_name="event")
def model_registered(event: func.EventGridEvent, context: func.Context) -> None:
    """Has a model version deployed that was registered outside of the training workflow."""
    from function_app.event_grid.registered_models import version_registered
    from function_app.runtime import runtime
    from function_app.telemetry.spans import span

    with span("driftloop.model_registered", context):
        version_registered(runtime(), event)


@app.function_name("start_check")
@app.route(route="checks", methods=["POST"])
def start_check(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """POST /api/checks: check now."""
    from function_app.http.api import answer, start_check
    from function_app.runtime import runtime
    from function_app.telemetry.spans import span

    with span("driftloop.start_check", context):
        return answer(start_check, runtime, req)


@app.function_name("list_checks")
@app.route(route="checks", methods=["GET"])
def list_checks(req: func.HttpRequest) -> func.HttpResponse:
    """GET /api/checks: the newest checks."""
    from function_app.http.api import answer, list_checks
    from function_app.runtime import runtime

    return answer(list_checks, runtime, req)


@app.function_name("get_check")
@app.route(route="checks/{check_id}", methods=["GET"])
def get_check(req: func.HttpRequest) -> func.HttpResponse:
    """GET /api/checks/{id}: one check and the drift that it found."""
    from function_app.http.api import answer, get_check
    from function_app.runtime import runtime

    return answer(get_check, runtime, req)


@app.function_name("list_common_causes")
@app.route(route="common-causes", methods=["GET"])
def list_common_causes(req: func.HttpRequest) -> func.HttpResponse:
    """GET /api/common-causes: many drifts at once, the newest first."""
    from function_app.http.api import answer
    from function_app.http.common_causes import list_common_causes
    from function_app.runtime import runtime

    return answer(list_common_causes, runtime, req)


@app.function_name("release_common_cause")
@app.route(route="common-causes/{cause_id}/release", methods=["POST"])
def release_common_cause(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """POST /api/common-causes/{id}/release: the retrains of one go on."""
    from function_app.http.api import answer
    from function_app.http.common_causes import release_common_cause
    from function_app.runtime import runtime
    from function_app.telemetry.spans import span

    with span("driftloop.release_common_cause", context):
        return answer(release_common_cause, runtime, req)


@app.function_name("health")
@app.route(route="health", methods=["GET"])
def health(req: func.HttpRequest) -> func.HttpResponse:
    """GET /api/health: when each model was last checked; 503 when a check is overdue."""
    from function_app.http.api import answer, health
    from function_app.runtime import runtime

    return answer(health, runtime, req)


@app.function_name("openapi")
@app.route(route="openapi.json", methods=["GET"])
def openapi(req: func.HttpRequest) -> func.HttpResponse:
    """GET /api/openapi.json: the description of this API."""
    from function_app.http.api import answer, openapi
    from function_app.runtime import runtime

    return answer(openapi, runtime, req)


@app.function_name("dashboard")
@app.route(route="dashboard", methods=["GET"], auth_level=DASHBOARD_LEVEL)
def dashboard(req: func.HttpRequest) -> func.HttpResponse:
    """GET /api/dashboard: all models, their checks and what came of them, as pages for people."""
    from function_app.http.api import answer
    from function_app.http.dashboard import dashboard
    from function_app.runtime import runtime

    return answer(dashboard, runtime, req)


@app.function_name("metrics")
@app.route(route="metrics", methods=["GET"])
def metrics(req: func.HttpRequest) -> func.HttpResponse:
    """GET /api/metrics: all models for Prometheus."""
    from function_app.http.api import answer
    from function_app.http.dashboard import metrics
    from function_app.runtime import runtime

    return answer(metrics, runtime, req)


@app.function_name("predict")
@app.route(route="predict", methods=["GET"], auth_level=PAGE_LEVEL)
def predict(req: func.HttpRequest) -> func.HttpResponse:
    """GET /api/predict: the models that people can ask for a prediction."""
    from function_app.practitioners.page import answer, list_models
    from function_app.runtime import runtime

    return answer(list_models, runtime, req)


@app.function_name("predict_model")
@app.route(route="predict/{model}", methods=["GET", "POST"], auth_level=PAGE_LEVEL)
def predict_model(req: func.HttpRequest) -> func.HttpResponse:
    """GET, POST /api/predict/{model}: a form for measurements, and the prediction."""
    from function_app.practitioners.page import answer, show_model
    from function_app.runtime import runtime

    return answer(show_model, runtime, req)
