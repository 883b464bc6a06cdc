"""What can go wrong, as one tree. Each message is one line: what was wrong, where, and what to do.

DriftloopError
├── InputError          the data, schema or file handed in cannot be used (exit code 2 on the command line)
│   ├── SchemaError     a column is missing, extra or of the wrong type
│   └── BaselineError   a stored baseline or profile is damaged, foreign or from a newer version
├── ConfigError         driftloop.toml or an environment setting is missing or wrong
├── LedgerError         the ledger refused a transition or a conditional write
├── DispatchError       the trigger could not be sent
└── DriftError          a check's verdict is one that the caller asked to be stopped by (`Check.raise_for_drift`)

SchemaError and ConfigError are ValueErrors too: they are what a constructor raises for a value that makes no sense.
"""


class DriftloopError(Exception):
    """Base of everything that Driftloop raises on purpose."""


class InputError(DriftloopError):
    """The data or file handed in cannot be used."""


class SchemaError(InputError, ValueError):
    """A column is missing, extra or of the wrong type."""


class BaselineError(InputError):
    """A stored baseline or profile is damaged, foreign or from a newer version."""


class ConfigError(DriftloopError, ValueError):
    """driftloop.toml or an environment setting is missing or wrong."""


class LedgerError(DriftloopError):
    """The ledger refused a transition or a conditional write."""


class DispatchError(DriftloopError):
    """The trigger could not be sent."""


class DriftError(DriftloopError):
    """The verdict is drift or incident; `check` is the result that says so."""

    def __init__(self, message: str, check: object = None) -> None:
        super().__init__(message)
        self.check = check
