"""Budgets and limits of tenants over the wire, kill -9 of the real server included. A call costs exactly $0.001:
five tokens of output at 200 dollars per million, and nothing else."""
import json
import os
import random
import threading

import pytest

import house

REPLY = "reply: {text: five tokens are in this, usage: {input: 10, output: 5}}"
SCRIPT = f"rules: [{{contains: slow, {REPLY}, fault: {{latency: 400ms}}}}, {{{REPLY}}}]"
COST = 0.001


@pytest.fixture
def shop(mock, start):
    """start_shop(tenants=..., ...) -> a Baton with one worker, and an owner's key."""
    mock.script(SCRIPT)

    def begin(**config):
        workers = config.pop("workers", None) or [worker("one", mock)]
        baton = start(house.Baton, workers, retry={"budget": 0}, **config)
        baton.owner = make_key(baton, "--role", "owner")
        return baton

    return begin


def worker(name, mock, **more):
    return house.worker(name, mock, price={"input": 0, "output": 200}, max_concurrency=256, **more)


def make_key(baton, *more, tenant="t"):
    code, out, err = house.run("keys", "create", "--config", baton.config_path, "--tenant", tenant, "--json", *more)
    assert code == 0, err
    key = json.loads(out)["key"]
    house.wait_until(lambda: baton.get("/v1/models", headers={"authorization": f"Bearer {key}"}).status == 200, what="the key")
    return key


def chat(baton, key, text="hello", **more):
    return baton.chat(text, headers={"authorization": f"Bearer {key}"}, max_tokens=5, **more)


def balances(baton):
    reply = baton.get("/admin/budgets", headers={"authorization": f"Bearer {baton.owner}"})
    return {b["account"]: b for b in reply.json()["data"]}


def test_a_budget_is_used_to_the_last_call_and_no_further(shop, mock):
    baton = shop(tenants=[{"name": "t", "budget": {"usd": 10 * COST, "per": "month"}}])
    key = make_key(baton)
    assert [chat(baton, key).status for _ in range(10)] == [200] * 10
    refused = chat(baton, key)
    assert refused.status == 429
    assert refused.error["type"] == refused.error["code"] == "insufficient_quota"
    assert refused.headers["x-should-retry"] == "false"
    assert "tenant 't'" in refused.error["message"] and "$0.01 per month" in refused.error["message"]
    stream = chat(baton, key, stream=True)
    assert stream.status == 429
    assert mock.stats()["requests"] == 10
    balance = balances(baton)["t / tenant / month"]
    assert balance["spent"]["usd"] == "0.01" and balance["left"]["usd"] == "0" and balance["held"]["usd"] == "0"
    code, out, _ = house.run("keys", "usage", "--config", baton.config_path)
    assert code == 0 and "$0.01" in out
    text = baton.get("/metrics", headers={"authorization": f"Bearer {baton.owner}"}).text
    assert 'baton_budget_refusals_total{cause="spent",kind="usd",scope="tenant"} 2' in text
    # The operator is generous.
    changed = baton.post("/admin/budgets", {"account": "t / tenant / month", "usd": "-0.001"}, headers={"authorization": f"Bearer {baton.owner}"})
    assert changed.status == 200, changed.text
    assert chat(baton, key).status == 200
    assert chat(baton, key).status == 429


def test_the_narrowest_of_key_user_project_and_tenant_counts(shop):
    tenant = {"name": "t", "budget": {"usd": 1}, "projects": [{"name": "p", "budget": {"usd": 3 * COST, "per": "day"}}],
              "users": [{"name": "ann", "budget": {"tokens": 10, "per": "total"}}], "each_key": {"budget": {"usd": 5 * COST, "per": "day"}}}
    baton = shop(tenants=[tenant])
    for arguments, calls, whose in (([], 5, "key "), (["--project", "p"], 3, "project 'p'"), (["--usd", "0.001", "--per", "total"], 1, "key "),
                                    (["--user", "ann"], 0, "user 'ann'")):
        key = make_key(baton, *arguments)
        statuses = [chat(baton, key).status for _ in range(calls)]
        refused = chat(baton, key)
        assert statuses == [200] * calls and refused.status == 429, (arguments, statuses, refused.text)
        assert whose in refused.error["message"]


