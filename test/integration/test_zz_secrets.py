"""Keys never appear. Every configuration of this suite carries a planted key; the scenario below provokes everything
that might show one, and the last test searches all that was printed, answered and recorded in the whole run."""
import json

import pytest

import house

SECRET = house.SECRET.encode()
HEADER_SECRET = "sk-from-a-client-55aa-never-shown"
CONTENT = house.CONTENT_SECRET


def test_everything_that_could_show_a_key(mock, start):
    file = house.WORK / "key"
    file.write_text(house.SECRET + "\n")
    # A provider that repeats the key it was sent, as some do in their errors.
    mock.script(json.dumps({"rules": [
        {"contains": "repeat", "fault": {"status": 401, "error": {"type": "authentication_error", "message": f"Incorrect API key provided: {house.SECRET}."}}},
        {"contains": "header", "fault": {"status": 500, "headers": {"x-leak": house.SECRET, "www-authenticate": f"Bearer {house.SECRET}"}}},
        {"contains": "page", "fault": {"html": True}},
        {"contains": "middle", "reply": "one two three four", "fault": {"in_band_error": True, "error": {"message": f"bad key {house.SECRET}"}}},
    ]}))
    for dialect in ("openai", "anthropic", "gemini"):
        baton = start(house.Baton, [house.worker("w", mock, dialect), house.worker("f", mock, dialect, key=f"file:{file}")], arguments=["--verbose"],
                      retry={"budget": 0})
        for text in ("repeat", "header", "page", "middle", "fine"):
            for stream in (False, True):
                for model in ("w", "f"):
                    baton.chat(text, model=model, stream=stream, headers={"authorization": f"Bearer {HEADER_SECRET}"})
        for path in ("/metrics", "/admin/pool", "/v1/models", "/openapi.json", "/"):
            baton.get(path)
        baton.post("/v1/route", house.ask("x"))
        baton.post("/admin/reload")
        baton.write(workerz=[])
        baton.post("/admin/reload")
        del baton.config["workerz"]
        baton.write()
        for command in (["check", baton.config_path], ["check", baton.config_path, "--json"], ["pool", "list", "--url", baton.url],
                        ["log", "--store", baton.store, "--json"], ["log", "--store", baton.store]):
            house.run(*command)
        baton.stop()


def test_everything_that_could_show_secret_content(mock, start):
    """A secret in the conversation, in a tool's result, in what a worker says, in a request that goes to people; refused, hidden,
    served and failed; then every page, export and command that tells about exchanges, and a crash."""
    rules = {"allow": [], "block": [{"name": "b", "class": ["secret"], "do": "block"}],
             "redact": [{"name": "r", "class": ["secret"], "do": "redact"}], "review": [{"name": "v", "class": ["secret"], "do": "review"}]}
    for name, data_rules in rules.items():
        every = {"classes": ["public", "internal", "personal", "secret"]}
        baton = start(house.Baton, [house.worker("w", mock, data=every if name == "allow" else {"classes": ["internal"]})], arguments=["--verbose"],
                      retry={"budget": 0}, human={"wait": "0s"}, data={"rules": data_rules},
                      guards=[{"name": "out", "find": ["secret"], "do": "block", "on_fault": "closed"}])
        mock.script(json.dumps({"rules": [
            {"contains": "fail", "fault": {"status": 500, "error": {"message": f"cannot handle '{CONTENT}'"}}},
            {"contains": "leak", "reply": f"the key is {CONTENT}"}]}))
        replies = [baton.chat(f"{what} {CONTENT}", stream=stream) for what in ("use", "fail", "leak") for stream in (False, True)]
        replies.append(baton.post("/v1/chat/completions", {"model": "baton", "messages": [
            {"role": "user", "content": "look"}, {"role": "assistant", "tool_calls": [
                {"id": "c", "type": "function", "function": {"name": "f", "arguments": json.dumps({"k": CONTENT})}}]},
            {"role": "tool", "tool_call_id": "c", "content": CONTENT}], "metadata": {"note": CONTENT}, "user": CONTENT}))
        # Where a rule hides it from workers, the client gets its own words back; nowhere else, and from nobody else's.
        if name != "redact":
            assert all(CONTENT not in reply.text for reply in replies), name
        told = [baton.post("/v1/embeddings", {"model": "w", "input": CONTENT}), baton.post("/v1/route", house.ask(f"use {CONTENT}"))]
        told = [page.text for page in told] + [json.dumps(baton.exchange(r)) for r in replies if "x-baton-exchange" in r.headers]
        told += [baton.get(f"/admin/cases/{case['id']}").text for case in baton.get("/admin/cases?state=all").json().get("data", [])]
        told += [baton.get(path).text for path in ("/metrics", "/admin/pool", "/v1/models", "/")]
        told += [str(house.run(*command)) for command in (["log", "--store", baton.store, "--json"], ["log", "--store", baton.store])]
        assert all(CONTENT not in page for page in told), name
        baton.program.signal(11)
        baton.program.wait()


def test_a_key_variable_that_is_bad_is_not_shown(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text(f"workers: [{{name: a, dialect: openai, base_url: 'https://models.example.com/v1', model: m, key: 'env:{house.KEY_VARIABLE}'}}]")
    for value in (house.SECRET + "\nX-Injected: 1", house.SECRET + "\x01"):
        code, out, err = house.run("check", path, env=house.environment(**{house.KEY_VARIABLE: value}))
        assert house.SECRET not in out + err
        assert code == 1, "a key that cannot stand in a header must be refused"


@pytest.mark.parametrize("what", ["the provider's key", "the client's key", "secret content"])
def test_no_secret_is_in_anything_that_this_run_wrote(what):
    """Logs, stores with their journals, transcripts of replies, outputs of commands, crash artefacts: every file of the run."""
    wanted = {"the provider's key": SECRET, "the client's key": HEADER_SECRET.encode(), "secret content": CONTENT.encode()}[what]
    searched = 0
    for path in sorted(house.WORK.rglob("*")):
        # The planted files themselves: the key's own file and the mock's scripts.
        if not path.is_file() or path == house.WORK / "key" or path.name == "script.yaml":
            continue
        # What clients read holds what they themselves said, where it was hidden on the way and put back; looked at above.
        if wanted == CONTENT.encode() and path == house.TRANSCRIPT:
            continue
        searched += 1
        assert wanted not in path.read_bytes(), f"{what} is in {path}"
    assert searched > 3
