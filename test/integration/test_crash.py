"""kill -9 under load, twenty times: every exchange whose reply was completed is in the store after the restart."""
import http.client
import json
import sqlite3
import threading

import house

KILLS = 20
CLIENTS = 8


def load(port, completed, stop, number):
    """Asks until the server dies; notes the id of each exchange whose reply has arrived to its last byte."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    i = 0
    while not stop.is_set():
        i += 1
        stream = (i + number) % 3 == 0
        try:
            connection.request("POST", "/v1/chat/completions", json.dumps(house.ask(f"question {i}", stream=stream)))
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException):
            return
        if response.status == 200 and (not stream or body.endswith(b"data: [DONE]\n\n")):
            completed.append(response.getheader("x-baton-exchange"))


def test_no_completed_exchange_is_lost_over_twenty_kills(mock, start):
    baton = start(house.Baton, [house.worker("one", mock)])
    everything = []
    for kill in range(KILLS):
        completed = [[] for _ in range(CLIENTS)]
        stop = threading.Event()
        threads = [threading.Thread(target=load, args=(baton.port, completed[n], stop, n)) for n in range(CLIENTS)]
        for t in threads:
            t.start()
        # Killed after some number of replies rather than some time: a slow machine kills as deep in the work.
        house.wait_until(lambda: sum(map(len, completed)) >= 40 + 23 * kill, 60, "load")
        baton.program.kill()
        stop.set()
        for t in threads:
            t.join()
        everything += [id for ids in completed for id in ids]
        baton.start()
    assert len(everything) >= 40 * KILLS
    assert len(set(everything)) == len(everything), "an exchange id was given twice"
    found = set()
    last = baton.exchange(everything[-1])
    assert last["outcome"] == "ok"
    assert baton.stop() == 0
    for line in house.run("log", "--store", baton.store, "--json", "--limit", "100000")[1].splitlines():
        record = json.loads(line)
        assert record["id"] not in found, "an exchange is recorded twice"
        found.add(record["id"])
    missing = [id for id in everything if id not in found]
    print(f"{KILLS} kills, {len(everything)} replies completed, {len(found)} exchanges in the store, {len(missing)} missing")
    assert not missing
    with sqlite3.connect(baton.store) as db:
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)
