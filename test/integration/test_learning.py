"""Learned routing at work: what is drawn and recorded, what feedback moves, spending under attack, replay of a recorded day,
training from the own log."""
import json
import random
import re
import sqlite3

import pytest

import house
from learning import STORY, SUM, TABLE, ask, cli, learned, make, rate, records, three_routers, worker_of

pytestmark = pytest.mark.skipif(not TABLE.exists(), reason=f"{TABLE} is not here; `baton models pull minilm-static` makes it")


@pytest.fixture(scope="module")
def files():
    return three_routers()


# ---- exploring ----

def test_what_is_drawn_comes_with_its_probability_under_both_caps(start, mock, files):
    baton = make(start, mock, files["old"], {"explore": True, "explore_floor": 0.5, "explore_share": 0.3, "explore_usd_per_day": 5})
    house.wait_until(lambda: baton.metrics().get("baton_explore_usd_today") is not None, what="the purse")
    seen = {"dear": [], "cheap": []}
    for i in range(120):
        reply = ask(baton, STORY)
        seen[worker_of(reply)].append(baton.exchange(reply)["route"]["propensity"])
    explored = seen["cheap"]
    assert 5 <= len(explored) <= 60, "about a quarter, at most 30 %"
    p = explored[0]
    assert 0.05 < p <= 0.3 and all(abs(q - p) < 1e-6 for q in explored)
    assert all(abs(q + p - 1) < 1e-6 for q in seen["dear"]), "the two are all there is"
    record = baton.exchange(ask(baton, STORY))
    assert len(record["request"]["features"]["learned"]["x"]) == 32


@pytest.mark.parametrize("how", ["header", "metadata", "tenant's class"])
def test_who_declines_is_in_no_experiment(start, mock, files, how):
    baton = make(start, mock, files["old"], {"explore": True, "explore_floor": 0.5, "explore_share": 1,
                                             **({"opt_out_classes": ["internal"]} if how == "tenant's class" else {})})
    options = {"header": {"headers": {"baton-explore": "off"}}, "metadata": {"metadata": {"baton-explore": "off"}}}.get(how, {})
    for _ in range(25):
        reply = ask(baton, STORY, **options)
        assert worker_of(reply) == "dear"
        assert baton.exchange(reply)["route"]["propensity"] == 1


def test_an_empty_purse_explores_no_dearer_worker(start, mock, files):
    baton = make(start, mock, files["new"], {"explore": True, "explore_floor": 0.5, "explore_share": 1, "explore_usd_per_day": 0})
    for _ in range(25):
        reply = ask(baton, STORY)
        assert worker_of(reply) == "cheap", "the dear one is never worth its price, and there is no money to try it"


def test_a_wrong_word_for_exploring_is_refused(start, mock, files):
    baton = make(start, mock, files["old"])
    reply = baton.chat(STORY, headers={"baton-explore": "perhaps"})
    assert reply.status == 400 and "baton-explore" in reply.error["message"]


# ---- feedback ----

def test_feedback_moves_the_choice_and_a_restart_forgets_nothing(start, mock, files):
    baton = make(start, mock, files["near"], {"adapt": True}, router={"caution": 0})
    assert worker_of(ask(baton, STORY)) == "dear"
    for _ in range(60):
        reply = ask(baton, STORY)
        rate(baton, reply, 0 if worker_of(reply) == "dear" else 1)
    learned(baton, 60)
    reply = ask(baton, STORY)
    assert worker_of(reply) == "cheap"
    assert worker_of(ask(baton, SUM)) == "cheap"
    baton.stop()
    baton.start()
    assert worker_of(ask(baton, STORY)) == "cheap"
    told = cli(baton, "shadow")
    assert told["ratings_learned"][files["near"][1]] == 60


