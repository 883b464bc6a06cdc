"""Where Azure Resource Manager is."""

from collections.abc import Mapping
from typing import Any

RESOURCE_MANAGER = "https://management.azure.com"
TIMEOUT = (10.0, 30.0)  # seconds to connect, to answer


def address(session: Any, environ: Mapping[str, str]) -> str:
    """The address of Azure Resource Manager: another cloud's where ARM_CLOUD_METADATA_URL describes one.

    Parameters
    ----------
    session : requests.Session
        What the description is read with.
    environ : Mapping[str, str]
        The application settings.
    """
    described = environ.get("ARM_CLOUD_METADATA_URL")
    if not described:
        return RESOURCE_MANAGER
    clouds = session.get(described, timeout=TIMEOUT).json()
    wanted = environ.get("AZURE_CLOUD_NAME")
    cloud = next((c for c in clouds if c.get("name") == wanted), clouds[0])
    return str(cloud["resourceManager"]).rstrip("/")
