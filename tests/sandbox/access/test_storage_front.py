"""The real storage SDKs as identities with roles, through the front to a real Azurite: who may, who may not, what else
is refused.
"""

import threading
from collections.abc import Iterator

import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from sandbox.access.control import AccessControl, Use
from sandbox.access.grants import Grant
from sandbox.access.roles import BLOBS, BY_NAME, Role
from sandbox.access.storage_front import StorageFront
from sandbox.azurite import Azurite
from sandbox.identity import Identity
from sandbox.principals import CLUSTER, FUNCTION_APP, OWNER, TRAIN, Principal
from sandbox.waiting import HANG_SECONDS
from tests.sandbox.signed import Signed

# Names that no other module uses: Azurite is shared by all that run in this process.
INCOMING, BASELINES, QUEUE, TABLE = "front-incoming", "front-baselines", "front-checks", "frontdrifts"
EVERYTHING = Role("everything", actions=("*",), data_actions=("*",))
GRANTS = (
    Grant(OWNER, EVERYTHING, ""),
    Grant(FUNCTION_APP, BY_NAME["Storage Blob Data Reader"], f"data/{INCOMING}"),
    Grant(FUNCTION_APP, BY_NAME["Storage Queue Data Contributor"], "data"),
    Grant(FUNCTION_APP, BY_NAME["Storage Table Data Contributor"], "data"),
    Grant(CLUSTER, BY_NAME["Storage Blob Data Contributor"], f"data/{INCOMING}"),
)


class Account:
    """The account as each identity sees it."""

    def __init__(self, azurite: Azurite) -> None:
        self.identity, self.access = Identity(), AccessControl(GRANTS)
        self.front = StorageFront(azurite, self.identity, self.access)
        self.authority = str(azurite.certificate.authority)

    def blobs(self, principal: Principal, resource: str | None = None) -> BlobServiceClient:
        signed = Signed(self.identity, principal, resource)
        return BlobServiceClient(self.front.blob_url, signed, connection_verify=self.authority, retry_total=0)


@pytest.fixture(scope="module")
def account(azurite: Azurite) -> Iterator[Account]:
    made = Account(azurite)
    with made.front:
        for container in (INCOMING, BASELINES):
            made.blobs(OWNER).create_container(container)
        made.blobs(OWNER).get_blob_client(INCOMING, "a").upload_blob(b"old")
        yield made


def refused(error: pytest.ExceptionInfo[HttpResponseError]) -> tuple[int | None, str]:
    return error.value.status_code, str(getattr(error.value, "error_code", ""))


def test_a_reader_reads_and_lists_its_container_and_changes_nothing(account: Account) -> None:
    container = account.blobs(FUNCTION_APP).get_container_client(INCOMING)
    assert container.download_blob("a").readall() == b"old"
    assert [blob.name for blob in container.list_blobs()] == ["a"]
    for change in (lambda: container.upload_blob("a", b"new", overwrite=True), lambda: container.delete_blob("a")):
        with pytest.raises(HttpResponseError) as error:
            change()
        assert refused(error) == (403, "AuthorizationPermissionMismatch")
    assert container.download_blob("a").readall() == b"old"


def test_a_role_on_one_container_is_none_on_another_whether_or_not_the_blob_exists(account: Account) -> None:
    for container, blob in ((BASELINES, "nothing"), ("no-such-container", "x")):
        with pytest.raises(HttpResponseError) as error:
            account.blobs(FUNCTION_APP).get_blob_client(container, blob).download_blob()
        assert refused(error) == (403, "AuthorizationPermissionMismatch")


def test_a_writer_writes_what_it_may_and_reads_it_back_whatever_its_size(account: Account) -> None:
    container = account.blobs(CLUSTER).get_container_client(INCOMING)
    for content in (b"", b"x", bytes(range(256)) * 40_000):
        container.upload_blob("w", content, overwrite=True)
        assert container.download_blob("w").readall() == content
    container.delete_blob("w")


def test_who_has_no_role_at_all_is_refused(account: Account) -> None:
    with pytest.raises(HttpResponseError) as error:
        list(account.blobs(TRAIN).list_containers())
    assert refused(error) == (403, "AuthorizationPermissionMismatch")


