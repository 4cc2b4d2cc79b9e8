"""The router that serves the page, and what its files may and may not contain; a browser's tests are elsewhere."""

import re
from http.client import HTTPConnection
from pathlib import Path

import httpx
import pytest

from api.page import INDEX, WEB, Page

INDEX_HTML = (WEB / INDEX).read_text()
MODULES = sorted((WEB / "js").glob("*.js"))
STYLES = sorted((WEB / "css").glob("*.css"))

_ASSET = re.compile(r'"(/assets/[^"]+)"')
_IMPORT = re.compile(r'^(?:import|export) [^;]*?from "([^"]+)";|^import "([^"]+)";|\bimport\(', re.MULTILINE)
_ADDRESS = re.compile(r"(?:https?:|wss?:)?//[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
_SVG_NAMESPACE = "http://www.w3.org/2000/svg"  # a name; nothing is fetched from it
_MARKUP = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|setHTML|parseFromString|createContextualFragment|document\.write"
    r"|srcdoc|\beval\(|new Function|javascript:"
)


def assets(client: httpx.Client) -> list[str]:
    return _ASSET.findall(client.get("/").text)


def status_of_raw(client: httpx.Client, path: str) -> int:
    """As it would be sent by somebody who does not tidy paths up."""
    connection = HTTPConnection(client.base_url.host, client.base_url.port or 80, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def test_the_page_lets_nothing_in_from_elsewhere_and_nobody_frame_it(seeds: httpx.Client) -> None:
    headers = seeds.get("/").headers
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert set(headers["content-security-policy"].split("; ")) == {
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
    }
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"


def test_every_header_is_said_once(seeds: httpx.Client) -> None:
    names = [name for name, _ in seeds.get("/").headers.multi_items()]
    assert len(names) == len(set(names))


def test_a_head_request_gets_the_headers_alone(seeds: httpx.Client) -> None:
    head, whole = seeds.head("/"), seeds.get("/")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == whole.headers["etag"]


def test_every_asset_that_the_page_names_is_served_for_ever(seeds: httpx.Client) -> None:
    types = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
    named = assets(seeds)
    assert len(named) >= 3
    for path in named:
        response = seeds.get(path)
        assert (response.status_code, response.headers["content-type"]) == (200, types[path.rpartition(".")[2]])
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert response.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self';")


def test_every_module_is_served_beside_the_others(seeds: httpx.Client) -> None:
    [folder] = {path.rpartition("/")[0] for path in assets(seeds) if path.endswith("app.js")}
    for module in MODULES:
        assert seeds.get(f"{folder}/{module.name}").text == module.read_text()


def test_the_page_is_asked_for_anew_and_sent_again_only_when_it_changed(seeds: httpx.Client) -> None:
    first = seeds.get("/")
    assert first.headers["cache-control"] == "no-cache"
    etag = first.headers["etag"]
    for known in (etag, f"W/{etag}", f'"another", {etag}', "*"):
        again = seeds.get("/", headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    for unknown in ('"another"', etag.strip('"'), ""):
        assert seeds.get("/", headers={"If-None-Match": unknown}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/assets/",
        "/assets/js/app.js",  # without the fingerprint
        "/assets/0000000000000000/js/app.js",
        "/assets/{release}/js/missing.js",
        "/assets/{release}/js",
        "/assets/{release}/index.html",
        "/assets/{release}/../../page.py",
        "/assets/{release}/js/../../../page.py",
        "/assets/{release}/%2e%2e/%2e%2e/page.py",
        "/assets/{release}/..%2f..%2fpage.py",
        "/assets/{release}//js/app.js",
        "/assets/{release}/js/app.js%00",
        "/assets//etc/passwd",
        "/assets/%2fetc%2fpasswd",
        "/assets/..%5c..%5cpage.py",
    ],
)
def test_only_the_pages_own_files_are_served(seeds: httpx.Client, path: str) -> None:
    release = assets(seeds)[0].split("/")[2]
    assert status_of_raw(seeds, path.replace("{release}", release)) == 404


def test_an_unknown_file_is_answered_in_the_one_shape_of_errors(seeds: httpx.Client) -> None:
    response = seeds.get("/assets/missing.js")
    assert response.status_code == 404
    error = response.json()["error"]
    assert (error["type"], set(error)) == ("not_found", {"type", "message", "request_id"})


def test_the_page_is_not_described_as_a_part_of_the_api(seeds: httpx.Client) -> None:
    paths = seeds.get("/openapi.json").json()["paths"]
    assert not [path for path in paths if path == "/" or path.startswith("/assets")]


def test_a_changed_asset_gets_another_address_and_the_page_another_etag(tmp_path: Path) -> None:
    (tmp_path / "js").mkdir()
    (tmp_path / INDEX).write_text('<script src="/assets/js/app.js"></script>')
    (tmp_path / "js" / "app.js").write_text("1;")
    before, same = Page.read(tmp_path), Page.read(tmp_path)
    (tmp_path / "js" / "app.js").write_text("2;")
    after = Page.read(tmp_path)
    assert before == same
    assert not set(before.assets) & set(after.assets)
    assert before.index.etag != after.index.etag
    [address] = after.assets
    assert f'src="/assets/{address}"'.encode() in after.index.content


def test_every_module_that_is_imported_exists_and_every_one_is_used() -> None:
    used = {"app.js", "early-theme.js"}
    assert used == set(re.findall(r'src="/assets/js/([^"]+)"', INDEX_HTML))
    for module in MODULES:
        for found in _IMPORT.finditer(module.read_text()):
            imported = found[1] or found[2]
            assert imported, f"{module.name} imports what only its run decides"
            assert re.fullmatch(r"\./[\w-]+\.js", imported), f"{module.name} imports {imported}"
            assert (module.parent / imported).is_file(), f"{module.name} imports {imported}"
            used.add(imported.removeprefix("./"))
    assert used == {module.name for module in MODULES}


def test_every_name_that_is_imported_is_exported() -> None:
    listed = re.compile(r'^import \{([^}]+)\} from "\./([^"]+)";', re.MULTILINE)
    exported = re.compile(r"^export (?:async )?(?:function\*?|class|const) (\w+)", re.MULTILINE)
    for module in MODULES:
        for names, source in listed.findall(module.read_text()):
            wanted = {name.split(" as ")[0].strip() for name in names.split(",") if name.strip()}
            missing = wanted - set(exported.findall((module.parent / source).read_text()))
            assert not missing, f"{module.name} imports {missing} from {source}"


def test_every_stylesheet_is_linked_and_exists() -> None:
    linked = re.findall(r'href="/assets/css/([^"]+)"', INDEX_HTML)
    assert sorted(linked) == [style.name for style in STYLES]


@pytest.mark.parametrize("path", [*MODULES, *STYLES, WEB / INDEX, *WEB.glob("*.svg")], ids=lambda path: str(path.name))
def test_no_file_names_an_outside_address(path: Path) -> None:
    assert _ADDRESS.findall(path.read_text().replace(_SVG_NAMESPACE, "")) == []


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.name))
def test_no_module_makes_markup_or_code_of_text(module: Path) -> None:
    assert _MARKUP.findall(module.read_text()) == []


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.name))
def test_every_module_says_what_it_is_for_and_stays_short(module: Path) -> None:
    lines = module.read_text().splitlines()
    assert lines[0].startswith("// ")
    assert len(lines) <= 200


def test_the_page_has_no_script_or_style_of_its_own() -> None:
    assert re.findall(r"<script(?![^>]*\bsrc=)", INDEX_HTML) == []
    assert re.findall(r"<style|\sstyle=|\son\w+=", INDEX_HTML) == []