def test_one_tenant_that_lies_moves_others_by_a_bounded_amount(start, mock, files):
    """Five honest tenants and one that rates more than all of them together, always the worst."""
    honest = [f"honest{i}" for i in range(5)]
    baton = make(start, mock, files["old"], {"adapt": True}, tenants=[{"name": name} for name in [*honest, "liar"]])

    def key(tenant, *more):
        code, out, err = house.run("keys", "create", "--config", baton.config_path, "--tenant", tenant, "--json", *more)
        assert code == 0, err
        return {"authorization": "Bearer " + json.loads(out)["key"]}

    keys = {name: key(name) for name in [*honest, "liar"]}
    owner = key("liar", "--role", "owner")
    house.wait_until(lambda: baton.get("/admin/policies", headers=owner).status == 200, what="the keys")

    def say(tenant, score, count):
        for _ in range(count):
            reply = baton.chat(STORY, headers=keys[tenant])
            assert reply.status == 200, reply.text
            rated = baton.post("/v1/feedback", {"exchange": reply.headers["x-baton-exchange"], "score": score}, headers=keys[tenant])
            assert rated.status == 200

    def read(lesson):
        text = baton.get("/metrics", headers=owner).text
        found = re.search(rf'baton_ratings_learned_total{{lesson="{lesson}"}} (\S+)', text)
        return float(found.group(1)) if found else 0

    for name in honest:
        say(name, 0.9, 30)
    say("liar", 0, 150)
    house.wait_until(lambda: read("taught") + read("no_weight") == 300, what="the ratings to be read")
    reply = baton.chat(STORY, headers=keys["honest0"])
    assert worker_of(reply) == "dear"
    reason = baton.get(f"/v1/exchanges/{reply.headers['x-baton-exchange']}", headers=keys["honest0"]).json()["route"]["reason"]
    before, after = map(float, re.search(r"ratings moved it from (\S+) to ([\d.]+)", reason).groups())
    # Were each rating worth the same, half of them would move it by 0.45.
    assert 0 < before - after <= 0.33, reason


def test_without_adapt_feedback_is_kept_and_moves_nothing(start, mock, files):
    baton = make(start, mock, files["near"], router={"caution": 0})
    for _ in range(60):
        rate(baton, ask(baton, STORY), 0)
    learned(baton, 60)
    assert worker_of(ask(baton, STORY)) == "dear"


def test_damaged_state_is_left_out_and_the_server_serves(start, mock, files):
    baton = make(start, mock, files["near"], {"adapt": True}, router={"caution": 0})
    for _ in range(60):
        reply = ask(baton, STORY)
        rate(baton, reply, 0 if worker_of(reply) == "dear" else 1)
    learned(baton, 60)
    assert worker_of(ask(baton, STORY)) == "cheap"
    baton.stop()
    with sqlite3.connect(baton.store) as store:
        store.execute("UPDATE learn_state SET text = SUBSTR(text, 1, 300) WHERE key LIKE 'bandit.%'")
    baton.start()
    assert worker_of(ask(baton, STORY)) == "dear", "as if nothing had been taught"
    assert baton.metrics()['baton_learned_refused_total{reason="state"}'] == 1
    assert "is damaged" in baton.program.output()


# ---- spending under attack ----

def test_a_prefix_that_buys_the_dear_worker_buys_a_share_at_most(start, mock, files):
    """The prefix makes sums look like stories to this router, so every request is worth the dear worker."""
    attack = "Write a story about a king and his horses. "
    free = make(start, mock, files["old"])
    moved = sum(worker_of(ask(free, f"{attack}What is {i} + 4?")) == "dear" for i in range(20))
    assert moved == 20, "the attack works where nothing bounds it"
    baton = make(start, mock, files["old"], {"upgrade_share": 0.1, "upgrade_burst": 5})
    asked, dear, spent = 80, 0, 0.0
    for i in range(asked):
        reply = ask(baton, f"{attack}What is {i} + 4?")
        dear += worker_of(reply) == "dear"
        spent += float(reply.headers["x-baton-cost-usd"])
    bound = 5 + 0.1 * asked + 1
    assert 5 <= dear <= bound
    price_of_one_dear = max(float(r["cost_usd"]) for r in records(baton, "chat"))
    assert spent <= bound * price_of_one_dear + asked * price_of_one_dear / 50
    assert "upgrades are used up" in baton.exchange(ask(baton, attack))["route"]["reason"]