def test_queues_and_tables_ask_for_roles_as_well(account: Account) -> None:
    for principal, may in ((FUNCTION_APP, True), (CLUSTER, False)):
        options = {"connection_verify": account.authority, "retry_total": 0}
        signed = Signed(account.identity, principal)
        queue = QueueServiceClient(account.front.queue_url, signed, **options).get_queue_client(QUEUE)
        table = TableServiceClient(endpoint=account.front.table_url, credential=signed, **options)
        if may:
            queue.create_queue()
            queue.send_message("x")
            assert [message.content for message in queue.receive_messages()] == ["x"]
            table.create_table(TABLE).create_entity({"PartitionKey": "p", "RowKey": "r"})
            assert len(list(table.get_table_client(TABLE).list_entities())) == 1
            continue
        with pytest.raises(HttpResponseError) as error:
            queue.send_message("x")
        assert error.value.status_code == 403
        with pytest.raises(HttpResponseError) as error:
            table.get_table_client(TABLE).create_entity({"PartitionKey": "p", "RowKey": "q"})
        assert error.value.status_code == 403


def test_a_token_for_another_service_is_refused_before_any_role_is_looked_at(account: Account) -> None:
    with pytest.raises(ClientAuthenticationError) as error:
        account.blobs(OWNER, "https://vault.azure.net").get_blob_client(INCOMING, "a").download_blob()
    assert refused(error) == (401, "InvalidAuthenticationInfo")


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 401, "NoAuthenticationInformation"),
        ({"Authorization": "Bearer nonsense"}, 401, "InvalidAuthenticationInfo"),
        ({"Authorization": "SharedKey devstoreaccount1:abc"}, 403, "KeyBasedAuthenticationNotPermitted"),
    ],
)
def test_nobody_comes_in_without_an_own_token(
    account: Account, headers: dict[str, str], status: int, code: str
) -> None:
    url = f"{account.front.blob_url}/{INCOMING}/a"
    with requests.Session() as session:  # one connection: what is refused must leave it in order
        for _ in range(2):
            answer = session.put(
                url, data=b"x" * 100_000, headers=headers, verify=account.authority, timeout=HANG_SECONDS
            )
            assert (answer.status_code, answer.headers["x-ms-error-code"]) == (status, code)


def test_many_at_once_get_their_own_answers(account: Account) -> None:
    container = account.blobs(CLUSTER).get_container_client(INCOMING)
    wrong: list[int] = []

    def write_and_read(number: int) -> None:
        content = bytes([number]) * 10_000 * number
        container.upload_blob(f"many/{number}", content)
        if container.download_blob(f"many/{number}").readall() != content:
            wrong.append(number)

    threads = [threading.Thread(target=write_and_read, args=(number,)) for number in range(1, 17)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(list(container.list_blobs(name_starts_with="many/"))) == 16


def test_what_was_asked_for_is_kept_with_the_role_that_allowed_it(azurite: Azurite) -> None:
    other = Account(azurite)
    with other.front:
        other.blobs(FUNCTION_APP).get_blob_client(INCOMING, "a").exists()
        with pytest.raises(HttpResponseError):
            other.blobs(CLUSTER).get_blob_client(BASELINES, "a").upload_blob(b"x")
    assert other.access.uses() == [
        Use("function app", f"{BLOBS}/read", f"data/{INCOMING}", ("Storage Blob Data Reader",)),
        Use("training cluster", f"{BLOBS}/write", f"data/{BASELINES}", ()),
    ]


def test_a_role_that_is_taken_away_is_gone_at_once(azurite: Azurite) -> None:
    other = Account(azurite)
    with other.front:
        other.access.revoke(FUNCTION_APP, "Storage Blob Data Reader", f"data/{INCOMING}")
        with pytest.raises(HttpResponseError, match=rf"function app: .*blobs/read on data/{INCOMING}"):
            other.blobs(FUNCTION_APP).get_blob_client(INCOMING, "a").download_blob()
    with pytest.raises(ValueError, match="has no"):
        other.access.revoke(FUNCTION_APP, "Owner", "data")
