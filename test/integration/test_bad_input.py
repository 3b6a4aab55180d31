"""Requests nobody should send: each gets an OpenAI-shaped error that says what to do, and the server lives."""
import json
import socket

import pytest

import house

SHAPE = {"message", "type", "param", "code"}


def check_error(reply, status, *words):
    assert reply.status == status, reply.text
    assert reply.headers["content-type"].startswith("application/json")
    assert set(reply.error) == SHAPE
    assert isinstance(reply.error["message"], str) and len(reply.error["message"]) > 10
    for word in words:
        assert word.lower() in json.dumps(reply.error).lower(), reply.text
    return reply.error


def check_alive(baton):
    reply = baton.chat("still there?")
    assert reply.status == 200, reply.text


@pytest.fixture(scope="module")
def shared():
    mock = house.Mock()
    server = house.Baton([house.worker("one", mock)])
    yield server
    server.stop()
    mock.stop()


GOOD = {"role": "user", "content": "hi"}
BAD_BODIES = {
    "empty": (b"", "json"),
    "not JSON": (b"{", "json"),
    "cut short": (b'{"model":"baton","messages":[{"role":"user","content":"hi"}', "json"),
    "trailing text": (b'{"model":"baton","messages":[{"role":"user","content":"hi"}]} x', "json"),
    "an array": (b"[]", "object"),
    "a number": (b"7", "object"),
    "null": (b"null", "object"),
    "bad UTF-8": (b'{"model":"baton","messages":[{"role":"user","content":"\xff\xfe"}]}', "utf-8"),
    "NaN": (b'{"model":"baton","messages":[{"role":"user","content":"hi"}],"temperature":NaN}', ""),
    "deep": (b'{"model":"baton","messages":' + b"[" * 100_000 + b"]" * 100_000 + b"}", ""),
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_body_that_is_no_request(shared, name):
    baton = shared
    body, word = BAD_BODIES[name]
    check_error(baton.post("/v1/chat/completions", body), 400, word)
    check_error(baton.post("/v1/embeddings", body), 400)
    check_alive(baton)


BAD_FIELDS = {
    "no messages": ({"messages": ...}, "messages"),
    "messages empty": ({"messages": []}, "messages"),
    "messages a string": ({"messages": "hi"}, "messages"),
    "messages null": ({"messages": None}, "messages"),
    "a message that is a string": ({"messages": ["hi"]}, "messages"),
    "no role": ({"messages": [{"content": "x"}]}, "role"),
    "unknown role": ({"messages": [{"role": "wizard", "content": "x"}]}, "role"),
    "content a number": ({"messages": [{"role": "user", "content": 7}]}, "content"),
    "tool without id": ({"messages": [GOOD, {"role": "tool", "content": "x"}]}, "tool_call_id"),
    "no model": ({"model": ...}, "model"),
    "model null": ({"model": None}, "model"),
    "model a number": ({"model": 5}, "model"),
    "temperature a string": ({"temperature": "hot"}, "temperature"),
    "temperature too high": ({"temperature": 3}, "temperature"),
    "negative max_tokens": ({"max_tokens": -1}, "max_tokens"),
    "zero max_completion_tokens": ({"max_completion_tokens": 0}, "max_completion_tokens"),
    "max_tokens a fraction": ({"max_tokens": 1.5}, "max_tokens"),
    "n zero": ({"n": 0}, "n"),
    "top_p above one": ({"top_p": 1.5}, "top_p"),
    "stream a string": ({"stream": "yes"}, "stream"),
    "stop a number": ({"stop": 3}, "stop"),
    "tools an object": ({"tools": {}}, "tools"),
    "a tool without name": ({"tools": [{"type": "function", "function": {}}]}, "name"),
    "tool_choice a number": ({"tool_choice": 4}, "tool_choice"),
    "schema missing": ({"response_format": {"type": "json_schema"}}, "json_schema"),
    "an image without url": ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]}, "url"),
    "metadata a list": ({"metadata": []}, "metadata"),
}


@pytest.mark.parametrize("name", BAD_FIELDS)
def test_a_field_of_the_wrong_kind_is_named(shared, name):
    change, word = BAD_FIELDS[name]
    body = {"model": "baton", "messages": [GOOD], **change}
    body = {key: value for key, value in body.items() if value is not ...}
    error = check_error(shared.post("/v1/chat/completions", body), 400)
    assert word in (error["param"] or "") + error["message"], error
    assert error["type"] == "invalid_request_error"


def test_an_unknown_model_is_404_and_named(shared):
    error = check_error(shared.post("/v1/chat/completions", house.ask("x", model="gpt-99")), 404, "gpt-99")
    assert error["code"] == "model_not_found"
    check_error(shared.get("/v1/models/gpt-99"), 404)
    check_error(shared.post("/v1/embeddings", {"model": "gpt-99", "input": "x"}), 404)


