"""A certificate for loopback: the Azure SDKs send tokens over TLS only, and trust what their environment variables
name.
"""

from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Certificate:
    """Files of a server certificate for 127.0.0.1 and localhost, and of the authority that signed it."""

    authority: Path
    chain: Path
    key: Path

    def environment(self) -> dict[str, str]:
        """Variables that make requests, urllib3, httpx, curl, Node.js and OpenSSL trust this authority, whatever a
        machine had set before.
        """
        bundle = str(self.authority)
        names = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
        return dict.fromkeys(names, bundle)


def issue(folder: Path) -> Certificate:
    """A new authority and a server certificate signed by it, as PEM files in `folder`; the key is readable by its owner
    only.
    """
    folder.mkdir(parents=True, exist_ok=True)
    authority = trustme.CA(organization_name="Driftloop sandbox")
    server = authority.issue_cert("127.0.0.1", "localhost")
    certificate = Certificate(folder / "authority.pem", folder / "server.pem", folder / "server.key")
    authority.cert_pem.write_to_path(str(certificate.authority))
    for position, blob in enumerate(server.cert_chain_pems):
        blob.write_to_path(str(certificate.chain), append=position > 0)
    certificate.key.touch(mode=0o600)
    server.private_key_pem.write_to_path(str(certificate.key))
    return certificate
