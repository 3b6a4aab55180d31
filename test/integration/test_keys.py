"""Tenants and keys, as an operator and a client meet them: the real binary, curl-like requests, bad input."""
import json
import threading

import pytest

import house

TENANTS = [
    {"name": "support", "models": ["baton", "baton-mini"], "limits": {"rpm": 1000}, "projects": [{"name": "chat"}]},
    {"name": "sales"},
]


@pytest.fixture
def closed(mock, start):
    """Baton with tenants, and a function that makes keys with the command line."""
    baton = start(house.Baton, [house.worker("one", mock)], tenants=TENANTS)

    def key(*more, tenant="support"):
        code, out, err = house.run("keys", "create", "--config", baton.config_path, "--tenant", tenant, "--json", *more)
        assert code == 0, err
        return json.loads(out)

    baton.key = key
    baton.ask = lambda key, path="/v1/models", method="GET", body=None, **more: baton.request(
        method, path, body, headers={"authorization": f"Bearer {key}", **more})
    # A running server follows the command line within about a second.
    baton.follows = lambda key, status=200: house.wait_until(
        lambda: baton.ask(key).status == status, what=f"status {status}")
    baton.owner = key("--role", "owner", tenant="sales")["key"]
    baton.follows(baton.owner)
    return baton


def test_every_door_but_health_asks_for_a_key(closed):
    for path in ("/healthz", "/readyz"):
        assert closed.get(path).status == 200
    for method, path in (("GET", "/v1/models"), ("POST", "/v1/chat/completions"), ("POST", "/v1/embeddings"), ("GET", "/metrics"),
                         ("GET", "/"), ("GET", "/openapi.json"), ("GET", "/admin/pool"), ("POST", "/admin/reload"), ("GET", "/admin/keys"),
                         ("GET", "/v1/exchanges/ex_0000000000000"), ("POST", "/v1/route"), ("GET", "/admin/budgets")):
        reply = closed.request(method, path, {} if method == "POST" else None)
        assert reply.status == 401, path
        assert reply.error["code"] == "missing_key" and reply.error["type"] == "authentication_error"
        assert reply.headers["x-should-retry"] == "false" and reply.headers["www-authenticate"] == "Bearer"


def test_a_key_of_the_command_line_works_and_stops_working(closed, mock):
    made = closed.key("--name", "laptop")
    closed.follows(made["key"])
    reply = closed.ask(made["key"], "/v1/chat/completions", "POST", house.ask("hello"))
    assert reply.status == 200, reply.text
    assert reply.headers["x-ratelimit-limit-requests"] == "1000"
    assert int(reply.headers["x-ratelimit-remaining-requests"]) < 1000
    # The client's credentials end here: the provider sees its own key and nothing of ours.
    for request in mock.requests():
        assert made["key"] not in json.dumps(request)
    record = closed.ask(closed.owner, "/v1/exchanges/" + reply.headers["x-baton-exchange"])
    assert record.json()["tenant"] == "support"
    code, out, _ = house.run("keys", "list", "--config", closed.config_path)
    assert code == 0 and "laptop" in out and made["key"] not in out
    code, out, err = house.run("keys", "revoke", "--config", closed.config_path, made["id"])
    assert code == 0 and "is revoked" in out
    closed.follows(made["key"], 401)
    assert closed.ask(made["key"]).error["code"] == "key_revoked"


def test_models_lists_what_the_key_may_ask_for(closed):
    made = closed.key("--model", "baton-mini")
    closed.follows(made["key"])
    assert [m["id"] for m in closed.ask(made["key"]).json()["data"]] == ["baton-mini"]
    refused = closed.ask(made["key"], "/v1/chat/completions", "POST", house.ask("x", model="one"))
    assert refused.status == 403 and refused.error["code"] == "model_not_allowed"
    assert closed.ask(made["key"], "/v1/models/one").status == 404
    everything = closed.key(tenant="sales")["key"]
    closed.follows(everything)
    assert "one" in [m["id"] for m in closed.ask(everything).json()["data"]]