def test_a_worker_that_has_spent_its_budget_is_passed_over(shop, mock):
    baton = shop(workers=[worker("dear", mock, budget={"usd": 2 * COST, "per": "day"}), worker("cheap", mock)], tenants=[{"name": "t"}])
    key = make_key(baton)
    assert [chat(baton, key).headers["x-baton-worker"] for _ in range(4)] == ["dear", "dear", "cheap", "cheap"]
    direct = chat(baton, key, model="dear")
    assert direct.status == 429 and "worker 'dear'" in direct.error["message"]


def test_cheaper_workers_when_a_budget_runs_low(shop, mock):
    baton = shop(workers=[worker("dear", mock), worker("cheap", mock)],
                 tenants=[{"name": "t", "budget": {"usd": 10 * COST}, "tier_down": {"at": 0.5, "workers": ["cheap"]}}])
    key = make_key(baton)
    assert [chat(baton, key).headers["x-baton-worker"] for _ in range(8)] == ["dear"] * 5 + ["cheap"] * 3
    direct = chat(baton, key, model="dear")
    assert direct.status == 403 and direct.error["code"] == "tier_down"


def test_limits_per_minute_and_at_a_time(shop):
    baton = shop(tenants=[{"name": "t"}])
    key = make_key(baton, "--rpm", "3")
    replies = [chat(baton, key) for _ in range(4)]
    assert [r.status for r in replies] == [200, 200, 200, 429]
    assert [r.headers["x-ratelimit-remaining-requests"] for r in replies] == ["2", "1", "0", "0"]
    refused = replies[-1]
    assert refused.error["code"] == "requests_per_minute" and refused.error["type"] == "rate_limit_error"
    assert 0 < int(refused.headers["retry-after"]) <= 60 and "x-should-retry" not in refused.headers

    key = make_key(baton, "--tpm", "100000")
    reply = chat(baton, key)
    # Reserved at the worst case, corrected to what the call used.
    assert reply.headers["x-ratelimit-limit-tokens"] == "100000" and reply.headers["x-ratelimit-remaining-tokens"] == str(100000 - 15)
    key = make_key(baton, "--tpm", "3")
    never = chat(baton, key)
    assert never.status == 429 and never.error["code"] == "tokens_above_rate" and never.headers["x-should-retry"] == "false"

    key = make_key(baton, "--concurrent", "2")
    results = []
    threads = [threading.Thread(target=lambda: results.append(chat(baton, key, "slow").status)) for _ in range(5)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert results.count(200) == 2 and results.count(429) == 3
    assert chat(baton, key).status == 200


def test_a_client_that_leaves_gives_the_rest_back(shop, mock):
    baton = shop(tenants=[{"name": "t", "budget": {"usd": 3 * COST}}])
    key = make_key(baton)
    for _ in range(3):
        with baton.open("POST", "/v1/chat/completions", {**house.ask("hello"), "max_tokens": 5, "stream": True}, {"authorization": f"Bearer {key}"}) as response:
            response.read(10)
    house.wait_until(lambda: balances(baton)["t / tenant / month"]["held"]["usd"] == "0", what="nothing held")
    assert float(balances(baton)["t / tenant / month"]["spent"]["usd"]) <= 3 * COST


def test_two_servers_on_one_store_spend_the_last_cent_once(shop, mock, start):
    one = shop(tenants=[{"name": "t", "budget": {"usd": 40 * COST}}])
    two = start(house.Baton, one.workers, retry={"budget": 0}, tenants=one.config["tenants"], shared=f"sqlite:{one.store}")
    key, two.owner = make_key(one), one.owner
    house.wait_until(lambda: two.get("/v1/models", headers={"authorization": f"Bearer {key}"}).status == 200, what="the other server to know the key")
    statuses = []

    def client(server):
        for _ in range(8):
            statuses.append(chat(server, key).status)

    threads = [threading.Thread(target=client, args=(server,)) for server in (one, two) * 5]
    [t.start() for t in threads]
    [t.join() for t in threads]
    # What was refused while others still held their worst case is asked again.
    while chat(one, key).status == 200:
        statuses.append(200)
    assert statuses.count(200) == 40 and mock.stats()["requests"] == 40
    assert balances(one)["t / tenant / month"]["spent"]["usd"] == "0.04"
    assert balances(two)["t / tenant / month"]["left"]["usd"] == "0"


def test_kill_between_hold_and_settle(shop, mock):
    """A call that was with the provider when the server died is presumed spent; nothing else is lost or blocked."""
    baton = shop(tenants=[{"name": "t", "budget": {"usd": 5 * COST}}])
    key = make_key(baton)
    mock.script(SCRIPT.replace("400ms", "30s"))
    thread = threading.Thread(target=lambda: pytest.raises(Exception, chat, baton, key, "slow"))
    thread.start()
    house.wait_until(lambda: mock.stats()["running"] == 1, what="the call to reach the provider")
    assert balances(baton)["t / tenant / month"]["held"]["usd"] == "0.001"
    baton.program.kill()
    thread.join()
    baton.start()
    balance = balances(baton)["t / tenant / month"]
    assert balance["presumed"]["usd"] == "0.001" and balance["spent"]["usd"] == "0.001" and balance["held"]["usd"] == "0"
    assert [chat(baton, key).status for _ in range(5)] == [200] * 4 + [429]


def test_race_with_kills_of_the_server(shop, mock):
    """64 clients on one key, room for exactly N calls, the server killed at random: spent is never above the budget,
    and after recovery everything that is left can be spent. BATON_BUDGET_SERVER_ROUNDS: rounds (default 3)."""
    rounds = int(os.environ.get("BATON_BUDGET_SERVER_ROUNDS", "3"))
    rng = random.Random(64)
    kills = reached = presumed = 0
    for round_number in range(rounds):
        room = rng.randrange(150, 400)
        baton = shop(tenants=[{"name": "t", "budget": {"usd": f"{room * COST:.3f}", "per": "total"}}])
        key = make_key(baton)
        # A few calls are with the provider whenever the server dies.
        mock.script(f"rules: [{{{REPLY}, fault: {{latency: 20ms}}}}]")
        before = mock.stats()["requests"]
        stop = threading.Event()
        strange = []

        def client():
            while not stop.is_set():
                try:
                    reply = chat(baton, key)
                except Exception:
                    stop.wait(0.01)  # the server is down
                    continue
                if reply.status == 429 and reply.error["code"] == "insufficient_quota":
                    return
                if reply.status not in (200, 429):
                    strange.append(reply.text)

        threads = [threading.Thread(target=client) for _ in range(64)]
        [t.start() for t in threads]
        for _ in range(2):
            stop.wait(rng.uniform(0.02, 0.15))
            baton.program.kill()
            kills += 1
            # The same port, so that clients find it again.
            baton.arguments = ["--listen", f"127.0.0.1:{baton.port}"]
            baton.start()
        [t.join(120) for t in threads]
        stop.set()
        balance = balances(baton)["t / tenant / total"]
        calls = mock.stats()["requests"] - before
        spent, maybe = round(float(balance["spent"]["usd"]) / COST), round(float(balance["presumed"]["usd"]) / COST)
        assert not strange, strange[0]
        assert spent == room, "a false refusal: the budget is not used up"
        assert calls <= room, "overspent"
        assert calls >= room - maybe, "money was counted for calls that nobody made"
        reached, presumed = reached + calls, presumed + maybe
        baton.stop()
    print(f"server race: {rounds} rounds, 64 clients, {kills} kills (SIGKILL of the server); {reached} calls reached the provider, "
          f"{presumed} presumed spent at a kill; overspent 0 times, falsely refused 0 times")


@pytest.mark.parametrize("field", ["account", "usd", "tokens", "nobody"])
def test_corrections_take_no_injection(shop, field):
    baton = shop(tenants=[{"name": "t", "budget": {"usd": 1, "per": "month"}}])
    before = balances(baton)
    account = next(iter(before))
    for evil in ["'; DROP TABLE budget_accounts; --", "a\r\nset-cookie: x=1", "<script>alert(1)</script>", "\x00", "a" * 5000, "ü", {"$gt": ""}, [], [1], True]:
        reply = baton.post("/admin/budgets", {"account": account, "usd": 0.001, field: evil}, headers={"authorization": f"Bearer {baton.owner}"})
        assert reply.status in ((400, 404) if field == "account" else (400,)), (field, evil, reply.text)
        assert set(reply.error) == {"message", "type", "param", "code"} and "set-cookie" not in reply.headers
        assert "<script>" not in reply.text or "json" in reply.headers["content-type"]
    for number in (1e400, float("nan"), 1e300, -1e300):
        reply = baton.post("/admin/budgets", {"account": account, "usd": number}, headers={"authorization": f"Bearer {baton.owner}"})
        assert reply.status == 400, (number, reply.text)
    assert balances(baton) == before
