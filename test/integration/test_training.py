"""Training a coordinator and serving it, the environment over HTTP, exact workers: by the real program, with the
small model that reads transcripts."""
import json
import os
import shutil
import signal
import sys

import pytest

import house

MODELS = house.ROOT / os.environ.get("BATON_MODELS", "models")
SMOL = MODELS / "smollm2-135m-instruct.gguf"
pytestmark = pytest.mark.skipif(not SMOL.exists(), reason=f"{SMOL} is not here; `baton models pull` fetches it")
POOL = ["smol", "calculator", "sql", "search"]
SMALL = ["--workers", *POOL, "--models", MODELS, "--families", "units", "tables", "--train", "8", "--test", "6", "--generations",
         "3", "--population", "3", "--replications", "3", "--max-answer", "8", "--no-controls", "--no-baselines", "--gate", "2",
         "--replay", "50", "--threads", "1"]


def train(folder, memo, *more):
    out = house.run("train", "coordinator", *SMALL, "--memo", memo, "--out", folder / "c.json", "--results", folder / "r.json",
                    "--checkpoint", folder / "check.json", "--resume", "--page", folder / "page.html", *more, timeout=900)
    assert out[0] == 0, out
    return json.loads((folder / "r.json").read_text()), out


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    results, out = train(folder, folder / "memo.db")
    return folder, results, out


def test_training_writes_what_the_result_format_promises(trained):
    folder, results, out = trained
    for key in ("command", "revision", "machine", "seeds", "n_test", "pool", "parameters", "rollouts", "train_seconds",
                "reward_curve", "policies"):
        assert key in results, key
    assert results["parameters"] == 7 * 576 < 20000
    assert "4032 parameters" in out[2]
    assert [row[0] for row in results["reward_curve"]] == [1, 2, 3]
    for name in ("best_single", "coordinator", "supervised", "oracle"):
        policy = results["policies"][name]
        assert 0 <= policy["accuracy"] <= 1 and len(policy["ci95"]) == 2
        assert policy["vs_best_single"]["finding"] in ("no difference found", "better", "worse")
        assert policy["cost_usd"] <= policy["worst_case_usd"] or name in ("oracle",), (name, policy)
    page = (folder / "page.html").read_text()
    assert "<svg" in page and "http" not in page.replace("http-equiv", "")
    shown = house.run("train", "inspect", folder / "r.json", "--policy", "coordinator")
    assert shown[0] == 0 and "right" in shown[1]
    # Two problems per slice are too few to let anybody in.
    assert results["gate"]["slices"].keys() == {"units", "tables"}
    assert not any(s["passed"] for s in results["gate"]["slices"].values())
    again = house.run("eval", "--inspect", folder / "r.json", "--before", folder / "r.json")
    assert again[0] == 0 and "since the earlier file" in again[1] and "units goes to" in again[1], again
    assert house.run("train", "inspect", folder / "r.json", "--policy", "nobody")[0] == 1
    assert house.run("train", "inspect", folder / "c.json")[0] == 1


