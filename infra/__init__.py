"""What runs before anything else can: Bicep templates, and the identities that CI systems sign in with."""
