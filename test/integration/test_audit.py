"""The hash-chained log end to end: a real server, killed and stopped, its store checked, changed, exported, erased."""
import json
import os
import resource
import socket
import sqlite3
import threading

import house
import pytest

MASTER = "BATON_TEST_MASTER_KEY"
MASTER_VALUE = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
PROMPT = "The tangerine code word is quixotic."


@pytest.fixture
def keep(mock, start):
    """A Baton that keeps content by class."""

    def make(folder=None, **content):
        return start(house.Baton, [house.worker("one", mock, data={"classes": ["public", "internal", "personal", "secret"]})], folder=folder,
                     env=house.environment(**{MASTER: MASTER_VALUE}), audit={"master_key": f"env:{MASTER}", "content": content})

    return make


def verify(path, *more):
    code, out, err = house.run("audit", "verify", path, "--json", *more)
    return code, json.loads(out) if out.startswith("{") else out + err


def settled(baton, count):
    house.wait_until(lambda: baton.metrics().get("baton_record_rows_total", 0) >= count, what=f"{count} rows")


def stored_bytes(baton):
    """Everything that lies in the server's folder."""
    return b"".join(p.read_bytes() for p in baton.folder.rglob("*") if p.is_file() and p.name != "baton.yaml")


def test_a_stopped_servers_store_verifies_and_names_who_did_what(mock, start):
    baton = start(house.Baton, [house.worker("one", mock)])
    for _ in range(5):
        baton.chat()
    assert baton.post("/admin/reload").status == 200
    baton.stop()
    code, report = verify(baton.store, "--sealed")
    assert code == 0 and report["ok"] and report["exchanges"] == 5 and report["unsigned_tail"] == 0, report
    code, out, _ = house.run("audit", "events", "--store", baton.store, "--json")
    events = [json.loads(line) for line in out.splitlines()]
    assert [e["action"] for e in events] == ["chain_begin", "audit_key", "server_start", "reload", "server_stop"]
    assert events[3]["actor"] == "admin" and len(events[3]["target"]) == 12
    assert oct(os.stat(f"{baton.store}.audit.key").st_mode & 0o777) == "0o600"


def test_a_running_and_a_killed_servers_store_verifies_too(mock, start):
    baton = start(house.Baton, [house.worker("one", mock)])
    replies = [baton.chat() for _ in range(20)]
    assert verify(baton.store)[0] == 0
    baton.program.kill()
    baton.start()
    settled(baton, 0)
    for reply in replies:
        assert baton.exchange(reply)["config"]
    baton.stop()
    code, report = verify(baton.store, "--sealed")
    assert code == 0 and report["exchanges"] == 20 and report["gaps"] == [], report


def test_a_changed_row_is_named(mock, start):
    baton = start(house.Baton, [house.worker("one", mock)])
    replies = [baton.chat() for _ in range(6)]
    baton.stop()
    with sqlite3.connect(baton.store) as db:
        db.execute("UPDATE exchanges SET cost_nanos = 0 WHERE rowid = (SELECT id FROM exchanges ORDER BY id LIMIT 1 OFFSET 3)")
    code, report = verify(baton.store)
    assert code == 1 and report["findings"][0]["name"] == "row_edited", report
    assert report["findings"][0]["row"] == "exchange " + replies[3].headers["x-baton-exchange"]
    code, out, _ = house.run("audit", "verify", baton.store)
    assert code == 1 and "NOT verified" in out and replies[3].headers["x-baton-exchange"] in out


