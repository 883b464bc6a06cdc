"""Gives GitHub Actions or Azure Pipelines what they need to sign in to Azure, and takes it away again.

`python -m infra.identities --help`. It needs Python's standard library, `az`, and for GitHub `gh`; nothing is
installed. Every step looks first and changes only what differs, so that it may be run again at any time: after a
failure in the middle, after provisioning, after somebody changed something manually.
"""
