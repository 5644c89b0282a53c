"""A small OpenID provider of its own process: it logs one person in at once, checks PKCE and signs with joserfc.

Run as `oidc_issuer.py PORT`. Beside the protocol it has `/control`, where tests say who logs in, what is claimed, which
key signs, and ask for tokens of machines.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote_plus, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

CLIENT, SECRET = "martlet", "a secret: with/signs"
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]


def encoded(data: bytes) -> str:
    """URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def new_key(algorithm: str, name: str):
    """A fresh key pair for an algorithm."""
    if algorithm == "ES256":
        return ECKey.generate_key("P-256", {"kid": name})
    if algorithm == "EdDSA":
        return OKPKey.generate_key("Ed25519", {"kid": name})
    return RSAKey.generate_key(2048, {"kid": name})


class Provider(ThreadingHTTPServer):
    """The provider's state and what it has been asked."""

    def __init__(self, port: int) -> None:
        """Listens on loopback."""
        super().__init__(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{port}"
        self.algorithm = "RS256"
        self.keys = [new_key("RS256", "key-1")]
        self.claims: dict = {"sub": "u1", "preferred_username": "ada", "groups": ["ml"]}
        self.codes: dict[str, dict] = {}
        self.asked: list[str] = []

    def sign(self, claims: dict, key=None) -> str:
        """A token with these claims beside the usual ones; those that are null are left out."""
        now = int(time.time())
        body = {"iss": self.url, "iat": now, "exp": now + 300} | claims
        body = {name: value for name, value in body.items() if value is not None}
        key = key or self.keys[-1]
        return jwt.encode({"alg": self.algorithm, "kid": key.kid}, body, key, algorithms=ALGORITHMS)


class Handler(BaseHTTPRequestHandler):
    """The pages."""

    server: Provider

    def answer(self, status: int, value: object = None, **headers: str) -> None:
        """Sends JSON."""
        body = json.dumps(value or {}).encode()
        self.send_response(status)
        for name, text in headers.items():
            self.send_header(name, text)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        """Document, keys and the login page, which asks nothing."""
        url, provider = urlsplit(self.path), self.server
        provider.asked.append(url.path)
        if url.path == "/.well-known/openid-configuration":
            self.answer(
                200,
                {
                    "issuer": provider.url,
                    "authorization_endpoint": f"{provider.url}/authorize",
                    "token_endpoint": f"{provider.url}/token",
                    "jwks_uri": f"{provider.url}/keys",
                    "code_challenge_methods_supported": ["S256"],
                    "authorization_response_iss_parameter_supported": True,
                },
            )
        elif url.path == "/keys":
            self.answer(200, KeySet(provider.keys).as_dict(private=False))
        elif url.path == "/authorize":
            self.authorize({name: values[0] for name, values in parse_qs(url.query).items()})
        elif url.path == "/control/asked":
            self.answer(200, provider.asked)
        else:
            self.answer(404)

    def authorize(self, query: dict[str, str]) -> None:
        """Sends the browser back with a code."""
        fine = (query["client_id"], query["response_type"], query["code_challenge_method"]) == (CLIENT, "code", "S256")
        if not fine or "openid" not in query["scope"].split():
            self.answer(400, {"error": "invalid_request"})
            return
        code = secrets.token_urlsafe(16)
        self.server.codes[code] = query
        back = urlencode({"code": code, "state": query["state"], "iss": self.server.url})
        self.answer(302, Location=f"{query['redirect_uri']}?{back}")

    def do_POST(self) -> None:
        """The exchange of codes, and the tests' control."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/token":
            self.token({name: values[0] for name, values in parse_qs(body.decode()).items()})
        elif self.path == "/control":
            self.control(json.loads(body))
        else:
            self.answer(404)

    def token(self, form: dict[str, str]) -> None:
        """Exchanges a code once, if client, address and verifier are those that began the login."""
        query = self.server.codes.pop(form.get("code", ""), None)
        header = base64.b64decode(self.headers.get("Authorization", "Basic ").removeprefix("Basic ")).decode()
        client = [unquote_plus(part) for part in header.split(":", 1)]
        challenge = encoded(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if client != [CLIENT, SECRET]:
            self.answer(401, {"error": "invalid_client"})
        elif query is None or form["redirect_uri"] != query["redirect_uri"]:
            self.answer(400, {"error": "invalid_grant"})
        elif challenge != query["code_challenge"]:
            self.answer(400, {"error": "invalid_grant", "error_description": "PKCE"})
        else:
            claims = {"aud": CLIENT, "nonce": query["nonce"]} | self.server.claims
            self.answer(200, {"id_token": self.server.sign(claims), "access_token": "x", "token_type": "Bearer"})

    def control(self, wish: dict) -> None:
        """Does what a test wants."""
        provider = self.server
        if "claims" in wish:
            provider.claims = wish["claims"]
        if "rotate" in wish:
            provider.algorithm = wish["rotate"]
            provider.keys = [new_key(wish["rotate"], f"key-{secrets.token_hex(4)}")]
        token = None
        if wish.get("forge") == "HS256":
            # What everybody can read, used as a secret; by hand, as no library makes such a token.
            head = json.dumps({"alg": "HS256", "typ": "JWT", "kid": provider.keys[-1].kid}).encode()
            signed = f"{encoded(head)}.{provider.sign(wish['token']).split('.')[1]}"
            code = hmac.digest(provider.keys[-1].as_pem(private=False), signed.encode(), "sha256")
            token = f"{signed}.{encoded(code)}"
        elif wish.get("forge") == "stranger":
            token = provider.sign(wish["token"], new_key(provider.algorithm, provider.keys[-1].kid))
        elif "token" in wish:
            token = provider.sign(wish["token"])
        self.answer(200, {"token": token, "quoted": quote(token or "")})

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing."""


if __name__ == "__main__":
    Provider(int(sys.argv[1])).serve_forever()
