"""What other parts leave for the function app: a file that is damaged is an error that names it."""

from typing import TYPE_CHECKING

import pytest

from driftloop.errors import InputError
from function_app.storage.model_blobs import Holdout, ModelBlobs

if TYPE_CHECKING:
    from tests.function_app.conftest import Clinic


@pytest.mark.parametrize("content", [b"", b"not json", b'{"holdout_errors": {"rows": "many"}}'])
def test_a_damaged_holdout_is_an_error_that_names_the_file(clinic: "Clinic", content: bytes) -> None:
    pointer = clinic.deploy("3")
    clinic.storage.container("baselines").upload_blob(f"{clinic.name}/3.metrics.json", content)

    with pytest.raises(InputError, match=rf"^baselines/{clinic.name}/3\.metrics\.json: .*: deploy the model again$"):
        ModelBlobs(clinic.storage, clinic.name).holdout(pointer)


def test_a_version_without_metrics_has_no_holdout(clinic: "Clinic") -> None:
    assert ModelBlobs(clinic.storage, clinic.name).holdout(clinic.deploy("3")) == Holdout()
