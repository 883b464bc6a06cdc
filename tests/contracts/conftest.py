"""The stand-in for Azure, as the tests of the sandbox use it."""

from tests.sandbox.conftest import azure, azurite, certificate, client, signed_in

__all__ = ["azure", "azurite", "certificate", "client", "signed_in"]
