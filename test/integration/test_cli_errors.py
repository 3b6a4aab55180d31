"""What goes wrong on the command line: one clear sentence, the right exit code, never a stack trace."""
import hashlib
import json
import resource
import socket
import sqlite3
import struct

import pytest

import house


def check_clear(outcome, code, *words):
    returned, out, err = outcome
    assert returned == code, (returned, out, err)
    text = (out + err).lower()
    for word in words:
        assert word.lower() in text, (word, out, err)
    for trace in ("terminate called", "what():", "core dumped", "addresssanitizer", "runtime error", "#0 0x"):
        assert trace not in text, text


def config(tmp_path, text, name="c.yaml"):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_a_config_that_is_not_there(tmp_path):
    for command in (["serve", "--config"], ["check"]):
        check_clear(house.run(*command, tmp_path / "none.yaml"), 1, "none.yaml")


def test_a_config_that_may_not_be_read(tmp_path):
    path = tmp_path / "folder.yaml"
    path.mkdir()
    check_clear(house.run("serve", "--config", path), 1, "folder.yaml")


BROKEN = {
    "no YAML": ("workers: [", ["c.yaml"]),
    "a typo": ("workerz: []", ["workerz", "workers"]),
    "a typo in a worker": ("workers: [{name: a, dialect: openai, base_url: 'https://models.example.com/v1', model: m, pricee: 1}]", ["pricee", "price", "a"]),
    "unknown dialect": ("workers: [{name: a, dialect: cobol, base_url: 'https://models.example.com/v1', model: m}]", ["cobol", "openai"]),
    "two of a name": ("workers: [{name: a, dialect: openai, base_url: 'https://models.example.com/v1', model: m}, {name: a, dialect: openai, base_url: 'https://models.example.com/v1', model: m}]", ["a"]),
    "a route to nobody": ("workers: [{name: a, dialect: openai, base_url: 'https://models.example.com/v1', model: m}]\nroutes: [{name: r, use: {worker: b}}]", ["b"]),
    "no such key variable": ("workers: [{name: a, dialect: openai, base_url: 'https://models.example.com/v1', model: m, key: 'env:NOT_SET_ANYWHERE'}]", ["NOT_SET_ANYWHERE"]),
    "empty": ("", ["worker"]),
    "a list": ("- a", ["c.yaml"]),
    "open to the world": ("listen: 0.0.0.0:8080\nworkers: [{name: a, dialect: openai, base_url: 'https://models.example.com/v1', model: m}]", ["loopback"]),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_config_is_explained(tmp_path, name):
    text, words = BROKEN[name]
    path = config(tmp_path, text)
    check_clear(house.run("check", path), 1, *words)
    check_clear(house.run("serve", "--config", path), 1, *words)


def test_all_problems_are_told_at_once(tmp_path):
    path = config(tmp_path, "listn: x\nstor: y\nworkers: [{name: a, dialect: openai, base_url: 'https://models.example.com/v1', model: m}]")
    _, out, err = house.run("check", path)
    assert "listn" in out + err and "stor" in out + err


def test_a_key_written_into_the_config_is_refused_and_not_shown(tmp_path):
    path = config(tmp_path, f"workers: [{{name: a, dialect: openai, base_url: 'https://models.example.com/v1', model: m, key: '{house.SECRET}'}}]")
    returned, out, err = house.run("check", path)
    assert returned == 1
    assert house.SECRET not in out + err
    assert "env:" in out + err


def test_a_good_config_passes(tmp_path):
    path = config(tmp_path, f"workers: [{{name: a, dialect: openai, base_url: 'https://models.example.com/v1', model: m, key: 'env:{house.KEY_VARIABLE}'}}]")
    check_clear(house.run("check", path), 0)
    returned, out, _ = house.run("check", path, "--json")
    assert returned == 0
    json.loads(out)


def small_gguf():
    """The smallest file that is formally a model: one setting, one tensor."""
    def text(s):
        return struct.pack("<Q", len(s)) + s

    head = b"GGUF" + struct.pack("<IQQ", 3, 1, 1)
    head += text(b"general.architecture") + struct.pack("<I", 8) + text(b"llama")
    head += text(b"t") + struct.pack("<IQIQ", 1, 32, 0, 0)
    return head + bytes(-len(head) % 32) + bytes(128)


def test_a_model_file_with_a_wrong_hash(tmp_path):
    model = tmp_path / "m.gguf"
    model.write_bytes(small_gguf())
    right = hashlib.sha256(model.read_bytes()).hexdigest()
    path = config(tmp_path, f"listen: 127.0.0.1:0\nworkers: [{{name: a, dialect: local, path: m.gguf, sha256: '{'0' * 64}'}}]")
    check_clear(house.run("serve", "--config", path), 1, "m.gguf", right[:8])


def test_a_model_file_that_is_none(tmp_path):
    (tmp_path / "m.gguf").write_bytes(b"this is no model")
    path = config(tmp_path, "listen: 127.0.0.1:0\nworkers: [{name: a, dialect: local, path: m.gguf}]")
    check_clear(house.run("serve", "--config", path), 1, "m.gguf")


def test_a_model_file_that_is_missing(tmp_path):
    path = config(tmp_path, "listen: 127.0.0.1:0\nworkers: [{name: a, dialect: local, path: none.gguf}]")
    check_clear(house.run("serve", "--config", path), 1, "none.gguf")


def test_a_port_in_use(tmp_path, mock, start):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        port = s.getsockname()[1]
        path = config(tmp_path, "workers: [{name: a, dialect: openai, base_url: 'https://models.example.com/v1', model: m}]")
        check_clear(house.run("serve", "--config", path, "--listen", f"127.0.0.1:{port}"), 1, str(port), "in use")
        check_clear(house.run("mock", "--listen", f"127.0.0.1:{port}"), 1, str(port), "in use")
    # A second Baton must not quietly share the first one's port.
    first = start(house.Baton, [house.worker("one", mock)])
    check_clear(house.run("serve", "--config", path, "--listen", f"127.0.0.1:{first.port}"), 1, str(first.port), "in use")


def test_a_store_that_is_no_store(tmp_path):
    (tmp_path / "baton.db").write_bytes(b"not a database at all, but long enough to be looked at" * 100)
    path = config(tmp_path, "listen: 127.0.0.1:0\nworkers: [{name: a, dialect: openai, base_url: 'https://models.example.com/v1', model: m}]")
    check_clear(house.run("serve", "--config", path), 1, "baton.db")


def test_a_store_in_a_folder_that_is_not_there(tmp_path):
    path = config(tmp_path, "listen: 127.0.0.1:0\nstore: 'sqlite:/nonexistent/folder/b.db'\nworkers: [{name: a, dialect: openai, base_url: 'https://models.example.com/v1', model: m}]")
    check_clear(house.run("serve", "--config", path), 1, "/nonexistent/folder")


def test_a_full_disk_loses_neither_answers_nor_records(mock, start):
    """No file of the process may grow beyond what it has: the store cannot be written. The answers go on, the
    operator is told, and when there is room again every record is found in the store."""
    baton = start(house.Baton, [house.worker("one", mock)])
    baton.exchange(baton.chat("before"))
    limit = 100_000
    resource.prlimit(baton.program.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    ids = []
    for i in range(600):
        reply = baton.chat(f"question {i}")
        assert reply.status == 200, (i, reply.text)
        ids.append(reply.headers["x-baton-exchange"])
    house.wait_until(lambda: baton.metrics().get("baton_record_store_failing") == 1, what="the gauge that says so")
    assert "store" in baton.program.output().lower()
    assert baton.get("/healthz").status == 200
    resource.prlimit(baton.program.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    house.wait_until(lambda: baton.metrics().get("baton_record_store_failing") == 0, 60, "the store to recover")
    for id in (ids[0], ids[300], ids[-1]):
        assert baton.exchange(id)["outcome"] == "ok"
    assert baton.stop() == 0
    with sqlite3.connect(baton.store) as db:
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)
    shown = json_lines(house.run("log", "--store", baton.store, "--json", "--limit", "100000")[1])
    assert set(ids) <= {record["id"] for record in shown}


def json_lines(text):
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def test_wrong_usage_is_exit_code_two():
    for arguments in ([], ["nonsense"], ["serve", "--nonsense"], ["mock", "--listen", "nowhere"]):
        returned, out, err = house.run(*arguments)
        assert returned == 2 or arguments == [], (arguments, returned, out, err)
        assert out + err


@pytest.mark.parametrize("command", ["serve", "check", "ask", "route", "pool", "models", "log", "mock", "bench"])
def test_every_command_has_help_with_an_example(command):
    returned, out, err = house.run(command, "--help")
    assert returned == 0
    assert f"baton {command}" in out + err


def test_a_mock_script_with_a_mistake(tmp_path):
    path = config(tmp_path, "rules:\n  - contanis: x\n", "s.yaml")
    check_clear(house.run("mock", "--listen", "127.0.0.1:0", "--script", path), 1, "s.yaml", "contanis", "line 2")


def test_asking_a_server_that_is_not_there():
    check_clear(house.run("ask", "--url", f"http://127.0.0.1:{house.free_port()}", "hello"), 1, "127.0.0.1")