def test_an_export_verifies_without_the_store_and_gives_changes_away(mock, start, tmp_path):
    baton = start(house.Baton, [house.worker("one", mock)])
    for _ in range(4):
        baton.chat()
    baton.stop()
    out, key, anchor = tmp_path / "audit.jsonl", tmp_path / "audit.pub", tmp_path / "anchor.json"
    assert house.run("audit", "export", "--store", baton.store, "--out", out)[0] == 0
    key.write_text(house.run("audit", "key", "--store", baton.store)[1])
    anchor.write_text(house.run("audit", "head", "--store", baton.store)[1])
    code, report = verify(out, "--key", key, "--anchor", anchor, "--sealed")
    assert code == 0 and report["keys_given"] and report["exchanges"] == 4, report
    lines = out.read_text().splitlines()
    assert json.loads(lines[4])["row"], "people can read it"
    changed = [line.replace('"outcome":"ok"', '"outcome":"OK"', 1) if '"kind":"exchange"' in line else line for line in lines]
    assert changed != lines
    (tmp_path / "changed").write_text("\n".join(changed) + "\n")
    code, report = verify(tmp_path / "changed")
    assert code == 1 and report["findings"][0]["name"] == "row_edited", report
    (tmp_path / "cut").write_text("\n".join(lines[:-2]) + "\n")
    assert verify(tmp_path / "cut")[0] == 1
    (tmp_path / "garbage").write_text(lines[0] + "\nnonsense\n")
    code, said = verify(tmp_path / "garbage")
    assert code == 1 and "garbage:2" in str(said)


def test_wrong_use_is_told_without_a_trace(mock, start, tmp_path):
    assert house.run("audit", "verify", tmp_path / "nothing.db")[0] == 1
    assert house.run("audit", "verify")[0] == 2
    assert house.run("audit")[0] == 2
    (tmp_path / "bad.pub").write_text("nonsense")
    code, _, err = house.run("audit", "verify", "x.db", "--key", tmp_path / "bad.pub")
    assert code == 1 and "public key" in err


def test_nothing_of_the_content_is_kept_unless_it_is_asked_for(mock, start):
    baton = start(house.Baton, [house.worker("one", mock)])
    reply = baton.chat(PROMPT)
    record = baton.exchange(reply)
    assert record["prompt_digest"].startswith("k1:")
    assert baton.exchange(baton.chat(PROMPT))["prompt_digest"] == record["prompt_digest"]
    assert baton.exchange(baton.chat(PROMPT + "!"))["prompt_digest"] != record["prompt_digest"]
    baton.stop()
    assert b"quixotic" not in stored_bytes(baton)


def test_content_kept_in_full_is_sealed_and_an_erasure_destroys_it_for_ever(keep):
    baton = keep(default="full")
    baton.chat(PROMPT)
    settled(baton, 1)
    house.wait_until(lambda: baton.metrics().get("baton_audit_contents_total") == 1, what="the content")
    assert b"quixotic" not in stored_bytes(baton)
    code, out, _ = house.run("export", "jsonl", "--store", baton.store, "--master-key", f"env:{MASTER}", "--all",
                             env=house.environment(**{MASTER: MASTER_VALUE}))
    assert code == 0 and "quixotic" in out
    code, out, err = house.run("audit", "erase", "--url", baton.url, "--tenant", "local", "--by", "ann")
    assert code == 0, err
    house.wait_until(lambda: "erase" in house.run("audit", "events", "--store", baton.store)[1], what="the erasure")
    baton.chat("after it")
    house.wait_until(lambda: baton.metrics().get("baton_audit_contents_total") == 2, what="the content")
    code, out, _ = house.run("export", "jsonl", "--store", baton.store, "--master-key", f"env:{MASTER}", "--all",
                             env=house.environment(**{MASTER: MASTER_VALUE}))
    assert code == 0 and "quixotic" not in out and "after it" in out
    baton.stop()
    code, report = verify(baton.store, "--sealed")
    assert code == 0 and report["erased"] == 1, report


def test_of_several_classes_the_least_is_kept_and_redaction_hides_what_it_should(keep):
    baton = keep(default="redacted", secret="none")
    baton.chat("Write to mary.smith@example.com about the quixotic plan.")
    baton.chat("My key is sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCD and the word is quixotic.")
    settled(baton, 2)
    baton.stop()
    code, out, _ = house.run("export", "jsonl", "--store", baton.store, "--master-key", f"env:{MASTER}", "--all",
                             env=house.environment(**{MASTER: MASTER_VALUE}))
    assert code == 0 and out.count("quixotic") >= 1 and "mary.smith" not in out and "sk-proj" not in out, out


