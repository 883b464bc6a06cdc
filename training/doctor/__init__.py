"""What `driftloop doctor` looks at of training."""

from driftloop.checkup.checks import Check, ModelCheck
from training.doctor.model_checks import estimator_is_right, labels_suffice, settings_are_right

CHECKS: tuple[Check, ...] = (
    ModelCheck(settings_are_right),
    ModelCheck(estimator_is_right),
    ModelCheck(labels_suffice),
)
