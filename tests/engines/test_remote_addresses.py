"""Where pages may go: addresses of servers, names that lead elsewhere, proxies, certificates."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
from chat_server import Reply, chat_server
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from cogdoc.engines.registry import load_engine, select_engine
from cogdoc.engines.remote.address import destination_notice, is_near, parse_server_address
from cogdoc.engines.selection import EngineRequest
from cogdoc.errors import ServerError, UsageError


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://localhost:8000/v1", "http://localhost:8000/v1"),
        ("HTTP://Localhost:8000/v1/", "http://localhost:8000/v1"),
        ("https://models.example.org", "https://models.example.org/v1"),
        ("http://[::1]:8000", "http://[::1]:8000/v1"),
        ("gpu-box:8000/v1", "http://gpu-box:8000/v1"),
        ("gpu-box/v1", "http://gpu-box/v1"),
        ("http://host/openai/v2", "http://host/openai/v2"),
    ],
)
def test_addresses_are_taken_with_or_without_their_usual_parts(text: str, url: str) -> None:
    assert parse_server_address(text).url == url


@pytest.mark.parametrize(
    "text",
    [
        "http://",
        "http://user:key@host/v1",
        "http://host/v1?key=1",
        "http://host/v1#x",
        "http://host:99999/v1",
        "http://ho st/v1",
        "http://host%2f/v1",
    ],
)
def test_what_is_more_or_less_than_an_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--engine"):
        select_engine(EngineRequest(text))


@pytest.mark.parametrize(
    ("ip", "near"),
    [
        *(
            (ip, True)
            for ip in ("127.0.0.1", "::1", "10.1.2.3", "172.31.0.1", "192.168.1.1", "fd00::1", "fe80::1%eth0")
        ),
        *((ip, True) for ip in ("::ffff:127.0.0.1", "::ffff:10.0.0.1")),
        *((ip, False) for ip in ("8.8.8.8", "172.32.0.1", "100.64.0.1", "0.0.0.0", "2001:4860::1", "::ffff:8.8.8.8")),
        *((ip, False) for ip in ("64:ff9b::a00:1", "2002:a00:1::1", "198.18.0.1")),
    ],
)
def test_only_this_machine_and_private_networks_are_near(ip: str, near: bool) -> None:
    assert is_near(ip) is near


def test_other_hosts_are_refused_unless_the_user_allows_them() -> None:
    with pytest.raises(UsageError, match="outside of this machine") as refused:
        select_engine(EngineRequest("http://203.0.113.7/v1"))
    assert "--allow-remote" in (refused.value.hint or "")
    selection = select_engine(EngineRequest("http://203.0.113.7/v1", allow_remote=True))
    notice = "pages leave this machine: they are sent to http://203.0.113.7/v1, without encryption"
    assert selection.settings.notice == notice


def test_the_notice_says_where_pages_go_unless_it_is_this_machine() -> None:
    notices = {
        url: destination_notice(parse_server_address(url)) for url in ("http://127.0.0.1/v1", "https://10.0.0.5/v1")
    }
    assert notices == {
        "http://127.0.0.1/v1": None,
        "https://10.0.0.5/v1": "pages leave this machine: they are sent to https://10.0.0.5/v1",
    }


def test_a_name_counts_by_the_addresses_that_are_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    resolved = ["127.0.0.1"]

    def look_up(host: str, port: Any, *_: Any, **__: Any) -> list[Any]:
        if host != "models.test":
            raise socket.gaierror
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in resolved]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with chat_server(Reply(["yes"])) as server:
        selection = select_engine(EngineRequest(f"http://models.test:{server.port}/v1"))
        engine = load_engine(selection)
        engine.close()
        assert server.asked[0].headers["host"] == f"models.test:{server.port}"
        # The name leads elsewhere by the time of the connection.
        for addresses in (["203.0.113.7"], ["127.0.0.1", "203.0.113.7"]):
            resolved[:] = addresses
            server.asked.clear()
            with pytest.raises(UsageError, match=r"models\.test \(203\.0\.113\.7\) is outside"):
                load_engine(selection)
            assert server.asked == []
    with pytest.raises(ServerError, match=r"no host named nowhere\.test"):
        select_engine(EngineRequest("http://nowhere.test/v1"))


def test_no_proxy_comes_between_this_machine_and_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for allow_remote in (False, True):
        with chat_server(Reply(["yes"])) as server:
            load_engine(select_engine(EngineRequest(server.url, allow_remote=allow_remote))).close()
            assert len(server.asked) == 1


def test_a_proxy_serves_hosts_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with chat_server(Reply(["yes"])) as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        load_engine(select_engine(EngineRequest("http://203.0.113.7/v1", allow_remote=True))).close()
        assert proxy.asked[0].path == "http://203.0.113.7/v1/models"


def test_certificates_are_checked_and_authorities_of_ones_own_are_named_by_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    certificate = write_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, tmp_path / "key.pem")
    with chat_server(Reply(["yes"]), tls=context) as server:
        with pytest.raises(ServerError, match="is not trusted") as refused:
            load_engine(select_engine(EngineRequest(server.url)))
        assert "SSL_CERT_FILE" in (refused.value.hint or "")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        load_engine(select_engine(EngineRequest(server.url))).close()
        with pytest.raises(ServerError, match="is not trusted"):
            load_engine(select_engine(EngineRequest(server.url.replace("127.0.0.1", "localhost"))))


def write_certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(
            name, name, key.public_key(), 1, now - datetime.timedelta(1), now + datetime.timedelta(1)
        )
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    no_password = serialization.NoEncryption()
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, no_password)
    )
    return path
