"""Candidates: from shadow to canary to full and back, by command line and over HTTP; what they may cost and who may see what."""
import json
import re

import pytest

import house
from learning import CHEAP, DEAR, STORY, TABLE, ask, cli, make, rate, records, three_routers, worker_of

pytestmark = pytest.mark.skipif(not TABLE.exists(), reason=f"{TABLE} is not here; `baton models pull minilm-static` makes it")


@pytest.fixture(scope="module")
def files():
    return three_routers()


# ---- candidates ----

def test_a_candidate_from_shadow_to_full_and_back(start, mock, files):
    baton = make(start, mock, files["old"], {"least_rewards": 20, "shadow_usd_per_day": 0, "tenant_ratings_per_day": 100000})
    version = files["new"][1]
    shadowed = cli(baton, "shadow", files["new"][0], "--by", "ann")
    assert shadowed["stage"] == "shadow" and shadowed["candidate"] == version
    reply = ask(baton, STORY)
    assert worker_of(reply) == "dear", "a shadow changes nothing"
    assert baton.exchange(reply)["request"]["features"]["learned"]["would"] == "cheap"

    canary = cli(baton, "promote", "--share", "0.33", "--by", "ann")
    assert canary["stage"] == "canary" and canary["single"] == "dear"
    assert "gate_closed" in baton.post("/admin/policies/promote", {}).text
    policies = {baton.exchange(ask(baton, STORY))["route"]["policy"] for _ in range(20)}
    assert version in policies and len(policies) >= 2

    def passes():
        for _ in range(50):
            reply = ask(baton, STORY)
            rate(baton, reply, 1 if worker_of(reply) == "cheap" else 0)
        return [s["passes"] for s in cli(baton, "shadow")["slices"]] == [True]

    house.wait_until(passes, 180, "the slice to pass")
    full = cli(baton, "promote", "--by", "ann")
    assert full["stage"] == "full" and list(full["in_place"].values()) == [version]
    reply = ask(baton, STORY)
    assert worker_of(reply) == "cheap" and baton.exchange(reply)["route"]["policy"] == version

    baton.stop()
    baton.start()
    assert worker_of(ask(baton, STORY)) == "cheap", "a restart keeps what was promoted"
    back = cli(baton, "rollback", "--by", "ann")
    assert back["stage"] == "none" and back["in_place"] == {}
    assert worker_of(ask(baton, STORY)) == "dear"
    actions = house.run("audit", "events", "--store", baton.store, "--json")[1]
    for action in ("policy_install", "policy_shadow", "policy_canary", "policy_refused", "policy_full", "policy_rollback"):
        assert action in actions, action
    assert "ann" in actions


def test_a_canary_that_harms_is_taken_back_by_the_server(start, mock, files):
    baton = make(start, mock, files["old"], {"least_rewards": 20, "shadow_usd_per_day": 0, "tenant_ratings_per_day": 100000})
    cli(baton, "shadow", files["new"][0])
    cli(baton, "promote", "--share", "0.33")

    def rolled_back():
        for _ in range(50):
            reply = ask(baton, STORY)
            rate(baton, reply, 0 if worker_of(reply) == "cheap" else 1)
        return baton.metrics().get('baton_policy_rollbacks_total{by="harm"}') == 1

    house.wait_until(rolled_back, 180, "the rollback")
    told = cli(baton, "shadow")
    assert told["stage"] == "none" and told["events"][0]["by"] == "server"
    assert all(worker_of(ask(baton, STORY)) == "dear" for _ in range(10))


def test_what_cannot_be_a_candidate_is_refused_and_nothing_changes(start, mock, files, tmp_path):
    baton = make(start, mock, files["old"])
    good = files["new"][0].read_bytes()
    for i, bad in enumerate([b"something else", good[:-30], good[:300] + bytes([good[300] ^ 1]) + good[301:]]):
        file = tmp_path / f"bad{i}.bin"
        file.write_bytes(bad)
        assert cli(baton, "shadow", file, code=1)
    assert baton.post("/admin/policies/shadow", {"policy": "router-0000000000"}).status == 404
    assert baton.post("/admin/policies/shadow", {"policy": files["old"][1]}).error["code"] == "same_policy"
    assert baton.post("/admin/policies/promote", {}).error["code"] == "stage_order"
    assert baton.post("/admin/policies/rollback", {}).error["code"] == "no_candidate"
    assert baton.post("/admin/policies/promote", {"shares": 1}).error["code"] == "bad_body"
    assert baton.post("/admin/policies/sideways", {}).status == 404
    assert baton.post("/admin/policies?name=../x", b"x").error["code"] == "bad_query"
    assert baton.get("/admin/policies").json()["stage"] == "none"


def test_who_may_look_and_who_may_step(start, mock, files):
    baton = make(start, mock, files["old"], tenants=[{"name": "ops"}])

    def key(role):
        code, out, err = house.run("keys", "create", "--config", baton.config_path, "--tenant", "ops", "--role", role, "--json")
        assert code == 0, err
        return {"authorization": "Bearer " + json.loads(out)["key"]}

    viewer, auditor, operator = key("viewer"), key("auditor"), key("operator")
    house.wait_until(lambda: baton.get("/admin/policies", headers=operator).status == 200, what="the keys")
    assert baton.get("/admin/policies").status == 401
    assert baton.get("/admin/policies", headers=viewer).status == 403
    assert baton.get("/admin/policies", headers=auditor).status == 200
    assert baton.post("/admin/policies/rollback", {}, headers=auditor).status == 403
    made = baton.request("POST", "/admin/policies?name=new.bin", files["new"][0].read_bytes(), headers=operator)
    assert made.status == 201 and made.json()["policy"] == files["new"][1]
    shadowed = baton.post("/admin/policies/shadow", {"policy": files["new"][1]}, headers=operator)
    assert shadowed.status == 200 and shadowed.json()["stage"] == "shadow"
    assert shadowed.json()["events"][0]["by"].startswith("key ")