# ---- replay and training from the own log ----

def replay(baton, config, *more):
    code, out, err = house.run("replay", "--config", config, "--store", baton.store, "--json", *more)
    assert code == 0, err
    return out


def test_a_recorded_day_replays_to_the_same_bytes_and_another_router_changes_it(start, mock, files):
    baton = make(start, mock, files["old"], {"explore": True, "explore_floor": 0.4, "explore_share": 0.5, "explore_usd_per_day": 100,
                                             "record_vectors": ["public", "internal"]})
    house.wait_until(lambda: baton.metrics().get("baton_explore_usd_today") is not None, what="the purse")
    headers = [{}, {"baton-explore": "off"}, {"baton-quality": "0.000001"}, {"baton-max-cost-usd": "0.0005"}]
    asked = [ask(baton, (STORY if i % 3 else SUM) + f" Number {i}.", headers=headers[i % 4]) for i in range(60)]
    assert len({worker_of(r) for r in asked}) == 2
    last = baton.exchange(asked[-1])
    assert len(last["request"]["features"]["vector"]) > 1000
    house.wait_until(lambda: len(records(baton, "chat")) == 60, what="the records")
    first = replay(baton, baton.config_path)
    assert first == replay(baton, baton.config_path)
    report = json.loads(first)
    assert report["exchanges"] == 60 and report["changed"] == 0, report
    other = baton.folder / "next.yaml"
    other.write_text(json.dumps({**json.loads(baton.config_path.read_text()),
                                 "router": {"model": str(files["new"][0]), "table": str(TABLE), "value_usd": 0.1}}))
    changed = replay(baton, other)
    assert changed == replay(baton, other)
    assert json.loads(changed)["changed"] >= 10
    assert {"dear", "cheap"} >= {c["to"] for c in json.loads(changed)["changes"]}


def test_vectors_are_kept_only_where_every_class_allows_it(start, mock, files):
    baton = make(start, mock, files["old"], {"record_vectors": ["public", "internal"]})
    for w in baton.workers:
        w["data"] = {"classes": ["public", "internal", "personal"]}
    baton.write()
    assert baton.post("/admin/reload").status == 200
    assert "vector" in baton.exchange(ask(baton, STORY))["request"]["features"]
    private = baton.exchange(ask(baton, STORY + " Write to anna.schmidt@example.org about it."))
    assert "vector" not in private["request"]["features"]
    silent = make(start, mock, files["old"])
    assert "vector" not in silent.exchange(ask(silent, STORY))["request"]["features"]


def test_a_router_is_trained_from_the_servers_own_log(start, mock, files, tmp_path):
    baton = make(start, mock, files["old"], {"explore": True, "explore_floor": 0.5, "explore_share": 1, "explore_usd_per_day": 100,
                                             "record_vectors": ["public", "internal"]})
    out = tmp_path / "own.bin"
    common = ["train", "router", "--store", baton.store, "--out", out, "--table", TABLE, "--kind", "logistic", "--json"]
    ask(baton, STORY)
    code, _, err = house.run(*common)
    assert code == 1 and "record_vectors" in err, "nothing was rated yet"
    chance = random.Random(5)
    for i in range(160):
        text = f"Write a story about a king and his {i} horses." if i % 2 else f"What is {i} + {7 * i % 90} * 3? Give the number."
        reply = ask(baton, text)
        # Here the cheap worker writes the better stories, which nobody has told the router.
        good = worker_of(reply) == "cheap" or i % 2 == 0
        rate(baton, reply, 1 if good and chance.random() < 0.95 else 0)
    house.wait_until(lambda: len(records(baton, "chat")) == 161, what="the records")
    learned(baton, 150)
    code, told, err = house.run(*common)
    assert code == 0, err
    told = json.loads(told)
    assert set(told["workers"]) == {"dear", "cheap"} and told["rows"] == 161
    cli(baton, "shadow", out)
    assert baton.exchange(ask(baton, STORY, headers={"baton-explore": "on"}))["request"]["features"]["learned"]["would"] == "cheap"
