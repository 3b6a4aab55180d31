"""Reload and end: a good file takes effect at once, a bad one changes nothing and says why, running requests finish."""
import os
import signal
import threading

import pytest

import house


@pytest.fixture
def two(mock, start):
    mock.script("rules: [{contains: slow, reply: one two three four five six seven eight, fault: {per_chunk: 100ms}}]")
    return start(house.Baton, [house.worker("a", mock)])


def add_worker(baton, mock, name="b"):
    baton.workers = baton.workers + [house.worker(name, mock)]
    baton.write()


@pytest.mark.parametrize("how", ["SIGHUP", "admin"])
def test_a_reload_takes_effect(two, mock, how):
    assert two.chat("x", model="b").status == 404
    add_worker(two, mock)
    if how == "admin":
        reply = two.post("/admin/reload")
        assert reply.status == 200 and reply.json()["status"] == "reloaded"
    else:
        two.program.signal(signal.SIGHUP)
    house.wait_until(lambda: two.chat("x", model="b").status == 200, what="the new worker")


@pytest.mark.parametrize("how", ["SIGHUP", "admin"])
@pytest.mark.parametrize("text", ["workers: [", "workerz: []", '{"listen":"127.0.0.1:0","workers":[{"name":"a","dialect":"cobol"}]}', ""])
def test_a_bad_file_changes_nothing_and_says_why(two, how, text):
    two.config_path.write_text(text)
    if how == "admin":
        reply = two.post("/admin/reload")
        assert 400 <= reply.status < 500
        assert set(reply.error) == {"message", "type", "param", "code"}
        assert "baton.yaml" in reply.error["message"]
    else:
        two.program.signal(signal.SIGHUP)
        house.wait_until(lambda: "nothing changed" in two.program.output(), what="the log line that says why")
    assert two.chat("x", model="a").status == 200
    assert two.get("/readyz").status == 200


def test_a_file_that_is_gone_changes_nothing(two):
    os.remove(two.config_path)
    assert two.post("/admin/reload").status >= 400
    assert two.chat("x").status == 200


def test_a_request_that_runs_during_a_reload_ends_on_its_old_configuration(two, mock):
    found = {}

    def ask():
        found["reply"] = two.chat("slow", stream=True, model="a")

    thread = threading.Thread(target=ask)
    thread.start()
    house.wait_until(lambda: mock.stats()["running"] == 1, what="the stream to run")
    two.workers = [house.worker("b", mock)]
    two.routes = [{"name": "rest", "use": {"worker": "b"}}]
    two.write()
    assert two.post("/admin/reload").status == 200
    assert two.chat("x", model="a").status == 404
    thread.join()
    assert found["reply"].streamed_text() == "one two three four five six seven eight"
    assert found["reply"].events()[-1] == "[DONE]"


def test_fifty_reloads_under_load_lose_no_request(two, mock):
    stop = threading.Event()
    statuses = []

    def load():
        while not stop.is_set():
            statuses.append(two.chat("x").status)

    threads = [threading.Thread(target=load) for _ in range(4)]
    for t in threads:
        t.start()
    for i in range(50):
        two.workers = [house.worker("a", mock)] + ([house.worker("b", mock)] if i % 2 else [])
        two.write()
        assert two.post("/admin/reload").status == 200
    stop.set()
    for t in threads:
        t.join()
    assert set(statuses) == {200} and len(statuses) > 20


def test_the_admin_surface_does_not_answer_to_foreign_pages(two):
    assert two.post("/admin/reload", headers={"origin": "https://evil.example"}).status == 403
    assert two.post("/admin/reload", headers={"host": "evil.example"}).status == 403


def test_sigterm_finishes_what_runs_and_takes_nothing_new(two, mock):
    found = {}

    def ask():
        found["reply"] = two.chat("slow", stream=True)

    thread = threading.Thread(target=ask)
    thread.start()
    house.wait_until(lambda: mock.stats()["running"] == 1, what="the stream to run")
    two.program.signal(signal.SIGTERM)
    thread.join()
    assert found["reply"].streamed_text() == "one two three four five six seven eight"
    assert found["reply"].events()[-1] == "[DONE]"
    assert two.program.wait(15) == 0
    with pytest.raises(OSError):
        two.get("/healthz")
    code, out, _ = house.run("log", "--store", two.store, "--json")
    assert code == 0 and found["reply"].headers["x-baton-exchange"] in out


def test_the_drain_has_an_end(mock, start):
    mock.script("rules: [{fault: {stall_after: 10}}]")
    baton = start(house.Baton, [house.worker("a", mock)], drain="1s")
    thread = threading.Thread(target=lambda: baton.chat("x", stream=True), daemon=True)
    threading.excepthook, before = lambda _: None, threading.excepthook
    thread.start()
    house.wait_until(lambda: mock.stats()["running"] == 1, what="the stream to run")
    baton.program.signal(signal.SIGTERM)
    assert baton.program.wait(20) == 0
    thread.join(10)
    threading.excepthook = before


def test_a_second_sigterm_ends_it_at_once(mock, start):
    mock.script("rules: [{fault: {latency: 30s}}]")
    baton = start(house.Baton, [house.worker("a", mock)])
    with baton.open("GET", "/healthz"):
        thread = threading.Thread(target=lambda: _ignore(baton.chat), daemon=True)
        thread.start()
        house.wait_until(lambda: mock.stats()["running"] == 1, what="the call to run")
        baton.program.signal(signal.SIGTERM)
        house.wait_until(lambda: "draining" in baton.program.output(), what="the drain")
        baton.program.signal(signal.SIGTERM)
        assert baton.program.wait(10) != 0
    thread.join(10)


def _ignore(chat):
    try:
        chat("x")
    except OSError:
        pass