def test_a_file_swapped_by_a_reload_acts_on_the_next_request(start, mock, files, tmp_path):
    file = tmp_path / "router.bin"
    file.write_bytes(files["old"][0].read_bytes())
    baton = make(start, mock, (file, files["old"][1]))
    assert worker_of(ask(baton, STORY)) == "dear"
    file.write_bytes(files["new"][0].read_bytes())
    assert baton.post("/admin/reload").status == 200
    reply = ask(baton, STORY)
    assert worker_of(reply) == "cheap" and baton.exchange(reply)["route"]["policy"] == files["new"][1]


# ---- shadow runs ----

def test_a_shadow_run_is_a_record_of_its_own_and_no_business_of_the_client(start, mock, files):
    mock.script("rules: [{model: dear-model, reply: 'The end.'}, {model: cheap-model, reply: 'The end.'}]")
    baton = make(start, mock, files["old"], {"shadow_share": 1, "shadow_usd_per_day": 1})
    cli(baton, "shadow", files["new"][0])
    reply = ask(baton, STORY)
    assert worker_of(reply) == "dear" and float(reply.headers["x-baton-cost-usd"]) > 0
    runs = house.wait_until(lambda: records(baton, "shadow"), what="the shadow run")
    run = runs[0]
    assert run["request"]["id"] == reply.headers["x-baton-exchange"]
    assert run["route"]["policy"] == files["new"][1] and house.calls(run)[0]["worker"] == "cheap"
    assert "says the same" in json.dumps(run)
    parent = baton.exchange(reply)
    assert [c["worker"] for c in house.calls(parent)] == ["dear"], "the client pays for its own answer alone"
    ask(baton, STORY, headers={"baton-explore": "off"})
    assert len(records(baton, "shadow")) == 1, "who declined is in no experiment"
    house.wait_until(lambda: baton.metrics()["baton_shadow_usd_today"] > 0, what="the money to be counted")


def test_without_money_a_shadow_only_decides(start, mock, files):
    baton = make(start, mock, files["old"], {"shadow_share": 1, "shadow_usd_per_day": 0})
    cli(baton, "shadow", files["new"][0])
    reply = ask(baton, STORY)
    assert baton.exchange(reply)["request"]["features"]["learned"]["would"] == "cheap"
    ask(baton, STORY)
    assert records(baton, "shadow") == []


def test_a_shadow_asks_nobody_who_may_not_see_the_data(start, mock, files):
    baton = make(start, mock, files["old"], {"shadow_share": 1})
    baton.workers[1]["data"] = {"classes": ["public", "internal"]}
    baton.workers[0]["data"] = {"classes": ["public", "internal", "personal"]}
    baton.write()
    assert baton.post("/admin/reload").status == 200
    cli(baton, "shadow", files["new"][0])
    reply = ask(baton, STORY + " Write to anna.schmidt@example.org about it.")
    assert worker_of(reply) == "dear"
    ask(baton, STORY + " Write to anna.schmidt@example.org about it.")
    assert records(baton, "shadow") == []
    assert {json.loads(r["body"])["model"] for r in mock.requests()} == {"dear-model"}


# ---- the page ----

def test_the_pages_examples_do_what_it_says(start, mock, files, tmp_path):
    text = (house.ROOT / "docs/promotion.md").read_text()
    settings = re.findall(r"```yaml\n(.*?)```", text, re.S)
    assert len(settings) == 1
    config = (f'listen: "127.0.0.1:0"\nstore: "sqlite:baton.db"\nworkers: '
              f'{json.dumps([house.worker("large", mock, price=DEAR), house.worker("smol", mock, price=CHEAP)])}\n' + settings[0])
    config = config.replace("router: {model: router.bin,", f"router: {{model: {files['old'][0]}, table: {TABLE},")
    (tmp_path / "baton.yaml").write_text(config)
    code, out, err = house.run("check", tmp_path / "baton.yaml")
    assert code == 0, out + err
    program = house.Program("baton", ["serve", "--config", tmp_path / "baton.yaml"], cwd=tmp_path, ready=r"ready on https?://[^ ]*:(\d+)")
    try:
        baton = house.Http(program.port)
        for i in range(40):
            reply = baton.post("/v1/chat/completions", house.ask(f"Write a story about {i} kings."))
            assert reply.status == 200, reply.text
            baton.post("/v1/feedback", {"exchange": reply.headers["x-baton-exchange"], "score": i % 2})
        commands = [line.split("#")[0].split() for block in re.findall(r"```sh\n(.*?)```", text, re.S) for line in block.splitlines()]
        assert [c[1] for c in commands] == ["train", "shadow", "shadow", "promote", "promote", "rollback"]
        for c in commands:
            more = ["--table", TABLE, "--kind", "logistic"] if c[1] == "train" else ["--url", baton.url]
            code, out, err = house.run(*c[1:], *more, cwd=tmp_path)
            if c[1] == "promote" and "--share" not in c:
                assert code == 1 and "no slice of the canary passes" in err
            else:
                assert code == 0, (c, out, err)
    finally:
        program.stop()
