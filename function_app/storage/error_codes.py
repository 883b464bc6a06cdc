"""What storage calls an error: the one word by which its answers of one status are distinguished."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure.core.exceptions import AzureError


def code_of(error: "AzureError") -> str:
    """The code of a refusal, as `BlobNotFound`; empty where storage gave none, or did not answer."""
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code) or "")