def test_an_admin_revokes_and_it_holds_from_the_next_request_on(closed):
    made = closed.ask(closed.owner, "/admin/keys", "POST", {"tenant": "support", "name": "ci", "scopes": ["chat", "models"],
                                                           "budget": {"usd": 5, "per": "day"}, "limits": {"rpm": 60}, "expires_in": "90d"})
    assert made.status == 201 and made.headers["cache-control"] == "no-store"
    key = made.json()["key"]
    assert closed.ask(key).status == 200  # at once, on whichever loop
    assert closed.ask(key, "/v1/route", "POST", house.ask("x")).error["code"] == "scope_missing"
    listed = closed.ask(closed.owner, "/admin/keys?tenant=support").json()["data"]
    assert [k["id"] for k in listed] == [made.json()["id"]] and "key" not in listed[0]
    for _ in range(20):
        made = closed.ask(closed.owner, "/admin/keys", "POST", {"tenant": "support"}).json()
        assert closed.ask(made["key"]).status == 200
        assert closed.ask(closed.owner, f"/admin/keys/{made['id']}/revoke", "POST", {}).json()["state"] == "revoked"
        results = []
        threads = [threading.Thread(target=lambda: results.append(closed.ask(made["key"]).status)) for _ in range(4)]
        [t.start() for t in threads]
        [t.join() for t in threads]
        assert results == [401] * 4


def test_rotation_overlaps(closed):
    made = closed.key()
    closed.follows(made["key"])
    rotated = closed.ask(closed.owner, f"/admin/keys/{made['id']}/rotate", "POST", {"overlap": "2s"})
    assert rotated.status == 201
    assert closed.ask(made["key"]).status == 200
    assert closed.ask(rotated.json()["key"]).status == 200
    house.wait_until(lambda: closed.ask(made["key"]).status == 401, what="the old key to end")
    assert closed.ask(made["key"]).error["code"] == "key_expired"
    assert closed.ask(rotated.json()["key"]).status == 200


@pytest.mark.parametrize("role,may", [("viewer", ["/metrics", "/admin/pool"]),
                                      ("auditor", ["/metrics", "/admin/pool", "/admin/keys", "/admin/budgets", "/admin/cases"]),
                                      ("operator", ["/metrics", "/admin/pool", "/admin/keys", "/admin/budgets", "/admin/cases"])])
def test_roles_open_what_they_should_and_no_more(closed, role, may):
    key = closed.key("--role", role)["key"]
    closed.follows(key)
    for path in ("/metrics", "/admin/pool", "/admin/keys", "/admin/budgets", "/admin/cases", "/admin/tenants"):
        reply = closed.ask(key, path)
        expected = path in may or (path == "/admin/tenants" and role != "viewer")
        assert reply.status == (200 if expected else 403), (path, reply.text)
    assert closed.ask(key, "/admin/reload", "POST").status == (200 if role == "operator" else 403)
    # Only an owner makes, or takes away, keys that govern.
    made = closed.ask(key, "/admin/keys", "POST", {"tenant": "support", "role": "owner"})
    assert made.status == 403 and made.error["code"] == "role_missing"
    owner_id = next(k["id"] for k in closed.ask(closed.owner, "/admin/keys").json()["data"] if k["role"] == "owner")
    assert closed.ask(key, f"/admin/keys/{owner_id}/revoke", "POST", {}).status == 403
    assert closed.ask(key, "/admin/budgets", "POST", {"account": "x"}).status == 403


def test_tenants_do_not_see_each_other(closed):
    mine, theirs = closed.key()["key"], closed.key(tenant="sales")["key"]
    closed.follows(theirs)
    reply = closed.ask(mine, "/v1/chat/completions", "POST", house.ask("hello"), **{"idempotency-key": "same"})
    other = closed.ask(theirs, "/v1/chat/completions", "POST", house.ask("hello"), **{"idempotency-key": "same"})
    assert reply.status == 200 and other.status == 200
    assert "x-baton-idempotent-replay" not in other.headers
    path = "/v1/exchanges/" + reply.headers["x-baton-exchange"]
    assert closed.ask(mine, path).status == 200
    assert closed.ask(theirs, path).status == 404


EVIL = ["'; DROP TABLE access_keys; --", "a\r\nset-cookie: x=1", "<script>alert(1)</script>", "\x00", "\x1b[31m", "a" * 5000, "ü", "x y", {"$gt": ""}, 7, []]


