"""The Azure ML workspace as a client."""

import logging
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure.ai.ml import MLClient
    from azure.core.credentials import TokenCredential


def client(signed_in: "TokenCredential", subscription: str, group: str, workspace: str) -> "MLClient":
    """A client that shows no bars, and keeps its notes about experimental classes to itself."""
    # Where the SDK looks up a workspace it imports all of mlflow, for a tracking address that is never asked for here:
    # 3 s of processor time. It does without where the import fails.
    modules: dict[str, object | None] = sys.modules  # type: ignore[assignment]
    modules.setdefault("azureml.mlflow", None)
    from azure.ai.ml import MLClient

    logging.getLogger("azure.ai.ml").setLevel(logging.ERROR)
    return MLClient(signed_in, subscription, group, workspace, show_progress=False)
