"""The hash-chained log end to end: a real server, killed and stopped, its store checked, changed, exported, erased."""
import json
import os
import sqlite3

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
