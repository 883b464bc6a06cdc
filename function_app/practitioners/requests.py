"""Is this request one that our own page made? And the headers that every answer carries."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

FORM = "application/x-www-form-urlencoded"
MOST_BODY = 200_000  # bytes: 500 measurements with long names, each letter written as %XX


@dataclass(frozen=True)
class Asked:
    """A request: header names in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]

    @property
    def path(self) -> str:
        """The path and the query, without scheme and host."""
        parts = urlsplit(self.url)
        return parts.path + (f"?{parts.query}" if parts.query else "")

    def is_from_our_page(self) -> bool:
        """Whether a form was sent by a page of this host, as browsers say it: Sec-Fetch-Site, else Origin. A request
        that says neither is refused.
        """
        site = self.headers.get("sec-fetch-site")
        if site is not None:
            return site == "same-origin"
        origin = urlsplit(self.headers.get("origin", ""))
        return bool(origin.netloc) and origin.netloc == (self.headers.get("host") or urlsplit(self.url).netloc)

    def is_form(self) -> bool:
        """Whether the body is of the kind that a form without files sends."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM


def new_nonce() -> str:
    """A word that only this answer's own style and script carry."""
    return secrets.token_urlsafe(16)


def security_headers(nonce: str, language: str) -> dict[str, str]:
    """Nothing from elsewhere is loaded, nothing is kept, nobody may frame the page."""
    policy = (
        "default-src 'none'",
        f"style-src 'nonce-{nonce}'",
        f"script-src 'nonce-{nonce}'",
        "img-src data:",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
    return {
        "Content-Security-Policy": "; ".join(policy),
        "Cache-Control": "no-store",
        "Content-Language": language,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Referrer-Policy": "same-origin",
        "Vary": "Accept-Language",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
