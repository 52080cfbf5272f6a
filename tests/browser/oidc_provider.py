"""A small OpenID Connect provider of this machine: real discovery, keys, code flow and tokens.

It checks what a provider must check (client, secret, address of return, PKCE, one use of a code)
and lets whoever drives the browser choose who signs in.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID, CLIENT_SECRET = "jne-explorer", "not-a-real-secret"
Claims = Mapping[str, Any]


@dataclass
class Provider:
    """One running provider.

    Parameters
    ----------
    people : mapping of str to mapping
        Who can sign in, by name: the claims of their token.
    return_to : str
        The only address that codes are sent to, once a test knows it.
    """

    people: Mapping[str, Claims]
    url: str = ""
    return_to: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"use": "sig"}))
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def describe(self) -> dict[str, Any]:
        """Return the discovery document."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "end_session_endpoint": f"{self.url}/leave",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def list_people(self, query: dict[str, str]) -> str:
        """Return the page on which one chooses who signs in."""
        assert query["client_id"] == CLIENT_ID
        assert query["redirect_uri"] == self.return_to
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        links = []
        for person in self.people:
            code = secrets.token_urlsafe()
            self.codes[code] = {**query, "person": person}
            back = f"{self.return_to}?{urlencode({'code': code, 'state': query['state']})}"
            links.append(f"<p><a href='{html.escape(back)}'>{html.escape(person)}</a></p>")
        icon = "<link rel='icon' href='data:,'>"
        return f"<!doctype html><title>Provider</title>{icon}<h1>Who are you?</h1>{''.join(links)}"

    def give_token(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """Return tokens for a code, None where anything about it is wrong."""
        asked = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        own = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if asked is None or authorization != f"Basic {own}" or asked["code_challenge"] != challenge:
            return None
        now = int(time.time())
        person = asked["person"]
        claims = {"iss": self.url, "aud": CLIENT_ID, "sub": person, "nonce": asked["nonce"],
                  "iat": now, "exp": now + 300, **self.people[person]}  # fmt: skip
        header = {"alg": "RS256", "kid": self.key.thumbprint()}
        token = jwt.encode(header, claims, self.key)
        return {"access_token": secrets.token_urlsafe(), "token_type": "Bearer", "id_token": token}


@contextmanager
def serve_provider(people: Mapping[str, Claims]) -> Iterator[Provider]:
    """Run a provider on a free port while the block lasts."""
    provider = Provider(people)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _make_handler(provider))
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _make_handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    """Return what answers the provider's requests."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(address.query).items()}
            if address.path == "/.well-known/openid-configuration":
                self._send(json.dumps(provider.describe()))
            elif address.path == "/keys":
                public = provider.key.as_dict(private=False, kid=provider.key.thumbprint())
                self._send(json.dumps({"keys": [public]}))
            elif address.path == "/authorize":
                self._send(provider.list_people(query), "text/html")
            elif address.path == "/leave":
                self._send("", status=302, location=query["post_logout_redirect_uri"])
            else:
                self._send("", status=404)

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(text).items()}
            token = provider.give_token(form, self.headers.get("Authorization", ""))
            error = json.dumps({"error": "invalid_grant"})
            self._send(error if token is None else json.dumps(token), status=200 if token else 400)

        def _send(
            self,
            text: str,
            kind: str = "application/json",
            *,
            status: int = 200,
            location: str = "",
        ) -> None:
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

    return Handler
