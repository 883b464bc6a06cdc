"""Who may do what in the sandbox: the role assignments of infra/, checked on every call as Azure checks them."""
