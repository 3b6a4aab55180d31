"""The OpenAI surface: bytes passed through untouched, headers, usage, models, health, records, idempotency."""
import base64
import concurrent.futures
import json
import struct

import pytest

import house

WEATHER = {"type": "function", "function": {"name": "get_weather", "description": "Weather of a city",
                                             "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}


def last(mock):
    return mock.requests()[-1]


# Byte-exact pass-through: the mock's journal holds the bytes it sent.

@pytest.mark.parametrize("text", ["hello", "What is 17 * 23?", "déjà vu — \U0001f600 “quotes” \\ \" \u2028", "Write a Python function for fibonacci"])
def test_a_whole_answer_is_passed_on_byte_by_byte(mock, baton, text):
    assert baton.chat(text).body == last(mock)["reply"].encode()


def test_a_stream_with_usage_asked_for_is_passed_on_byte_by_byte(mock, baton):
    reply = baton.chat("déjà vu — \U0001f600", stream=True, stream_options={"include_usage": True})
    assert reply.body == last(mock)["reply"].encode()
    assert reply.headers["content-type"].startswith("text/event-stream")


def test_the_request_goes_out_as_it_came_but_for_the_model(mock, baton):
    body = b'{ "messages":[ {"content":"hi \\u00e9\\/","role":"user"}],\n\t"zebra" :1e2, "model" : "baton" ,"temperature":0.70 }'
    assert baton.post("/v1/chat/completions", body).status == 200
    assert last(mock)["body"].encode() == body.replace(b'"baton"', b'"one-model"')


def test_tool_arguments_arrive_byte_by_byte(mock, baton):
    arguments = '{"city" : "Par\\u0069s",  "n":1.0e3,"q":"a\\"b\\\\"}'
    mock.script(json.dumps({"rules": [{"reply": {"tool_calls": [{"id": "call_x", "name": "get_weather", "arguments": arguments}]}}]}))
    whole = baton.chat("weather", tools=[WEATHER]).json()["choices"][0]
    assert whole["finish_reason"] == "tool_calls"
    assert whole["message"]["tool_calls"][0]["function"]["arguments"] == arguments
    pieces = [call for event in baton.chat("weather", tools=[WEATHER], stream=True).events() if event != "[DONE]"
              for choice in event["choices"] for call in choice["delta"].get("tool_calls") or []]
    assert "".join(p["function"].get("arguments", "") for p in pieces) == arguments
    assert [p["id"] for p in pieces if p.get("id")] == ["call_x"]


# Usage.

def test_a_stream_without_include_usage_shows_none(mock, baton):
    events = baton.chat("one two three", stream=True).events()
    assert events[-1] == "[DONE]"
    assert all("usage" not in e or e["usage"] is None for e in events[:-1])
    assert all(e["choices"] for e in events[:-1])
    # Baton asked for it all the same: the record knows the tokens.
    assert json.loads(last(mock)["body"])["stream_options"]["include_usage"] is True


def test_without_include_usage_the_usage_is_recorded_all_the_same(mock, baton):
    reply = baton.chat("one two three", stream=True)
    record = baton.exchange(reply)
    assert record["usage"]["output_tokens"] > 0 and not house.calls(record)[0]["usage"]["estimated"]


def test_include_usage_comes_as_one_last_chunk_without_choices(mock, baton):
    events = baton.chat("one two three", stream=True, stream_options={"include_usage": True}).events()
    assert events[-1] == "[DONE]"
    assert events[-2]["choices"] == []
    usage = events[-2]["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert all(e["usage"] is None for e in events[:-2])


def test_the_stream_has_the_shape_of_openais(mock, baton):
    events = baton.chat("one two three", stream=True).events()[:-1]
    assert {e["object"] for e in events} == {"chat.completion.chunk"}
    assert len({e["id"] for e in events}) == 1
    assert events[0]["choices"][0]["delta"]["role"] == "assistant"
    finishes = [e["choices"][0]["finish_reason"] for e in events]
    assert finishes[-1] == "stop" and not any(finishes[:-1])


@pytest.mark.parametrize("dialect", ["openai", "anthropic", "gemini"])
@pytest.mark.parametrize("stream", [False, True])
def test_every_dialect_gives_the_same_answer(mock, start, dialect, stream):
    baton = start(house.Baton, [house.worker("w", mock, dialect)])
    reply = baton.chat("What is 6 * 7?", stream=stream)
    assert reply.status == 200, reply.text
    text = reply.streamed_text() if stream else reply.json()["choices"][0]["message"]["content"]
    assert text == "[simulated] 6 * 7 = 42."
    record = baton.exchange(reply)
    assert record["outcome"] == "ok" and record["worker"] == "w"


# Headers.

def test_every_reply_says_where_it_came_from(baton):
    for stream in (False, True):
        reply = baton.chat("hello", stream=stream)
        assert reply.headers["x-request-id"]
        assert reply.headers["x-baton-exchange"].startswith("ex_")
        assert reply.headers["x-baton-route"] == "rest"
        assert reply.headers["x-baton-worker"] == "one"
        assert int(reply.headers["x-baton-overhead-us"]) >= 0
        assert reply.headers["openai-version"] == "2020-10-01"
        assert int(reply.headers["openai-processing-ms"]) >= 0
        if not stream:
            assert float(reply.headers["x-baton-cost-usd"]) > 0


def test_the_cost_is_tokens_times_price(mock, baton):
    mock.script("rules: [{reply: {text: hi, usage: {input: 1000, cached_input: 400, output: 50, reasoning: 10}}}]")
    reply = baton.chat("x")
    # 1000 input at 1 USD and 50 output at 4 USD per million.
    assert float(reply.headers["x-baton-cost-usd"]) == pytest.approx(0.0012)


def test_a_worker_without_price_is_unpriced_and_not_free(mock, start):
    w = house.worker("w", mock)
    del w["price"]
    reply = start(house.Baton, [w]).chat("x")
    assert reply.headers["x-baton-cost-usd"] == "unpriced"


def test_losses_are_declared(mock, start):
    baton = start(house.Baton, [house.worker("w", mock, "anthropic")])
    reply = baton.chat("x", seed=7, logit_bias={"5": 1})
    assert reply.status == 200
    assert "seed=dropped" in reply.headers["x-baton-loss"]
    strict = start(house.Baton, [house.worker("w", mock, "anthropic", strict=True)])
    refused = strict.chat("x", seed=7)
    assert refused.status == 400 and "seed" in json.dumps(refused.error)


def test_the_clients_request_id_reaches_the_record(baton):
    reply = baton.chat("x", headers={"x-client-request-id": "mine-123"})
    assert "mine-123" in json.dumps(baton.exchange(reply))


# Small endpoints.

def test_models_list_what_may_be_asked_for(mock, start):
    baton = start(house.Baton, [house.worker("a", mock), house.worker("b", mock)])
    listing = baton.get("/v1/models").json()
    assert listing["object"] == "list"
    names = {m["id"] for m in listing["data"]}
    assert {"baton", "baton-mini", "baton-ultra", "a", "b"} <= names
    for m in listing["data"]:
        assert set(m) == {"id", "object", "created", "owned_by"} and m["object"] == "model"
    assert baton.get("/v1/models/a").json()["id"] == "a"
    for name in names:
        assert baton.chat("x", model=name).status == 200, name


def test_a_worker_is_reached_by_its_name(mock, start):
    baton = start(house.Baton, [house.worker("a", mock), house.worker("b", mock)])
    assert baton.chat("x", model="b").headers["x-baton-worker"] == "b"
    assert json.loads(last(mock)["body"])["model"] == "b-model"


def test_health_readiness_and_metrics(baton):
    assert baton.get("/healthz").json() == {"status": "ok"}
    assert baton.get("/readyz").json() == {"status": "ready"}
    baton.chat("x")
    baton.post("/v1/chat/completions", b"{")
    name = 'baton_requests_total{endpoint="/v1/chat/completions",status="%d"}'

    def counted():
        # A request is counted when its reply has left, which another loop may not have seen yet.
        found = baton.metrics()
        return found if found.get(name % 200) and found.get(name % 400) else None

    metrics = house.wait_until(counted, what="both requests to be counted")
    assert metrics[name % 200] == 1 and metrics[name % 400] == 1
    assert any(name.startswith("baton_worker_calls_total") and 'worker="one"' in name for name in metrics)


def test_junk_paths_and_models_do_not_become_metrics(baton):
    for i in range(20):
        baton.get(f"/junk/{i}")
        baton.chat("x", model=f"junk-{i}")
    assert "junk" not in baton.get("/metrics").text


def test_the_record_explains_the_exchange(mock, start):
    baton = start(house.Baton, [house.worker("a", mock), house.worker("b", mock)],
                  [{"name": "code", "when": {"task": "code"}, "use": {"worker": "b"}}, {"name": "rest", "use": {"worker": "a"}}])
    record = baton.exchange(baton.chat("Write a Python function that reverses a list."))
    assert (record["route"]["name"], record["worker"], record["outcome"]) == ("code", "b", "ok")
    assert len(house.calls(record)) == 1
    code, out, _ = house.run("log", "--store", baton.store, "--json", record["id"])
    assert code == 0 and json.loads(out)["id"] == record["id"]


def test_a_dry_run_calls_nobody(mock, baton):
    reply = baton.post("/v1/route", house.ask("Write a Python function"))
    assert reply.status == 200
    assert reply.json()
    assert mock.stats()["requests"] == 0


def test_embeddings_as_floats_and_as_base64(mock, start):
    for dialect in ("openai", "gemini"):
        baton = start(house.Baton, [house.worker("w", mock, dialect)])
        floats = baton.post("/v1/embeddings", {"model": "w", "input": ["a b", "c"], "dimensions": 8})
        assert floats.status == 200, floats.text
        vectors = [d["embedding"] for d in floats.json()["data"]]
        assert [len(v) for v in vectors] == [8, 8]
        assert [d["index"] for d in floats.json()["data"]] == [0, 1]
        packed = baton.post("/v1/embeddings", {"model": "w", "input": "a b", "dimensions": 8, "encoding_format": "base64"}).json()
        assert struct.unpack("<8f", base64.b64decode(packed["data"][0]["embedding"])) == pytest.approx(vectors[0], abs=1e-6)


# Idempotency-Key.

def test_the_same_key_and_body_are_answered_without_a_second_call(mock, baton):
    headers = {"idempotency-key": "k1"}
    first, second = baton.chat("x", headers=headers), baton.chat("x", headers=headers)
    assert first.body == second.body and second.status == 200
    assert first.headers["x-baton-exchange"] == second.headers["x-baton-exchange"]
    assert mock.stats()["requests"] == 1
    assert baton.chat("x", headers={"idempotency-key": "k2"}).status == 200
    assert mock.stats()["requests"] == 2


def test_the_same_key_with_another_body_is_refused(mock, baton):
    headers = {"idempotency-key": "k1"}
    baton.chat("x", headers=headers)
    reply = baton.chat("y", headers=headers)
    assert reply.status in (400, 409, 422)
    assert reply.error["code"] == "idempotency_key_reused"
    assert mock.stats()["requests"] == 1


def test_a_stream_is_repeated_too(mock, baton):
    headers = {"idempotency-key": "k1"}
    first = baton.chat("x y z", headers=headers, stream=True)
    second = baton.chat("x y z", headers=headers, stream=True)
    assert first.body == second.body
    assert mock.stats()["requests"] == 1


def test_a_failed_request_may_be_repeated_with_its_key(mock, start):
    baton = start(house.Baton, [house.worker("one", mock)], retry={"budget": 0})
    mock.script("rules: [{times: 1, fault: {status: 500}}]")
    headers = {"idempotency-key": "k1"}
    assert baton.chat("x", headers=headers).status >= 500
    assert baton.chat("x", headers=headers).status == 200


def test_a_key_in_use_is_a_conflict(mock, baton):
    mock.script("rules: [{fault: {latency: 500ms}}]")
    headers = {"idempotency-key": "k1"}
    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        statuses = sorted(r.status for r in threads.map(lambda _: baton.chat("x", headers=headers), range(4)))
    assert statuses == [200, 409, 409, 409]
    assert mock.stats()["requests"] == 1


def test_keep_alive_serves_many_requests_on_one_connection(baton):
    import http.client
    connection = http.client.HTTPConnection("127.0.0.1", baton.port, timeout=30)
    for i in range(50):
        connection.request("POST", "/v1/chat/completions", json.dumps(house.ask(f"n {i}", stream=i % 2 == 0)))
        response = connection.getresponse()
        assert response.status == 200
        response.read()
    connection.close()