def test_a_model_name_of_a_megabyte_is_not_echoed(shared):
    reply = shared.post("/v1/chat/completions", house.ask("x", model="m" * 1_000_000))
    assert reply.status in (400, 404)
    assert len(reply.body) < 2000


@pytest.mark.parametrize("change", [{"input": None}, {"input": 5}, {"input": []}, {"input": [None]}, {"input": "x", "dimensions": -1},
                                    {"input": "x", "encoding_format": "hex"}])
def test_bad_embedding_requests(shared, change):
    check_error(shared.post("/v1/embeddings", {"model": "one", **change}), 400)


def test_unknown_paths_and_methods(shared):
    check_error(shared.get("/v1/nothing"), 404)
    check_error(shared.get("/v1/chat/completions"), 405, "POST")
    check_error(shared.request("DELETE", "/v1/models"), 405)
    check_error(shared.get("/v1/exchanges/nonsense"), 400)
    check_error(shared.get("/v1/exchanges/ex_0000000000000"), 404)


def test_errors_carry_a_request_id_and_say_that_retrying_is_pointless(shared):
    reply = shared.post("/v1/chat/completions", b"{")
    assert reply.headers["x-request-id"]
    assert reply.headers["x-should-retry"] == "false"


@pytest.mark.parametrize("change", [
    {"brand_new_field": {"a": [1, 2, {"b": None}]}},
    {"messages": [{"role": "user", "content": [{"type": "hologram", "hologram": {"depth": 3}}], "mood": "curious"}]},
    {"response_format": {"type": "poem", "lines": 4}},
    {"tools": [{"type": "function", "function": {"name": "f", "brand_new": True}, "also_new": 1}, {"type": "teleport", "range": 5}]},
    {"tools": [{"type": "function", "function": {"name": "f"}}], "tool_choice": {"type": "perhaps", "probability": 0.5}},
])
def test_what_we_do_not_know_travels_on_unchanged(mock, baton, change):
    reply = baton.chat("hello", **change)
    sent = json.loads(mock.requests()[-1]["body"])
    for key, value in change.items():
        assert sent[key] == value, reply.text


def test_a_body_above_the_limit(mock, start):
    baton = start(house.Baton, [house.worker("one", mock)], limits={"body_bytes": "64KB"})
    check_error(baton.chat("x" * 100_000), 413)
    # Chunked, so that no length gives it away beforehand.
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert b" 413 " in baton.raw(head + chunk * 4 + b"0\r\n\r\n").split(b"\r\n")[0]
    check_alive(baton)
    assert mock.stats()["requests"] == 1


def test_a_hundred_megabyte_image_is_refused_before_it_is_read(baton):
    with socket.create_connection(("127.0.0.1", baton.port), timeout=30) as s:
        s.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 139810133\r\n\r\n")
        answer = s.recv(65536)
    assert b" 413 " in answer.split(b"\r\n")[0]
    check_alive(baton)


def test_a_hundred_megabyte_image_sent_by_force(baton):
    head = b'{"model":"baton","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,'
    body = head + b"A" * 100_000_000 + b'"}}]}]}'
    try:
        reply = baton.post("/v1/chat/completions", body)
        assert reply.status == 413
    except (BrokenPipeError, ConnectionResetError):
        pass  # the server answered and closed while we were still sending
    check_alive(baton)


def test_a_million_tiny_headers(baton):
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 1_000_000 + b"\r\n"
    answer = baton.raw(head)
    if answer:  # a reset may destroy the answer on its way: we keep sending after it
        assert answer.split(b" ")[1] in (b"431", b"400"), answer[:200]
    check_alive(baton)


def test_too_many_headers_below_the_byte_limit(baton):
    head = b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 1000 + b"\r\n"
    answer = baton.raw(head)
    assert answer.split(b" ")[1] == b"431"
    assert set(json.loads(answer.split(b"\r\n\r\n", 1)[1])["error"]) == SHAPE
    check_alive(baton)


@pytest.mark.parametrize("head", [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # a TLS hello
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n",
    b"GET /he\x00lthz HTTP/1.1\r\nHost: x\r\n\r\n",
])
def test_what_is_not_http_is_refused_and_closed(shared, head):
    baton = shared
    answer = baton.raw(head)
    assert answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 505")) or answer == b"", answer[:200]
    check_alive(baton)


def test_a_client_that_leaves_in_the_middle_of_its_request(baton):
    for cut in (10, 60, 150):
        with socket.create_connection(("127.0.0.1", baton.port)) as s:
            s.sendall((b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n" + b"{" * 1000)[:cut])
    check_alive(baton)


def test_controls_that_make_no_sense(shared):
    for name, value in [("baton-max-cost-usd", "-1"), ("baton-max-cost-usd", "lots"), ("baton-deadline-ms", "0"), ("baton-unknown", "1")]:
        error = check_error(shared.chat("x", headers={name: value}), 400)
        assert name in error["message"] + (error["param"] or "")
