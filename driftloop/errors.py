"""What can go wrong, as one tree. Each message is one line: what was wrong, where, and what to do.

DriftloopError
├── InputError          the data, schema or file handed in cannot be used (exit code 2 on the command line)
│   ├── SchemaError     a column is missing, extra or of the wrong type
│   └── BaselineError   a stored baseline or profile is damaged, foreign or from a newer version
├── ConfigError         driftloop.toml or an environment setting is missing or wrong
├── LedgerError         the ledger refused a transition or a conditional write
└── DispatchError       the trigger could not be sent
"""


class DriftloopError(Exception):
    """Base of everything that Driftloop raises on purpose."""


class InputError(DriftloopError):
    """The data or file handed in cannot be used."""


class SchemaError(InputError):
    """A column is missing, extra or of the wrong type."""


class BaselineError(InputError):
    """A stored baseline or profile is damaged, foreign or from a newer version."""


class ConfigError(DriftloopError):
    """driftloop.toml or an environment setting is missing or wrong."""


class LedgerError(DriftloopError):
    """The ledger refused a transition or a conditional write."""


class DispatchError(DriftloopError):
    """The trigger could not be sent."""
