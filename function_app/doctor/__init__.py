"""What `driftloop doctor` asks GitHub and Azure, signed in as the function app is."""

from driftloop.checkup.checks import Check, ModelCheck, SetUpCheck
from function_app.doctor.github import repository_takes_dispatches
from function_app.doctor.in_service import baseline_is_in_service, checks_are_made
from function_app.doctor.receivers import receivers_take_alerts
from function_app.doctor.roles import roles_are_assigned

CHECKS: tuple[Check, ...] = (
    SetUpCheck(repository_takes_dispatches, needs="github"),
    SetUpCheck(roles_are_assigned, needs="azure"),
    ModelCheck(baseline_is_in_service, needs="azure"),
    SetUpCheck(checks_are_made, needs="azure"),
    SetUpCheck(receivers_take_alerts, needs="azure"),
)
