"""Requests in, those out that no other site's page can have made a browser send; and what browsers must be told."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access import ANYBODY, SIGNED
from api.errors import ApiError, error_response

_SAFE = {"GET", "HEAD", "OPTIONS"}
_OF_BODY = {"content-type", "content-length"}
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


def is_loopback(host: str | None) -> bool:
    """Whether the name or address can only mean this machine."""
    if host is None:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class SecurityHeaders:
    """Tells browsers to run, frame and keep nothing of a response, unless it has its own say on that."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/v1/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers)


class CrossOrigin(CORSMiddleware):
    """CORS, whose refusals have the shape of all others."""

    def preflight_response(self, request_headers: Headers) -> Response:
        response = super().preflight_response(request_headers)
        if response.status_code < 400:
            return response
        refused = error_response(ApiError(403, "forbidden", "this origin, method or header is not let in here"))
        refused.headers.update({name: value for name, value in response.headers.items() if name not in _OF_BODY})
        return refused


class SameSite:
    """Refuses what another site's page may have sent to a server that asks for no key.

    A page can send a browser to a local address, by its name or, by changing what its own name resolves to, under the
    page's own (DNS rebinding). So what arrives at a loopback address must be for one or for the public URL, and what
    changes something must come from this server's own pages, or from those that CORS lets in.
    """

    def __init__(self, app: ASGIApp, *, public_url: str | None, origins: tuple[str, ...] = ()) -> None:
        self._app = app
        self._public_host = urlsplit(public_url).netloc.lower() if public_url else None
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["state"]["caller"] == ANYBODY and scope["path"] != SIGNED:
            self._check(scope)
        await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        host = headers.get("host", "").lower()
        arrived_at, _ = scope.get("server") or (None, None)
        if is_loopback(arrived_at) and not is_loopback(_name(host)) and host != self._public_host:
            raise ApiError(
                403, "forbidden", "this server is for its own machine only; for another name, set ATTEST_PUBLIC_URL"
            )
        origin = headers.get("origin")
        if origin is not None and scope["method"] not in _SAFE and not self._is_own(origin, host):
            raise ApiError(
                403, "forbidden", "another site's page may not do this; to let it, add it to ATTEST_CORS_ORIGINS"
            )

    def _is_own(self, origin: str, host: str) -> bool:
        came_from = origin.lower().partition("://")[2]
        return (
            origin in self._origins
            or "*" in self._origins
            or (came_from != "" and came_from in (host, self._public_host))
        )


def _name(host: str) -> str | None:
    """`localhost` of `localhost:8000`; None of what is no host."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