def test_full_without_a_master_key_is_refused_and_a_bad_one_too(mock, tmp_path):
    def check(**audit):
        path = tmp_path / "c.yaml"
        path.write_text(json.dumps({"workers": [house.worker("one", mock)], "audit": audit}))
        code, out, err = house.run("check", path, env=house.environment(**{MASTER: "short"}))
        return code, out + err

    assert check(content={"default": "digest"})[0] == 0
    code, said = check(content={"default": "full"})
    assert code == 1 and "master_key" in said
    code, said = check(content={"default": "full"}, master_key=f"env:{MASTER}")
    assert code == 1 and "32 bytes" in said and "short" not in said.replace("shorter", "")
    code, said = check(content={"personal": "some"})
    assert code == 1 and "none, digest, redacted or full" in said


def flood(baton, count):
    """`count` cheap exchanges on one connection, written all at once: each asks for a model that is not there. Gives the statuses."""
    body = json.dumps(house.ask("hello", model="nobody")).encode()
    one = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body
    statuses = []
    with socket.create_connection(("127.0.0.1", baton.port), timeout=60) as s:
        threading.Thread(target=s.sendall, args=(one * count,), daemon=True).start()
        with s.makefile("rb") as replies:
            for _ in range(count):
                statuses.append(int(replies.readline().split()[1]))
                length = 0
                while (line := replies.readline()) != b"\r\n":
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                replies.read(length)
    return statuses


def test_a_full_disk_refuses_requests_where_the_log_must_be_whole(mock, start):
    baton = start(house.Baton, [house.worker("one", mock)], audit={"on_full": "refuse"})
    assert baton.chat().status == 200
    settled(baton, 1)
    pid = baton.program.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    # No file may grow: what a full disk does to the store, for this one process.
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, before[1]))
    answered = 1
    for _ in range(200):
        statuses = flood(baton, 500)
        answered += statuses.count(404)
        assert set(statuses) <= {404, 503}
        if 503 in statuses:
            break
    refused = baton.chat()
    assert refused.status == 503 and refused.error["code"] == "audit_unavailable", refused.text
    assert "make room" in refused.error["message"]
    assert baton.get("/healthz").status == 200
    assert baton.metrics().get("baton_record_dropped_total", 0) == 0
    resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
    house.wait_until(lambda: baton.chat().status == 200, seconds=60, what="room in the log")
    baton.stop()
    code, report = verify(baton.store, "--sealed")
    assert code == 0 and report["ok"] and report["exchanges"] >= answered + 1, (answered, report)


def test_what_owners_do_with_keys_and_budgets_is_in_the_log(mock, start):
    baton = start(house.Baton, [house.worker("one", mock)], tenants=[{"name": "t", "budget": {"usd": 1, "per": "month"}}])
    code, out, err = house.run("keys", "create", "--config", baton.config_path, "--tenant", "t", "--role", "owner", "--json")
    assert code == 0, err
    owner = {"authorization": "Bearer " + json.loads(out)["key"]}
    house.wait_until(lambda: baton.get("/v1/models", headers=owner).status == 200, what="the key")
    made = baton.post("/admin/keys", {"tenant": "t"}, headers=owner)
    assert made.status == 201, made.text
    id = made.json()["id"]
    turned = baton.post(f"/admin/keys/{id}/rotate", {}, headers=owner)
    assert turned.status in (200, 201), turned.text
    assert baton.post(f"/admin/keys/{id}/revoke", {}, headers=owner).status == 200
    account = baton.get("/admin/budgets", headers=owner).json()["data"][0]["account"]
    assert baton.post("/admin/budgets", {"account": account, "usd": 0.25}, headers=owner).status == 200
    baton.stop()
    assert verify(baton.store, "--sealed")[0] == 0
    code, out, _ = house.run("audit", "events", "--store", baton.store, "--json")
    events = [json.loads(line) for line in out.splitlines()]
    actions = [e["action"] for e in events]
    for action in ("key_create", "key_rotate", "key_revoke", "budget_adjust"):
        assert action in actions, actions
    assert next(e for e in events if e["action"] == "budget_adjust")["target"] == account
    assert not any("btk_" in json.dumps(e) for e in events)
    # The first key was made without a server; the log has it all the same.
    assert actions.count("key_create") == 2, events
