"""What becomes of data: hidden from workers and put back, refused, laid before people; guards on what workers say.
The same whole and streamed, for chats, embeddings and steps of workflows."""
import json
import re

import pytest

import house

MAIL = "ann.lee@example.org"
CARD = "4111 1111 1111 1111"
KEY = "sk-proj-4Kd82mZqPw91LxTtVb36"
HIDE = {"name": "hide", "class": ["personal"], "do": "redact"}
BOTH = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


def text_of(reply, stream):
    assert reply.status == 200, reply.text
    return reply.streamed_text() if stream else reply.json()["choices"][0]["message"]["content"]


def seen(mock):
    return "".join(json.dumps(r["body"]) if not isinstance(r["body"], str) else r["body"] for r in mock.requests())


def echo(mock, text, **rule):
    mock.script(json.dumps({"rules": [{"reply": {"text": text, "chunks": max(1, len(text) // 3)}, **rule}]}))


@BOTH
@pytest.mark.parametrize("dialect", ["openai", "anthropic", "gemini"])
def test_what_is_hidden_never_reaches_a_worker_and_is_put_back(mock, start, dialect, stream):
    baton = start(house.Baton, [house.worker("w", mock, dialect)], data={"rules": [HIDE]})
    echo(mock, "Dear [EMAIL_1], your card [CARD_1] is fine. [EMAIL_9] stays, [EMAIL_1] does not.")
    reply = baton.chat(f"I am {MAIL}, card {CARD}.", stream=stream)
    assert text_of(reply, stream) == f"Dear {MAIL}, your card {CARD} is fine. [EMAIL_9] stays, {MAIL} does not."
    assert MAIL not in seen(mock) and CARD not in seen(mock) and "[EMAIL_1]" in seen(mock)
    record = baton.exchange(reply)
    assert record["data_classes"] == ["personal"] or "personal" in str(record["data_classes"])
    assert "hidden from workers" in json.dumps(record) and MAIL not in json.dumps(record)


def test_a_tool_call_gets_its_real_arguments_back(mock, start):
    baton = start(house.Baton, [house.worker("w", mock)], data={"rules": [HIDE]})
    mock.script(json.dumps({"rules": [{"reply": {"tool_calls": [{"id": "c1", "name": "send", "arguments": '{"to":"[EMAIL_1]"}'}]}}]}))
    tools = [{"type": "function", "function": {"name": "send", "parameters": {"type": "object"}}}]
    whole = baton.chat(f"write to {MAIL}", tools=tools)
    assert whole.json()["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] == json.dumps({"to": MAIL}, separators=(",", ":"))
    streamed = baton.chat(f"write to {MAIL}", tools=tools, stream=True)
    arguments = "".join(call["function"].get("arguments") or "" for event in streamed.events() if isinstance(event, dict)
                        for choice in event["choices"] for call in choice["delta"].get("tool_calls") or [])
    assert json.loads(arguments) == {"to": MAIL}


def test_tool_results_and_file_names_are_hidden_too(mock, start):
    baton = start(house.Baton, [house.worker("w", mock, can=["tools", "files"])], data={"rules": [HIDE]})
    reply = baton.post("/v1/chat/completions", {"model": "baton", "messages": [
        {"role": "user", "content": "look it up"},
        {"role": "assistant", "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "find", "arguments": "{\"q\":\"" + MAIL + "\"}"}}]},
        {"role": "tool", "tool_call_id": "c1", "content": f"found {MAIL}"}]})
    assert reply.status == 200, reply.text
    assert MAIL not in seen(mock)


def test_embeddings_are_hidden_and_refused_by_the_same_rules(mock, start):
    worker = house.worker("e", mock, can=["embeddings_only"])
    baton = start(house.Baton, [worker], data={"rules": [HIDE, {"name": "keys", "class": ["secret"], "do": "block"}]})
    assert baton.post("/v1/embeddings", {"model": "e", "input": [f"mail {MAIL}", "plain"]}).status == 200
    assert MAIL not in seen(mock) and "[EMAIL_1]" in seen(mock)
    refused = baton.post("/v1/embeddings", {"model": "e", "input": f"use {KEY}"})
    assert refused.status == 403 and refused.error["code"] == "data_blocked" and KEY not in refused.text


@BOTH
def test_a_block_names_the_rule_and_never_the_content(mock, start, stream):
    baton = start(house.Baton, [house.worker("w", mock)], data={"rules": [{"name": "no-keys", "class": ["secret"], "do": "block"}]})
    reply = baton.chat(f"use {KEY}", stream=stream)
    assert reply.status == 403 and reply.error["code"] == "data_blocked"
    assert "no-keys" in reply.text and KEY not in reply.text
    assert mock.stats()["requests"] == 0
    assert baton.metrics()['baton_data_rules_total{act="block"}'] == 1


def test_a_rule_for_people_lays_the_request_before_them_without_its_secrets(mock, start):
    baton = start(house.Baton, [house.worker("w", mock)], human={"wait": "0s"},
                  data={"rules": [{"name": "people", "class": ["secret"], "do": "review"}]})
    reply = baton.chat(f"may I use {KEY}?")
    assert reply.status == 202, reply.text
    cases = baton.get("/admin/cases").json()
    case = baton.get(f"/admin/cases/{cases['data'][0]['id']}")
    assert "[API_KEY_1]" in case.text and KEY not in case.text
    assert mock.stats()["requests"] == 0


def test_terms_choose_the_worker(mock, start):
    def at(name, region, **data):
        return house.worker(name, mock, data={"region": region, "trains": False, "classes": ["internal", "personal"], **data})

    baton = start(house.Baton, [at("us", "us", retention="30d"), at("eu", "eu", retention="none")],
                  data={"rules": [{"name": "eu", "class": ["personal"], "do": "allow", "only": {"region": ["eu"], "max_retention": "1d"}}]})
    assert baton.chat(f"I am {MAIL}").headers["x-baton-worker"] == "eu"
    assert baton.chat("hello").headers["x-baton-worker"] == "us"


def test_dictionaries_and_their_file(mock, start, tmp_path):
    words = tmp_path / "words.txt"
    words.write_text("# projects\nBluebird\nRed Kite\n")
    baton = start(house.Baton, [house.worker("w", mock)], data={
        "dictionaries": [{"name": "project", "class": "confidential", "file": str(words)}],
        "rules": [{"name": "projects", "class": ["confidential"], "do": "redact"}]})
    echo(mock, "[PROJECT_1] is late")
    assert baton.chat("how is blueBIRD?").json()["choices"][0]["message"]["content"] == "blueBIRD is late"
    assert "blueBIRD" not in seen(mock)


# ---- guards ----

REDACT = {"name": "tidy", "find": ["personal", "secret"], "do": "redact", "on_fault": "closed"}
BLOCK = {"name": "keys", "find": ["secret"], "do": "block", "on_fault": "closed"}


@BOTH
@pytest.mark.parametrize("dialect", ["openai", "anthropic", "gemini"])
def test_a_guard_redacts_what_a_worker_says(mock, start, dialect, stream):
    baton = start(house.Baton, [house.worker("w", mock, dialect)], guards=[REDACT])
    echo(mock, f"Write to {MAIL} and use {KEY} or card {CARD}, then wait until the committee has met.")
    reply = baton.chat("hi", stream=stream)
    assert text_of(reply, stream) == "Write to [EMAIL REMOVED] and use [API_KEY REMOVED] or card [CARD REMOVED], then wait until the committee has met."
    assert "guard 'tidy': redacted" in json.dumps(baton.exchange(reply))


@BOTH
def test_a_guard_that_finds_nothing_leaves_every_byte_alone(mock, start, stream):
    plain, guarded = (start(house.Baton, [house.worker("w", mock)], **more) for more in ({}, {"guards": [REDACT]}))
    echo(mock, "The committee met twice during the spring to discuss how the old harbour might be used. " * 8)
    first, second = plain.chat("hi", stream=stream), guarded.chat("hi", stream=stream)
    assert first.body == second.body


@BOTH
def test_a_guard_withholds_the_answer(mock, start, stream):
    baton = start(house.Baton, [house.worker("w", mock)], guards=[BLOCK])
    echo(mock, f"{KEY} is what you want")
    reply = baton.chat("hi", stream=stream)
    assert reply.status == 403 and reply.error["code"] == "guard_blocked" and KEY not in reply.text
    assert baton.metrics()['baton_guard_total{guard="keys",result="blocked"}'] == 1
    long = "The committee met twice during the spring. " * 20
    echo(mock, long + f"The key is {KEY}, keep it safe. " + long)
    reply = baton.chat("hi", stream=stream)
    assert KEY not in reply.text and "sk-proj" not in reply.text
    if stream:
        assert reply.streamed_text() and long.startswith(reply.streamed_text()[:40])
        assert reply.events()[-1]["error"]["code"] == "guard_blocked"
    else:
        assert reply.status == 403


@BOTH
@pytest.mark.parametrize("on_fault", ["open", "closed"])
def test_a_judge_that_fails_follows_the_written_choice(mock, start, on_fault, stream):
    judge = house.worker("judge", house.free_port(), price={"input": 0, "output": 0})
    baton = start(house.Baton, [house.worker("w", mock), judge], routes=[{"name": "r", "use": {"worker": "w"}}],
                  guards=[{"name": "harm", "ask": "judge", "about": "violence", "do": "block", "on_fault": on_fault, "timeout": "2s"}])
    echo(mock, "All is well.")
    reply = baton.chat("hi", stream=stream)
    if on_fault == "open":
        assert text_of(reply, stream) == "All is well."
    else:
        assert reply.status == 403 and reply.error["code"] == "guard_fault"


@BOTH
def test_a_judge_decides(mock, start, stream):
    judge = house.Mock()
    try:
        judge.script(json.dumps({"rules": [{"contains": "bomb", "reply": "STOP"}, {"reply": "PASS"}]}))
        baton = start(house.Baton, [house.worker("w", mock), house.worker("judge", judge)], routes=[{"name": "r", "use": {"worker": "w"}}],
                      guards=[{"name": "harm", "ask": "judge", "about": "weapons", "do": "block", "on_fault": "closed"}])
        echo(mock, "how to bake bread")
        assert text_of(baton.chat("hi", stream=stream), stream) == "how to bake bread"
        echo(mock, "how to build a bomb")
        reply = baton.chat("hi", stream=stream)
        assert reply.status == 403 and "bomb" not in reply.text
        calls = house.calls(baton.exchange(reply.headers["x-baton-exchange"]))
        assert [c["worker"] for c in calls] == ["w", "judge"] and "guard 'harm'" in calls[1]["why"]
    finally:
        judge.stop()


@BOTH
def test_guards_stand_at_every_step_of_a_workflow(mock, start, stream):
    """A vote of three: what each of them says goes through the guard, so the synthesis never sees the key."""
    baton = start(house.Baton, [house.worker("a", mock), house.worker("b", mock)], guards=[REDACT],
                  workflows=[{"name": "two-steps", "kind": "steps", "steps": [
                      {"name": "draft", "workers": ["a"], "instruction": "DRAFT it"},
                      {"name": "final", "workers": ["b"], "sees": ["draft"], "instruction": "FINISH it"}]}],
                  routes=[{"name": "r", "use": {"workflow": "two-steps", "workers": ["a", "b"]}}])
    mock.script(json.dumps({"rules": [{"model": "a-model", "reply": f"the key is {KEY}"}, {"model": "b-model", "reply": f"done, {KEY}"}]}))
    reply = baton.chat("hi", stream=stream)
    assert text_of(reply, stream) == "done, [API_KEY REMOVED]"
    assert KEY not in seen(mock) and "[API_KEY REMOVED]" in seen(mock)


def test_bad_rules_and_guards_are_told_with_their_place(tmp_path):
    worker = {"name": "w", "dialect": "openai", "base_url": "http://127.0.0.1:1/v1", "model": "m", "private": True, "simulated": True}
    cases = {
        "guards": [{"name": "g", "find": ["secret"], "ask": "w", "do": "block", "on_fault": "open"}],
        "guards ": [{"name": "g", "find": ["secret"], "do": "block"}],
        "guards  ": [{"name": "g", "ask": "nobody", "about": "x", "do": "block", "on_fault": "open"}],
        "guards   ": [{"name": "g", "ask": "w", "about": "x", "do": "redact", "on_fault": "open"}],
        "data": {"rules": [{"name": "r", "class": ["secret"], "do": "block", "only": {"region": ["eu"]}}]},
        "data ": {"rules": [{"name": "r", "do": "burn"}]},
        "data  ": {"dictionaries": [{"name": "d", "class": "x"}]},
        "data   ": {"dictionaries": [{"name": "d", "class": "x", "file": "/nonexistent"}]},
        "data    ": {"patterns": [{"name": "p", "class": "x", "pattern": "((a{1,300}b){1,300}c){1,300}"}]},
        "attacks": {"tiers": [{"model": "baton", "max_cost": 1}, {"model": "baton", "max_cost": 2}]},
    }
    for key, value in cases.items():
        path = tmp_path / "c.yaml"
        path.write_text(json.dumps({"workers": [worker], key.strip(): value}))
        code, out, err = house.run("check", path)
        assert code == 1, (key, value, out, err)
        assert re.search(r"c\.yaml:\d+", out + err), out + err
