"""Prompt rules beside a worker: the application's request is the same, each worker is spoken to in its own words."""
import json

import house


def bodies(mock):
    return [r["body"] if isinstance(r["body"], dict) else json.loads(r["body"]) for r in mock.requests()]


def test_each_worker_is_asked_in_its_own_words_and_the_application_sees_no_difference(mock, start):
    plain = house.worker("plain", mock)
    odd = house.worker("odd", mock, prompt={"system": "user", "before": "Rules:", "reasoning_off": "/no_think", "json": "Only JSON: {schema}"})
    baton = start(house.Baton, [plain, odd])
    request = {"messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello?"}], "reasoning_effort": "none",
               "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}}
    for stream in (False, True):
        for model in ("plain", "odd"):
            assert baton.post("/v1/chat/completions", {**request, "model": model, "stream": stream}).status == 200
    sent = bodies(mock)
    assert [m["role"] for m in sent[0]["messages"]] == ["system", "user"] and sent[0]["messages"][0]["content"] == "Be kind."
    for body in (sent[1], sent[3]):
        (message,) = body["messages"]
        text = message["content"] if isinstance(message["content"], str) else message["content"][0]["text"]
        assert message["role"] == "user" and text.startswith("Rules:\n\nBe kind.") and text.endswith("/no_think"), text
        assert 'Only JSON: {"type":"object"}' in text.replace(" ", "").replace("OnlyJSON:", "Only JSON: "), text
    baton.workers[1].pop("prompt")
    baton.write()
    assert baton.post("/admin/reload").status == 200
    baton.post("/v1/chat/completions", {**request, "model": "odd"})
    assert bodies(mock)[-1]["messages"][0]["role"] == "system", "a reload takes the rules away"
