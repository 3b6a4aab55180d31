"""Tokens of an identity provider: keys over HTTP, rotation, an issuer that fails, tokens that must not get in."""
import base64
import http.server
import json
import subprocess
import threading
import time

import pytest

import house


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """An identity provider: one RSA key at a time, published over HTTP, signing with the openssl command."""

    def __init__(self, folder):
        self.folder, self.kid, self.fetched, self.fails = folder, 0, 0, False
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.fetched += 1
                body = b"broken" if issuer.fails else json.dumps({"keys": [issuer.jwk]}).encode()
                self.send_response(500 if issuer.fails else 200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.rotate()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}/keys"

    def rotate(self):
        self.kid += 1
        self.pem = self.folder / f"key{self.kid}.pem"
        subprocess.run(["openssl", "genrsa", "-out", self.pem, "2048"], check=True, capture_output=True)
        out = subprocess.run(["openssl", "rsa", "-in", self.pem, "-noout", "-modulus"], check=True, capture_output=True, text=True).stdout
        self.jwk = {"kty": "RSA", "kid": f"k{self.kid}", "n": b64(bytes.fromhex(out.strip().split("=")[1])), "e": "AQAB"}

    def sign(self, header=None, **claims):
        header = {"alg": "RS256", "kid": f"k{self.kid}", **(header or {})}
        claims = {"iss": "https://id.test/", "aud": "baton", "sub": "ann", "exp": int(time.time()) + 300, **claims}
        text = b64(json.dumps(header).encode()) + "." + b64(json.dumps({k: v for k, v in claims.items() if v is not None}).encode())
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.pem], input=text.encode(), check=True, capture_output=True).stdout
        return text + "." + b64(signature)


@pytest.fixture
def issuer(tmp_path):
    issuer = Issuer(tmp_path)
    yield issuer
    issuer.server.shutdown()


@pytest.fixture
def baton(mock, start, issuer):
    return start(house.Baton, [house.worker("one", mock)], tenants=[{"name": "support", "each_user": {"limits": {"rpm": 5}}}], issuers=[
        {"issuer": "https://id.test/", "audience": ["baton"], "jwks": issuer.url, "private": True, "tenant": "support", "role_claim": "groups",
         "roles": {"admins": "owner"}}])


def ask(baton, token, path="/v1/models", method="GET", body=None):
    return baton.request(method, path, body, headers={"authorization": f"Bearer {token}"})


def test_a_token_lets_its_user_in(baton, issuer, mock):
    token = issuer.sign()
    reply = ask(baton, token, "/v1/chat/completions", "POST", house.ask("hello"))
    assert reply.status == 200, reply.text
    assert reply.headers["x-ratelimit-limit-requests"] == "5"
    assert ask(baton, token, "/admin/keys").status == 403
    assert ask(baton, issuer.sign(groups=["staff", "admins"]), "/admin/keys").status == 200
    assert token not in json.dumps(mock.requests())
    # One user, one allowance, whatever the token.
    statuses = [ask(baton, issuer.sign(jti=str(i)), "/v1/chat/completions", "POST", house.ask("hello")).status for i in range(5)]
    assert statuses == [200] * 4 + [429]


def test_tokens_that_must_not_get_in(baton, issuer):
    good = issuer.sign()
    assert ask(baton, good).status == 200
    header, claims, signature = good.split(".")
    none = b64(b'{"alg":"none"}')
    for token, code in ((f"{none}.{claims}.", "token_algorithm"), (f"{none}.{claims}.{signature}", "token_algorithm"),
                        (issuer.sign({"alg": "HS256"}), "token_algorithm"), (issuer.sign(iss="https://evil.test/"), "token_issuer"),
                        (issuer.sign(aud="other"), "token_audience"), (issuer.sign(exp=int(time.time()) - 120), "token_expired"),
                        (issuer.sign(exp=None), "token_claims"), (issuer.sign(nbf=int(time.time()) + 600), "token_not_yet"),
                        (issuer.sign(sub="x'; DROP TABLE access_keys"), "token_claims"), (f"{header}.{claims}.{signature[:-2]}AA", "token_signature"),
                        (issuer.sign(junk="a" * 20000), "token_too_long")):
        reply = ask(baton, token)
        assert reply.status == 401 and reply.error["code"] == code, (code, reply.text)


def test_a_new_key_is_fetched_when_a_token_names_it_and_not_for_every_such_token(baton, issuer):
    assert ask(baton, issuer.sign()).status == 200
    before = issuer.fetched
    issuer.rotate()
    assert ask(baton, issuer.sign()).status == 200
    assert issuer.fetched == before + 1
    for _ in range(10):
        assert ask(baton, issuer.sign({"kid": "invented"})).error["code"] == "token_unknown_key"
    assert issuer.fetched == before + 1


def test_the_last_keys_serve_while_the_issuer_fails(baton, issuer):
    token = issuer.sign()
    assert ask(baton, token).status == 200
    issuer.fails = True
    assert ask(baton, issuer.sign({"kid": "invented"})).status == 401
    assert ask(baton, issuer.sign(jti="another")).status == 200