def test_killed_in_the_middle_and_resumed_the_curve_is_the_same(trained, tmp_path):
    folder, results, _ = trained
    shutil.copy(folder / "memo.db", tmp_path / "memo.db")
    args = ["train", "coordinator", *map(str, SMALL), "--memo", tmp_path / "memo.db", "--out", tmp_path / "c.json", "--results",
            tmp_path / "r.json", "--checkpoint", tmp_path / "check.json", "--resume"]
    program = house.Program("train", args, cwd=tmp_path)
    try:
        house.wait_until(lambda: (tmp_path / "check.json").exists() or not program.alive(), 600, "a checkpoint")
    finally:
        program.signal(signal.SIGKILL) if program.alive() else None
        program.wait()
    again, _ = train(tmp_path, tmp_path / "memo.db")
    assert again["reward_curve"] == results["reward_curve"]
    assert json.loads((tmp_path / "c.json").read_text())["head"] == json.loads((folder / "c.json").read_text())["head"]
    whole = (tmp_path / "check.json").read_bytes()
    (tmp_path / "check.json").write_bytes(whole[: len(whole) // 2])
    code, _, err = house.run(*args, timeout=900)
    assert code == 1 and "check.json" in err, err


def test_a_table_of_a_live_pool_holds_every_policy(trained, tmp_path):
    folder, results, _ = trained
    out = house.run("eval", "live", "--workers", *POOL, "--models", MODELS, "--families", "units", "tables", "--train", "8", "--test", "6",
                    "--max-answer", "8", "--memo", folder / "memo.db", "--coordinator", folder / "c.json", "--generations", "1", "--population", "2",
                    "--replications", "2", "--timed", "1", "--results", tmp_path / "live.json", "--page", tmp_path / "live.html", timeout=900)
    assert out[0] == 0, out
    live = json.loads((tmp_path / "live.json").read_text())
    for name in ("worker:smol", "worker:sql", "best_single", "oracle", "self_consistency", "majority", "mixture_of_agents", "masrouter_style",
                 "prompted_planner:smol", "router", "coordinator", "coordinator_gated", "supervised"):
        assert name in live["policies"], (name, out[2])
        assert live["policies"][name]["milliseconds"] >= 0
    # The same problems and the same coordinator give the same figures as at the end of training.
    assert live["policies"]["coordinator"]["accuracy"] == results["policies"]["coordinator"]["accuracy"]
    assert live["slices"]["units"]["n_test"] == 3
    assert "units (3)" in (tmp_path / "live.html").read_text()
    other = house.run("eval", "live", "--workers", "smol", "sql", "--models", MODELS, "--coordinator", folder / "c.json", "--train", "2", "--test", "2")
    assert other[0] == 1 and "search" in other[2], other


def test_training_on_recorded_outcomes(tmp_path):
    """Who knows what is written in the question; nobody is asked anything."""
    with open(tmp_path / "recorded.jsonl", "w") as out:
        for i in range(60):
            verse = i % 2 == 0
            prompt = f"Write a verse about the number {i}, in rhyme, with love." if verse else f"int f{i}(int x) {{ return x * {i}; }} // what does it return?"
            score = {"poet": float(verse), "coder": float(not verse)}
            out.write(json.dumps({"id": f"q{i}", "benchmark": "made", "slice": "verse" if verse else "code", "prompt": prompt, "models": {
                name: {"score": s, "response": f"{name} says {i}", "prompt_tokens": 20, "completion_tokens": 5, "cost": 0.0001}
                for name, s in score.items()}}) + "\n")
    out = house.run("train", "coordinator", "--recorded", tmp_path / "recorded.jsonl", "--models", MODELS, "--train", "30", "--test", "30",
                    "--generations", "1", "--population", "4", "--replications", "4", "--value", "0.01", "--replay", "200", "--no-controls",
                    "--out", tmp_path / "c.json", "--results", tmp_path / "r.json", timeout=900)
    assert out[0] == 0, out
    results = json.loads((tmp_path / "r.json").read_text())
    assert sorted(results["pool"]) == ["coder", "poet"]
    assert results["policies"]["coordinator"]["accuracy"] >= 0.8 > results["policies"]["best_single"]["accuracy"]
    assert json.loads((tmp_path / "c.json").read_text())["turns"] == 1


DATA = {"region": "here", "retention": "none", "trains": False, "classes": ["public", "internal", "personal", "secret"]}


def configuration(tmp_path, file, names=POOL):
    """Workers and workflows over the same tables and documents that training has used."""
    house.run("env", "--write-world", tmp_path / "world")
    paths = {"sql": {"path": str(tmp_path / "world/tables")}, "search": {"path": str(tmp_path / "world/documents")}}
    workers = [{"name": "smol", "dialect": "local", "path": str(SMOL), "price": {"input": 0.02, "output": 0.08}, "data": DATA}]
    workers += [{"name": n, "dialect": "exact", "model": n, "price": {"call": "0.000002"}, "data": DATA, **paths.get(n, {})}
                for n in names if n != "smol"]
    return workers, [{"name": "conducted", "kind": "coordinator", "file": str(file), "reader": "smol"}]


def refused(tmp_path, file, names=POOL):
    workers, workflows = configuration(tmp_path, file, names)
    path = tmp_path / "baton.yaml"
    path.write_text(json.dumps({"listen": "127.0.0.1:0", "store": f"sqlite:{tmp_path}/b.db", "workers": workers, "workflows": workflows}))
    code, _, err = house.run("serve", "--config", path)
    assert code == 1, err
    return err


def test_the_trained_coordinator_serves_baton_ultra(trained, tmp_path, start):
    folder, _, _ = trained
    workers, workflows = configuration(tmp_path, folder / "c.json")
    baton = start(house.Baton, workers, routes=[{"name": "named", "when": {"task": "code"}, "use": {"workers": ["smol"]}}],
                  workflows=workflows, threads=1)
    reply = baton.chat("What is 17 * 3 + 4?", model="baton-ultra", max_tokens=12, temperature=0)
    assert reply.status == 200 and reply.json()["choices"][0]["message"]["content"], reply.text
    record = baton.exchange(reply)
    assert record["route"]["workflow"] == "conducted" and 1 <= len(record["steps"]) <= 5
    direct = baton.chat("What is 17 * 3 + 4?", model="calculator")
    assert direct.json()["choices"][0]["message"]["content"] == "55"
    # A route that names nobody never falls to a worker that only computes.
    assert baton.chat("Hello", max_tokens=4).headers["x-baton-worker"] == "smol"
    # A coordinator that cannot be read at a reload changes nothing.
    (tmp_path / "cut.json").write_bytes((folder / "c.json").read_bytes()[:5000])
    baton.write(workflows=[{**workflows[0], "file": str(tmp_path / "cut.json")}])
    assert baton.post("/admin/reload").status != 200
    assert baton.chat("What is 2 + 2?", model="baton-ultra", max_tokens=8).status == 200


def test_a_coordinator_for_another_pool_or_cut_short_is_refused(trained, tmp_path):
    folder, _, _ = trained
    err = refused(tmp_path, folder / "c.json", ["smol", "calculator", "sql"])
    assert "search" in err and "train one for this pool" in err, err
    cut = tmp_path / "cut.json"
    cut.write_bytes((folder / "c.json").read_bytes()[:5000])
    assert "cut short" in refused(tmp_path, cut)
    assert "none.json" in refused(tmp_path, tmp_path / "none.json")


@pytest.fixture
def env_server(start):
    return start(house.Program, "env", ["env", "--listen", "127.0.0.1:0", "--models", MODELS, "--workers", *POOL],
                 env=house.environment(BATON_ENV_TOKEN="open-sesame"), ready=r"http://127\.0\.0\.1:(\d+)")


def test_the_environment_over_http(env_server):
    http = house.Http(env_server.port)
    auth = {"authorization": "Bearer open-sesame"}
    assert http.get("/health").status == 200
    for headers in ({}, {"authorization": "Bearer open-sesamf"}, {"authorization": "open-sesame"}):
        assert http.post("/reset", {"index": 0}, headers=headers).status == 401
    described = http.get("/describe", headers=auth).json()
    assert described["workers"] == POOL
    problem = http.post("/reset", {"index": 0, "families": ["units"], "seed": 3}, headers=auth).json()
    assert problem["question"] in problem["prompt"] and "Model 1" in problem["prompt"]
    plan = "model_id = [1]\nsubtasks = [\"Work it out.\"]\naccess_list = [[]]"
    scored = http.post("/score", {"id": problem["id"], "completion": plan}, headers=auth).json()
    assert scored["parsed"] and scored["reward"] == 1, scored
    batch = http.post("/batch", {"items": [{"id": problem["id"], "completion": c} for c in (plan, "nothing")]}, headers=auth).json()
    assert [r["reward"] for r in batch["results"]] == [1, 0]
    for path, body in (("/score", "{"), ("/batch", {"items": 3}), ("/reset", {"index": -1})):
        reply = http.post(path, body, headers=auth)
        assert reply.status == 400 and reply.error["code"], reply.text
    assert http.get("/nothing", headers=auth).status == 404


def test_the_example_client_speaks_with_it(env_server):
    sys.path.insert(0, str(house.ROOT / "examples/train_7b"))
    try:
        import baton_env
    finally:
        sys.path.pop(0)
    client = baton_env.Client(f"http://127.0.0.1:{env_server.port}", "open-sesame")
    reset = client.reset(1, families=["tables"])
    plan = "model_id = [2]\nsubtasks = [\"Answer.\"]\naccess_list = [[]]"
    assert client.batch([(reset["id"], plan)] * 300)[299]["reward"] == 1
    with pytest.raises(RuntimeError, match="401"):
        baton_env.Client(f"http://127.0.0.1:{env_server.port}", "wrong").reset(0)


def test_the_environment_stays_on_the_loopback_without_a_token():
    code, _, err = house.run("env", "--listen", "0.0.0.0:0", "--models", MODELS, "--workers", "calculator")
    assert code == 1 and "token" in err, err
