"""Is every model still being checked? Asked from outside, because a timer that has stopped cannot say so itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from driftloop.config.models import Model
from driftloop.ledger.ledger import Ledger
from driftloop.ledger.overview import Overview, overview_of
from function_app.alerts.box import Box, Trouble
from function_app.alerts.overdue import due_since
from function_app.http.answers import FailingReceiver, HealthAnswer, ModelHealthAnswer
from function_app.telemetry.events import emit


@dataclass(frozen=True)
class ModelHealth:
    """One model: `due_since` is the tick that no check has followed, None where all is well. `failing`: receivers of
    alerts that have failed for a day, by name.
    """

    model: str
    state: Overview
    due_since: datetime | None
    failing: Mapping[str, Trouble] = field(default_factory=dict)


@dataclass(frozen=True)
class Health:
    """All models."""

    models: tuple[ModelHealth, ...]

    @property
    def healthy(self) -> bool:
        """No check is overdue."""
        return all(model.due_since is None for model in self.models)

    def answer(self) -> HealthAnswer:
        """As the API answers it."""
        models = [
            ModelHealthAnswer(
                model=health.model,
                last_checked_at=health.state.checked_at,
                last_verdict=health.state.verdict,
                last_error=health.state.error,
                overdue_since=health.due_since,
                failing_receivers=[
                    FailingReceiver(name, trouble.since, trouble.error) for name, trouble in health.failing.items()
                ],
            )
            for health in self.models
        ]
        return HealthAnswer("healthy" if self.healthy else "overdue", models)


def health_of(
    models: Iterable[Model],
    ledger: Ledger,
    schedule: str | None,
    now: datetime,
    boxes: Mapping[str, Box] | None = None,
) -> Health:
    """When each model was checked, since when it is overdue, and which of its receivers fail.

    Parameters
    ----------
    schedule : str | None
        The timer's, for models that have none of their own.
    boxes : Mapping[str, Box] | None
        The alerts that wait, by model; None where there are none.
    """
    states = {state.model: state for state in ledger.overviews()}
    found = []
    for model in models:
        state = states.get(model.name)
        if state is None:
            state = overview_of(ledger.state(model.name, now))  # a model is watched from the first look at it
        since = due_since(model, state, schedule, now)
        if since is not None:
            emit(
                "overdue",
                model=model.name,
                due_since=since,
                last_checked_at=state.checked_at,
                error=state.error,
            )
        box = (boxes or {}).get(model.name)
        failing = {} if box is None else {name: each for name, each in box.trouble.items() if each.lasts(now)}
        found.append(ModelHealth(model.name, state, since, failing))
    return Health(tuple(found))
