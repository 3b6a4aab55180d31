"""Providers that fail, in every way the mock can, and clients that leave."""
import json
import socket
import threading

import pytest

import house


@pytest.fixture
def pair(start):
    """Baton with a first worker that the test breaks and a second that works."""
    first, second = start(house.Mock), start(house.Mock)
    second.script("rules: [{reply: from the second}]")
    timeouts = {"connect": "2s", "first_byte": "1s", "between_bytes": "1s"}
    baton = start(house.Baton, [house.worker("first", first, timeouts=timeouts), house.worker("second", second)])
    return baton, first, second


PATIENT = {"failures": 1000, "error_rate": 1.0, "window": 1000, "retry_after_max": "0s"}


@pytest.fixture(scope="module")
def shared():
    """As `pair`, started once: its breaker never opens and nobody is held back, so that tests do not see each other."""
    first, second = house.Mock(), house.Mock()
    second.script("rules: [{reply: from the second}]")
    timeouts = {"connect": "2s", "first_byte": "1s", "between_bytes": "1s"}
    baton = house.Baton([house.worker("first", first, timeouts=timeouts, breaker=PATIENT), house.worker("second", second, breaker=PATIENT)],
                        fallback={"on_stream_break": "error"})
    yield baton, first, second
    for program in (baton, first, second):
        program.stop()


def answer(reply):
    return reply.streamed_text() if reply.headers["content-type"].startswith("text/event-stream") else reply.json()["choices"][0]["message"]["content"]


