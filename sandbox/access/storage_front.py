"""The storage account as Azure answers for it: tokens are verified and roles required, then Azurite does the work.

Azurite reads bearer tokens without verifying them and knows no roles, so this stands in front of it. It answers 401 for
a token that is foreign, expired or meant for another service. It answers 403 AuthorizationPermissionMismatch where no
role allows the operation, and 403 KeyBasedAuthenticationNotPermitted for account keys. Signed addresses (SAS) are
Azurite's to verify. Bodies pass as streams; each connection has one of its own to Azurite.
"""

import asyncio
import contextlib
import json
import ssl
import threading
import uuid
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from sandbox.access import messages
from sandbox.access.control import AccessControl, DeniedError, principal_of
from sandbox.access.messages import Head
from sandbox.access.storage_operations import Operation, blob_operation, queue_operation, table_operation
from sandbox.azurite import ACCOUNT, Azurite, addresses
from sandbox.identity import Identity, TokenError
from sandbox.ports import listening_socket
from sandbox.waiting import HANG_SECONDS

AUDIENCE = "https://storage.azure.com"
Decide = Callable[[str, str, Mapping[str, str]], Operation]


class StorageRefusalError(Exception):
    """An answer that Azurite never hears of."""

    def __init__(self, status: int, reason: str, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.reason, self.code, self.message = status, reason, code, message


class StorageFront:
    """Three addresses, for blobs, queues and tables, in front of a running Azurite. Use as a context manager, or
    start() and stop().
    """

    def __init__(self, azurite: Azurite, identity: Identity, access: AccessControl) -> None:
        self._identity, self._access = identity, access
        self._server_tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._server_tls.load_cert_chain(azurite.certificate.chain, azurite.certificate.key)
        self._client_tls = ssl.create_default_context(cafile=str(azurite.certificate.authority))
        behind = (azurite.blob_url, azurite.queue_url, azurite.table_url)
        self._ports = [int(urlsplit(url).port or 0) for url in behind]
        self._sockets = [listening_socket() for _ in behind]
        urls = [f"https://127.0.0.1:{bound.getsockname()[1]}/{ACCOUNT}" for bound in self._sockets]
        self.blob_url, self.queue_url, self.table_url = urls
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="storage-front", daemon=True)
        self._ready = threading.Event()
        self._connections: set[asyncio.Task[None]] = set()

    def environment(self) -> dict[str, str]:
        """Where storage is, by the names of docs/architecture.md."""
        return addresses(self.blob_url, self.queue_url, self.table_url)

    def start(self) -> None:
        """Listen. Raises RuntimeError when that does not succeed."""
        self._thread.start()
        if not self._ready.wait(HANG_SECONDS):
            raise RuntimeError(f"the storage front did not start within {HANG_SECONDS:.0f} s")

    def stop(self) -> None:
        """Stop listening and cut what is open; harmless when repeated."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(timeout=5)
        for bound in self._sockets:
            bound.close()

    def __enter__(self) -> "StorageFront":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        decisions: tuple[Decide, ...] = (blob_operation, queue_operation, table_operation)
        for bound, port, decide in zip(self._sockets, self._ports, decisions, strict=True):
            serve = self._serving(port, decide)
            listening = asyncio.start_server(serve, sock=bound, ssl=self._server_tls, limit=messages.LARGEST_HEAD)
            self._loop.run_until_complete(listening)
        self._ready.set()
        self._loop.run_forever()
        for task in self._connections:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*self._connections, return_exceptions=True))
        self._loop.close()

    def _serving(self, port: int, decide: Decide) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]:
        def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = self._loop.create_task(self._connection(reader, writer, port, decide))
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)

        return serve

    async def _connection(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, decide: Decide
    ) -> None:
        behind: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            while (request := await messages.read_head(reader)) is not None:
                try:
                    self._admit(request, decide)
                except StorageRefusalError as refusal:
                    await messages.pass_body(request, reader, None)
                    writer.write(_answer(refusal, request, as_json=decide is table_operation))
                    await writer.drain()
                    continue
                if behind is None or behind[0].at_eof():
                    _close(behind)
                    behind = await asyncio.open_connection(
                        "127.0.0.1", port, ssl=self._client_tls, limit=messages.LARGEST_HEAD
                    )
                behind[1].write(request.raw)
                await messages.pass_body(request, reader, behind[1])
                answer = await messages.read_head(behind[0])
                if answer is None:
                    break
                writer.write(answer.raw)
                if messages.has_body(answer, request.first[0]):
                    await messages.pass_body(answer, behind[0], writer)
                await writer.drain()
                if answer.closes or request.closes:
                    break
        _close(behind)
        _close((reader, writer))

    def _admit(self, request: Head, decide: Decide) -> None:
        """Raises StorageRefusalError."""
        authorization = request.headers.get("authorization", "")
        if not authorization and "sig" in request.query:
            return
        if authorization.startswith("SharedKey"):
            raise StorageRefusalError(
                403,
                "Key based authentication is not permitted on this storage account.",
                "KeyBasedAuthenticationNotPermitted",
                "Key based authentication is not permitted on this storage account.",
            )
        try:
            claims = self._identity.check(authorization)
        except TokenError as error:
            code = "InvalidAuthenticationInfo" if authorization else "NoAuthenticationInformation"
            raise StorageRefusalError(401, "Unauthorized", code, str(error)) from error
        if str(claims["aud"]).rstrip("/") != AUDIENCE:
            raise StorageRefusalError(
                401, "Unauthorized", "InvalidAuthenticationInfo", "Audience validation failed. Audience did not match."
            )
        account, _, path = request.path.removeprefix("/").partition("/")
        if account != ACCOUNT:
            raise StorageRefusalError(404, "Not Found", "ResourceNotFound", "There is no such storage account.")
        operation = decide(request.first[0], path, request.query)
        try:
            self._access.require(principal_of(claims), operation.actions, operation.scope, data=operation.data)
        except DeniedError as error:
            # Azure's own message says neither who nor what; a person who reads a log here should know.
            raise StorageRefusalError(
                403,
                "This request is not authorized to perform this operation using this permission.",
                "AuthorizationPermissionMismatch",
                "This request is not authorized to perform this operation using this permission. "
                f"[{error.principal.name}: {error.action} on {error.scope}]",
            ) from error


def _answer(refusal: StorageRefusalError, request: Head, *, as_json: bool) -> bytes:
    if as_json:
        body = json.dumps({"odata.error": {"code": refusal.code, "message": {"lang": "en", "value": refusal.message}}})
        kind = "application/json;odata=minimalmetadata"
    else:
        body = (
            '<?xml version="1.0" encoding="utf-8"?>'
            f"<Error><Code>{refusal.code}</Code><Message>{refusal.message}</Message></Error>"
        )
        kind = "application/xml"
    content = b"" if request.first[0] == "HEAD" else body.encode()
    head = [
        f"HTTP/1.1 {refusal.status} {refusal.reason}",
        f"x-ms-error-code: {refusal.code}",
        f"x-ms-request-id: {uuid.uuid4()}",
        f"content-type: {kind}",
        f"content-length: {len(content)}",
    ]
    if refusal.status == 401:
        head.append(f'www-authenticate: Bearer authorization_uri="https://sts.invalid/" resource_id="{AUDIENCE}"')
    return "\r\n".join([*head, "", ""]).encode("latin-1") + content


def _close(connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None) -> None:
    if connection is not None:
        connection[1].close()
