"""The table of docs/identities.md is made of what was asked for."""

from sandbox.access.control import Use
from sandbox.access.roles import BLOBS, ENTITIES, MESSAGES, SECRETS, WORKSPACES
from sandbox.access.table import rows


def test_a_row_is_an_identity_on_a_resource_with_all_that_it_asks_for() -> None:
    assert rows(
        [
            Use("train", f"{BLOBS}/write", "data/outcomes", ("Writer",)),
            Use("train", f"{BLOBS}/read", "data/outcomes", ("Writer",)),
            Use("train", f"{BLOBS}/read", "ml/azureml-blobstore-1", ("Writer",)),
            Use("train", f"{BLOBS}/read", "ml/azureml", ("Writer",)),
            Use("train", f"{WORKSPACES}/jobs/write", "workspace", ("Scientist",)),
            Use("app", f"{MESSAGES}/write", "data/queues/checks", ("Queue",)),
            Use("app", f"{ENTITIES}/read", "data/tables/drifts", ("Table",)),
            Use("app", f"{SECRETS}/getSecret/action", "vault/token", ("User",)),
            Use("app", f"{BLOBS}/write", "data/incoming", ()),
            Use("owner", f"{BLOBS}/write", "data/incoming", ("Owner",)),
        ]
    ) == [
        ("app", "Key Vault, `token`", "`secrets/getSecret/action`", "User"),
        ("app", "`checks` (queue)", "`messages/write`", "Queue"),
        ("app", "`drifts` (table)", "`entities/read`", "Table"),
        ("app", "`incoming`", "`blobs/write`", "none: refused"),
        ("train", "Azure ML storage", "`blobs/read`", "Writer"),
        ("train", "`outcomes`", "`blobs/read`, `blobs/write`", "Writer"),
        ("train", "workspace", "`jobs/write`", "Scientist"),
    ]