FAULTS = {
    "500": "{status: 500}",
    "503 with retry-after": "{status: 503, headers: {retry-after: '1'}}",
    "529": "{status: 529}",
    "429": "{status: 429, headers: {retry-after: '30'}}",
    "wrong key": "{status: 401}",
    "HTML": "{html: true}",
    "HTML 502": "{html: true, status: 502}",
    "redirect": "{status: 302, headers: {location: 'http://127.0.0.1:1/'}}",
    "closed before the reply": "{close_before_reply: true}",
    "cut at once": "{cut_after: 0}",
    "too slow": "{latency: 5s}",
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", FAULTS)
def test_before_the_first_byte_the_next_worker_answers(request, name, stream):
    # A wrong key puts a worker aside for good: nobody else should have to live with that.
    baton, first, second = request.getfixturevalue("pair" if name == "wrong key" else "shared")
    first.script(f"rules: [{{fault: {FAULTS[name]}}}]")
    reply = baton.chat("hello", stream=stream)
    assert reply.status == 200, reply.text
    assert answer(reply) == "from the second"
    assert reply.headers["x-baton-worker"] == "second"
    record = baton.exchange(reply)
    calls = house.calls(record)
    assert [c["worker"] for c in calls][-1] == "second" and calls[0]["worker"] == "first"
    assert calls[0]["outcome"] != "ok" and calls[-1]["outcome"] == "ok"


@pytest.mark.parametrize("fault", ["{cut_after: 40}", "{stall_after: 40}", "{no_done: true, cut_after: 100000}"])
def test_a_whole_answer_that_breaks_is_asked_for_elsewhere(shared, fault):
    baton, first, _ = shared
    first.script(f"rules: [{{fault: {fault}}}]")
    reply = baton.chat("hello")
    assert reply.status == 200
    if "cut_after: 100000" not in fault:
        assert reply.headers["x-baton-worker"] == "second"


ALL_FAIL = {
    "500": ("{status: 500}", (502, 503)),
    "HTML": ("{html: true}", (502,)),
    "redirect": ("{status: 302, headers: {location: 'http://127.0.0.1:1/'}}", (502,)),
    "closed": ("{close_before_reply: true}", (503,)),
    "429": ("{status: 429, headers: {retry-after: '30'}}", (429, 503)),
    "slow": ("{latency: 5s}", (503, 504)),
}


@pytest.fixture(scope="module")
def alone():
    mock = house.Mock()
    baton = house.Baton([house.worker("one", mock, timeouts={"first_byte": "500ms"}, breaker=PATIENT)], retry={"budget": 1, "first_backoff": "1ms"})
    yield baton, mock
    baton.stop()
    mock.stop()


@pytest.mark.parametrize("name", ALL_FAIL)
def test_when_all_fail_the_client_is_told_in_openais_shape(alone, name):
    baton, mock = alone
    fault, statuses = ALL_FAIL[name]
    mock.script(f"rules: [{{fault: {fault}}}]")
    for stream in (False, True):
        reply = baton.chat("hello", stream=stream)
        assert reply.status in statuses, (reply.status, reply.text)
        assert set(reply.error) == {"message", "type", "param", "code"}
        assert "<html" not in reply.text.lower()
    record = baton.exchange(reply)
    assert record["outcome"] != "ok"
    assert all(c["outcome"] != "ok" for c in house.calls(record))


def test_our_own_wrong_key_is_not_the_clients_fault(mock, start):
    mock.script("rules: [{fault: {status: 401, error: {type: authentication_error, message: Incorrect API key provided}}}]")
    baton = start(house.Baton, [house.worker("one", mock)])
    for _ in range(3):
        reply = baton.chat("hello")
        assert reply.status in (500, 502, 503), reply.text
        assert set(reply.error) == {"message", "type", "param", "code"}
    assert mock.stats()["requests"] <= 3


def test_a_refused_connection_is_explained(start):
    baton = start(house.Baton, [house.worker("one", house.free_port())], retry={"budget": 0})
    reply = baton.chat("hello")
    assert reply.status == 503
    assert "one" in reply.error["message"]


def test_the_clients_own_mistake_is_not_tried_elsewhere_and_trips_no_breaker(pair):
    baton, first, second = pair
    first.script("rules: [{contains: bad, fault: {status: 400, error: {type: invalid_request_error, code: bad_thing, message: That is wrong.}}}]")
    for _ in range(12):
        reply = baton.chat("bad", model="first")
        assert reply.status == 400
        assert "That is wrong." in reply.error["message"]
    assert second.stats()["requests"] == 0
    assert baton.chat("good", model="first").status == 200
    pool = {w["name"]: w for w in baton.get("/admin/pool").json()["data"]}
    assert pool["first"]["breaker"] == "closed"


def test_a_failing_worker_is_left_alone_after_a_while(pair):
    baton, first, _ = pair
    first.script("rules: [{fault: {status: 500}}]")
    for _ in range(20):
        assert baton.chat("x").status == 200
    asked = first.stats()["requests"]
    assert asked < 20, "the breaker should have opened"
    for _ in range(10):
        assert answer(baton.chat("x")) == "from the second"
    assert first.stats()["requests"] == asked
    pool = {w["name"]: w for w in baton.get("/admin/pool").json()["data"]}
    assert pool["first"]["breaker"] == "open"


def test_a_retry_after_is_obeyed(pair):
    baton, first, _ = pair
    first.script("rules: [{fault: {status: 429, headers: {retry-after: '30'}}}]")
    for _ in range(5):
        assert answer(baton.chat("x")) == "from the second"
    assert first.stats()["requests"] == 1


# After the first byte.

IN_STREAM = {
    "in-band error": "{in_band_error: true}",
    "cut": "{cut_after: 900}",
    "malformed": "{malformed_sse: true}",
    "no end": "{no_done: true, cut_after: 5000}",
    "stall": "{stall_after: 900}",
}
LONG = "one two three four five six seven eight nine ten eleven twelve"


@pytest.mark.parametrize("name", ["in-band error", "cut", "malformed", "stall"])
def test_after_the_first_byte_the_error_comes_in_band(shared, name):
    baton, first, second = shared
    asked = second.stats()["requests"]
    first.script(f"rules: [{{reply: {LONG}, fault: {IN_STREAM[name]}}}]")
    reply = baton.chat("hello", stream=True)
    assert reply.status == 200
    events = reply.events()
    assert events[-1] != "[DONE]", "a broken answer must not look finished"
    assert set(events[-1]["error"]) == {"message", "type", "param", "code"}
    assert sum("error" in e for e in events) == 1
    assert LONG.startswith(reply.streamed_text().strip()), "nothing is lost, doubled or made up before the break"
    assert second.stats()["requests"] == asked, "what the client has read cannot be taken back"
    record = baton.exchange(reply)
    assert record["outcome"] != "ok"


def test_a_stream_that_is_split_into_single_bytes_is_the_same_stream(mock, baton):
    text = "déjà \U0001f600 — vu"
    mock.script(json.dumps({"rules": [{"reply": text, "fault": {"split_bytes": 1}}]}))
    reply = baton.chat("x", stream=True)
    assert reply.streamed_text() == text
    assert reply.events()[-1] == "[DONE]"


@pytest.mark.parametrize("dialect", ["openai", "anthropic", "gemini"])
@pytest.mark.parametrize("split", [1, 7])
def test_split_streams_in_every_dialect(mock, start, dialect, split):
    text = "déjà \U0001f600 — vu"
    mock.script(json.dumps({"rules": [{"reply": text, "fault": {"split_bytes": split}}]}))
    baton = start(house.Baton, [house.worker("w", mock, dialect)])
    assert baton.chat("x", stream=True).streamed_text() == text


@pytest.mark.parametrize("usage", ["wrong", "none", "missing_output"])
@pytest.mark.parametrize("stream", [False, True])
def test_usage_that_cannot_be_true_never_becomes_money(alone, usage, stream):
    baton, mock = alone
    mock.script(f"rules: [{{fault: {{usage: {usage}}}}}]")
    reply = baton.chat("hello", stream=stream)
    assert reply.status == 200
    record = baton.exchange(reply)
    (call,) = house.calls(record)
    assert 0 <= call["cost_nanos"] <= 10**15
    assert call["usage"]["output_tokens"] >= 0
    if usage == "none":
        assert call["usage"]["estimated"] or not call["usage"]["known"]


# Clients that leave.

def leave(baton, body, after=1):
    """Opens a stream, reads until `after` bytes of its body have come, and closes."""
    with baton.open("POST", "/v1/chat/completions", body) as response:
        exchange = response.getheader("x-baton-exchange")
        assert response.read(after)
    return exchange


def test_a_client_that_leaves_cancels_the_provider_and_is_charged_once(mock, baton):
    mock.script(f"rules: [{{reply: {{text: {LONG}}}, fault: {{per_chunk: 100ms}}}}]")
    exchange = leave(baton, house.ask("hello", stream=True))
    house.wait_until(lambda: mock.stats()["aborted"] == 1, what="the provider's call to be cancelled")
    record = baton.exchange(exchange)
    assert record["outcome"] == "client_gone"
    assert len(house.calls(record)) == 1
    assert mock.stats()["requests"] == 1
    code, out, _ = house.run("log", "--store", baton.store, "--json")
    assert code == 0
    assert sum(json.loads(line)["id"] == exchange for line in out.splitlines() if line.strip()) == 1


def test_a_client_that_leaves_before_the_answer_cancels_it_too(mock, baton):
    mock.script("rules: [{fault: {latency: 20s}}]")
    body = json.dumps(house.ask("hello")).encode()
    with socket.create_connection(("127.0.0.1", baton.port)) as s:
        s.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        house.wait_until(lambda: mock.stats()["running"] == 1, what="the call to run")
    house.wait_until(lambda: mock.stats()["aborted"] == 1, what="the call to be cancelled")


def test_by_rule_the_provider_is_read_on_for_its_usage(mock, start):
    mock.script("rules: [{reply: {text: " + LONG + ", usage: {input: 11, output: 22}}, fault: {per_chunk: 50ms}}]")
    baton = start(house.Baton, [house.worker("one", mock, on_client_gone="drain_for_usage")])
    exchange = leave(baton, house.ask("hello", stream=True))
    house.wait_until(lambda: mock.stats()["completed"] == 1, what="the provider's stream to end")
    record = baton.exchange(exchange)
    assert (record["usage"]["input_tokens"], record["usage"]["output_tokens"]) == (11, 22)
    assert mock.stats()["aborted"] == 0


def test_many_clients_that_leave_leave_nothing_behind(mock, baton):
    mock.script(f"rules: [{{reply: {{text: {LONG}}}, fault: {{per_chunk: 20ms}}}}]")
    threads = [threading.Thread(target=leave, args=(baton, house.ask("hello", stream=True))) for _ in range(40)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    house.wait_until(lambda: mock.stats()["running"] == 0, what="all calls to be gone")

    def settled():
        pool = baton.get("/admin/pool").json()["data"][0]
        return (pool["running"], pool["waiting"], pool["breaker"]) == (0, 0, "closed")

    # The provider may see its connection close before Baton has settled the call.
    house.wait_until(settled, what="every slot to be free and the breaker closed")
    mock.script("")
    assert baton.chat("x").status == 200


def test_a_slow_reader_gets_everything(mock, baton):
    text = "word " * 20000
    mock.script(json.dumps({"rules": [{"reply": {"text": text.strip(), "chunks": 2000}}]}))
    with baton.open("POST", "/v1/chat/completions", house.ask("x", stream=True)) as response:
        body = b""
        while piece := response.read(4096):
            body += piece
    assert house.Reply(200, [], body).streamed_text() == text.strip()


def test_a_deadline_ends_the_request(mock, baton):
    mock.script("rules: [{fault: {latency: 20s}}]")
    reply = baton.chat("x", headers={"baton-deadline-ms": "200"})
    assert reply.status == 504
    house.wait_until(lambda: mock.stats()["aborted"] == 1, what="the provider's call to be cancelled")


def test_hedging_asks_the_next_worker_and_cancels_the_loser(start):
    slow, fast = start(house.Mock), start(house.Mock)
    slow.script("rules: [{fault: {latency: 20s}}]")
    fast.script("rules: [{reply: from the fast one}]")
    baton = start(house.Baton, [house.worker("slow", slow, hedge_after="50ms"), house.worker("fast", fast)])
    reply = baton.chat("x")
    assert answer(reply) == "from the fast one"
    house.wait_until(lambda: slow.stats()["aborted"] == 1, what="the loser to be cancelled")
    assert len(house.calls(baton.exchange(reply))) == 2
