"""A path of the page in, its file out, under a policy that lets nothing from anywhere else in.

The files of `api/web` are read once. Stylesheets and modules are served under a fingerprint of them all, so that a
browser may keep them for ever and never mixes two releases; `index.html` names the fingerprint and is asked for anew.
"""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path, PurePosixPath

from fastapi import APIRouter, HTTPException, Request, Response

WEB = Path(__file__).parent / "web"
INDEX = "index.html"

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]
)

_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class WebFile:
    """What a browser gets for one path; `etag` is quoted, as the header has it."""

    content: bytes
    media_type: str
    etag: str

    @classmethod
    def of(cls, name: str, content: bytes) -> "WebFile":
        return cls(content, _MEDIA_TYPES[PurePosixPath(name).suffix], f'"{sha256(content).hexdigest()[:32]}"')


@dataclass(frozen=True, slots=True)
class Page:
    """The page and what it loads, by path below `/assets/`."""

    index: WebFile
    assets: dict[str, WebFile]

    @classmethod
    def read(cls, folder: Path) -> "Page":
        """The page in `folder`: its index names every asset as `"/assets/…`."""
        contents = {path.relative_to(folder).as_posix(): path.read_bytes() for path in _files(folder)}
        index = contents.pop(INDEX)
        fingerprint = sha256(repr(sorted(contents.items())).encode()).hexdigest()[:16]
        named = index.replace(b'"/assets/', f'"/assets/{fingerprint}/'.encode())
        assets = {f"{fingerprint}/{name}": WebFile.of(name, content) for name, content in contents.items()}
        return cls(WebFile.of(INDEX, named), assets)


@router.api_route("/", methods=["GET", "HEAD"])
def show_page(request: Request) -> Response:
    return _send(_page().index, request, caching="no-cache")


@router.api_route("/assets/{path:path}", methods=["GET", "HEAD"])
def show_asset(path: str, request: Request) -> Response:
    asset = _page().assets.get(path)
    if asset is None:
        raise HTTPException(404, f"the page has no file {path[:200]!r}; reload it if it was open for long")
    return _send(asset, request, caching="public, max-age=31536000, immutable")


@cache
def _page() -> Page:
    return Page.read(WEB)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in _MEDIA_TYPES)


def _send(file: WebFile, request: Request, *, caching: str) -> Response:
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": caching, "ETag": file.etag}
    if _has_it(request.headers.get("if-none-match", ""), file.etag):
        return Response(status_code=304, headers=headers)
    return Response(file.content, media_type=file.media_type, headers=headers)


def _has_it(condition: str, etag: str) -> bool:
    """Whether `If-None-Match` names this very file; a proxy that compresses marks it as weak."""
    return any(tag.strip().removeprefix("W/") in (etag, "*") for tag in condition.split(","))
