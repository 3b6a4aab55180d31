"""Keys never appear. Every configuration of this suite carries a planted key; the scenario below provokes everything
that might show one, and the last test searches all that was printed, answered and recorded in the whole run."""
import json

import pytest

import house

SECRET = house.SECRET.encode()
HEADER_SECRET = "sk-from-a-client-55aa-never-shown"


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


def test_a_key_variable_that_is_bad_is_not_shown(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text(f"workers: [{{name: a, dialect: openai, base_url: 'https://models.example.com/v1', model: m, key: 'env:{house.KEY_VARIABLE}'}}]")
    for value in (house.SECRET + "\nX-Injected: 1", house.SECRET + "\x01"):
        code, out, err = house.run("check", path, env=house.environment(**{house.KEY_VARIABLE: value}))
        assert house.SECRET not in out + err
        assert code == 1, "a key that cannot stand in a header must be refused"


@pytest.mark.parametrize("what", ["the provider's key", "the client's key"])
def test_no_key_is_in_anything_that_this_run_wrote(what):
    wanted = SECRET if what == "the provider's key" else HEADER_SECRET.encode()
    searched = 0
    for path in sorted(house.WORK.rglob("*")):
        # The planted files themselves: the key's own file and the mock's scripts.
        if not path.is_file() or path == house.WORK / "key" or path.name == "script.yaml":
            continue
        searched += 1
        assert wanted not in path.read_bytes(), f"{what} is in {path}"
    assert searched > 3