@pytest.mark.parametrize("field", ["tenant", "name", "project", "user", "role", "scopes", "models", "budget", "limits", "expires_in", "nobody"])
def test_admin_fields_take_no_injection(closed, field):
    for evil in EVIL:
        if evil == [] and field in ("scopes", "models", "budget"):
            continue  # an empty list is one
        body = {"tenant": "support", field: evil}
        reply = closed.ask(closed.owner, "/admin/keys", "POST", body)
        assert reply.status == 400, (field, evil, reply.text)
        assert set(reply.error) == {"message", "type", "param", "code"}
        assert "set-cookie" not in reply.headers
    assert len(closed.ask(closed.owner, "/admin/keys").json()["data"]) == 1
    for text in ("x/revoke", "%27/revoke", "'%20OR%201=1/revoke", "a" * 3000 + "/rotate"):
        assert closed.ask(closed.owner, "/admin/keys/" + text, "POST", {}).status == 404
    assert closed.ask(closed.owner, "/admin/keys?tenant='%20OR%20''='").json()["data"] == []


def test_keys_that_are_none(closed):
    good = closed.key()["key"]
    for key in ("btk_", good[:-1], good + "0", good.upper(), "sk-" + "a" * 48, "eyJhbGciOiJub25lIn0.e30.", "\t", "a" * 60000):
        reply = closed.ask(key)
        assert reply.status in (400, 401, 431), (key[:60], reply.text)
    # Control characters, and ten megabytes of key, as bytes on the wire.
    for raw in (b"GET /v1/models HTTP/1.1\r\nhost: x\r\nauthorization: Bearer btk_\x00\x01\x7f\r\n\r\n",
                b"GET /v1/models HTTP/1.1\r\nhost: x\r\nauthorization: Bearer " + b"k" * 10_000_000 + b"\r\n\r\n",
                b"GET /v1/models HTTP/1.1\r\nhost: x\r\nauthorization: Bearer a\r\nauthorization: Bearer b\r\nconnection: close\r\n\r\n",
                f"GET /v1/models HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {good}\r\nx-api-key: {good}\r\nconnection: close\r\n\r\n".encode()):
        status = int(closed.raw(raw).split(b" ", 2)[1])
        assert status in (400, 401, 431), raw[:80]
    assert closed.get("/healthz").status == 200
    closed.follows(good)


def test_the_command_line_says_what_is_wrong(closed):
    config = closed.config_path
    for arguments, words in ((["create", "--tenant", "nobody"], "no tenant 'nobody'"), (["create", "--tenant", "support", "--role", "king"], "viewer, auditor"),
                             (["create", "--tenant", "support", "--usd", "-1"], "--usd"), (["create", "--tenant", "support", "--expires", "soon"], "--expires"),
                             (["create", "--tenant", "support", "--scope", "everything"], "scopes are"), (["revoke", "0000000000"], "no key of that id"),
                             (["rotate", "0000000000"], "no key of that id")):
        code, out, err = house.run("keys", *arguments, "--config", config)
        assert code == 1 and words in err and not out, (arguments, err)
    assert house.run("keys", "create", "--config", config)[0] == 2
    open_config = closed.folder / "open.yaml"
    open_config.write_text(json.dumps({"workers": closed.workers}))
    code, _, err = house.run("keys", "list", "--config", open_config)
    assert code == 1 and "no tenants" in err


def test_open_addresses_need_tenants(closed, mock, start):
    code, _, err = house.run("check", _write(closed, {"listen": "0.0.0.0:0", "tenants": None}))
    assert code == 1 and "tenants" in err
    code, _, err = house.run("check", _write(closed, {"listen": "0.0.0.0:0"}))
    assert code == 0, err


def _write(baton, changes):
    config = {**baton.config, "workers": baton.workers, "routes": baton.routes, **changes}
    path = baton.folder / "changed.yaml"
    path.write_text(json.dumps({k: v for k, v in config.items() if v is not None}))
    return path


def test_a_reload_that_takes_a_tenant_away_takes_its_keys_along(closed):
    key = closed.key(tenant="sales")["key"]
    closed.follows(key)
    keep = closed.key("--role", "operator")["key"]
    closed.follows(keep)
    closed.write(tenants=TENANTS[:1])
    assert closed.ask(keep, "/admin/reload", "POST").status == 200
    assert closed.ask(key).status == 403
    assert closed.ask(keep).status == 200
