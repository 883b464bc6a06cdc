"""What `driftloop doctor` looks at of the workflows."""

from driftloop.checkup.checks import Check, SetUpCheck
from workflows.doctor.workflow_files import names_fit_endpoints, somebody_listens

CHECKS: tuple[Check, ...] = (SetUpCheck(somebody_listens), SetUpCheck(names_fit_endpoints))
