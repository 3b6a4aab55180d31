"""Training a conductor by the real programs: killed and resumed, refused where it must be, served by one line."""
import json
import os
import pathlib
import signal
import subprocess
import time

import pytest

import house

MODELS = house.ROOT / os.environ.get("BATON_MODELS", "models")
SMOL = MODELS / "smollm2-135m-instruct.gguf"
TRAINER = pathlib.Path(house.BATON).resolve().parent / "baton-train"
pytestmark = [pytest.mark.skipif(not SMOL.exists(), reason=f"{SMOL} is not here; `baton models pull` fetches it"),
              pytest.mark.skipif(not TRAINER.exists(), reason="baton-train was not built: LibTorch is not here")]
SMALL = ["train", "conductor", "--quick", "--models", MODELS, "--workers", "calculator", "sql", "search", "--train", "14", "--test", "7",
         "--lessons", "10", "--warm-steps", "4", "--grpo-steps", "2", "--recursion-steps", "1", "--batch", "2", "--questions", "1", "--rollouts", "3",
         "--most-tokens", "40", "--checkpoint-every", "1", "--threads", "1", "--resume"]


def train(folder, *more):
    """SMALL, with options of `more` in the place of its own."""
    arguments, keep = [], True
    for word in SMALL:
        keep = word not in more if str(word).startswith("--") else keep
        arguments += [word] if keep else []
    return house.run(*arguments, "--folder", folder, *more, timeout=220)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("conductor")
    code, out, err = train(folder, "--results", folder / "r.json", "--page", folder / "page.html")
    assert code == 0, err
    return folder, out


def test_it_writes_adapters_a_curve_a_page_and_results(trained):
    folder, out = trained
    results = json.loads((folder / "r.json").read_text())
    for key in ("command", "revision", "machine", "seeds", "n_test", "pool", "parameters", "rollouts", "train_seconds",
                "reward_curve", "policies"):
        assert key in results, key
    assert results["command"].startswith("baton train conductor --quick"), results["command"]
    assert {"best_single", "conductor", "conductor_warm_start", "conductor_recursive"} <= set(results["policies"])
    assert (folder / "curve.csv").read_text().count("\n") == 1 + len(results["curve"])
    assert "<svg" in (folder / "page.html").read_text()
    assert "| conductor |" in out
    shown = house.run("train", "inspect", folder / "r.json", "--policy", "conductor")
    assert shown[0] == 0 and "right" in shown[1]


def test_killed_in_the_middle_and_resumed_the_curve_is_the_same(trained, tmp_path):
    program = subprocess.Popen([house.BATON, *map(str, SMALL), "--folder", tmp_path, "--no-measure"], stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 120
        while not (tmp_path / "checkpoint").exists() and program.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
    finally:
        program.send_signal(signal.SIGKILL)
        program.wait()
    code, _, err = train(tmp_path, "--no-measure")
    assert code == 0, err
    assert (tmp_path / "curve.csv").read_text() == (trained[0] / "curve.csv").read_text()
    whole = (tmp_path / "checkpoint").read_bytes()
    (tmp_path / "checkpoint").write_bytes(whole[: len(whole) // 2])
    code, _, err = train(tmp_path, "--no-measure")
    assert code == 1 and "checkpoint" in err and "cut short" in err, err
    (tmp_path / "checkpoint").write_bytes(whole)
    code, _, err = train(tmp_path, "--no-measure", "--seed", "2")
    assert code == 1 and "another run" in err, err


DATA = {"region": "here", "retention": "none", "trains": False, "classes": ["public", "internal", "personal", "secret"]}


def configuration(tmp_path, path, adapter):
    workers = [{"name": "conductor", "dialect": "local", "path": str(path), "adapter": str(adapter), "data": DATA,
                "price": {"input": 0.02, "output": 0.08}, "parallel": 2, "threads": 1},
               {"name": "calculator", "dialect": "exact", "model": "calculator", "price": {"call": "0.000001"}, "data": DATA}]
    file = tmp_path / "baton.yaml"
    file.write_text(json.dumps({"listen": "127.0.0.1:0", "store": f"sqlite:{tmp_path}/b.db", "workers": workers,
                                "workflows": [{"name": "conducted", "planner": "conductor", "prompt": "short"}]}))
    return file


def test_the_trained_conductor_serves_baton_ultra(trained, tmp_path, start):
    adapter = tmp_path / "adapter.gguf"
    adapter.write_bytes((trained[0] / "warm_start.gguf").read_bytes())
    config = json.loads(configuration(tmp_path, SMOL, adapter).read_text())
    baton = start(house.Baton, config["workers"], workflows=config["workflows"], threads=1)
    reply = baton.chat("What is 12 * 3 + 4?", model="baton-ultra", max_tokens=24)
    assert reply.status == 200 and reply.json()["choices"][0]["message"]["content"], reply.text
    assert baton.exchange(reply)["route"]["workflow"] == "conducted"
    # Another adapter under the same name: a reload lays it over the model that runs.
    adapter.write_bytes((trained[0] / "conductor.gguf").read_bytes())
    assert baton.post("/admin/reload").status == 200
    assert baton.chat("What is 2 + 2?", model="baton-ultra", max_tokens=24).status == 200
    # One that is none changes nothing.
    adapter.write_bytes(b"GGUF")
    assert baton.post("/admin/reload").status != 200
    assert baton.chat("What is 2 + 3?", model="baton-ultra", max_tokens=24).status == 200


def test_a_training_goes_on_from_an_earlier_adapter_with_dearer_money(trained, tmp_path):
    start = trained[0] / "warm_start.gguf"
    more = ["--warm-steps", "0", "--recursion-steps", "0", "--grpo-steps", "1", "--value", "0.00001", "--contests", "templates"]
    code, _, err = train(tmp_path, "--start", start, *more, "--results", tmp_path / "r.json")
    assert code == 0, err
    results = json.loads((tmp_path / "r.json").read_text())
    assert [c["name"] for c in results["contests"]] == ["templates"]
    assert {"conductor", "conductor_warm_start"} <= set(results["policies"]) and results["usd_per_right_answer"] == 0.00001
    assert [row["phase"] for row in results["curve"]] == ["grpo"]
    code, _, err = train(tmp_path, *more, "--no-measure")
    assert code == 1 and "is of another run" in err, "its checkpoint is of a training that began elsewhere: " + err
    code, _, err = train(tmp_path / "other", "--start", start, "--rank", "4", *more, "--no-measure")
    assert code == 1 and "cannot go on from this adapter" in err, err
    code, _, err = train(tmp_path / "none", "--start", SMOL, *more, "--no-measure")
    assert code == 1 and "no LoRA adapter" in err, err


def test_a_table_of_the_built_in_pool_has_rows_for_an_adapter(trained, tmp_path):
    small = ["eval", "live", "--models", MODELS, "--families", "units", "--train", "2", "--test", "2", "--threads", "1", "--max-answer", "8",
             "--generations", "1", "--population", "2", "--replications", "1"]
    code, out, err = house.run(*small, "--workers", "smol", "calculator", "--adapter", trained[0] / "warm_start.gguf", "--results",
                               tmp_path / "live.json", "--write-gate", trained[0] / "gate.json", "--gate", "1", timeout=300)
    assert code == 0, err
    assert "gate: slice units" in err and "refused" in err, "one problem lets nobody in"
    live = json.loads((tmp_path / "live.json").read_text())
    assert {"conductor", "conductor_recursive", "conductor_gated", "prompted_planner:smol"} <= set(live["policies"]), out
    units = live["conductor_gate"]["slices"]["units"]
    assert not units["passed"] and units["worker"] in live["pool"] and live["conductor_gate"]["fallback"] == "smol"
    code, out, _ = house.run("eval", "--inspect", tmp_path / "live.json", "--policy", "conductor_gated")
    assert code == 0 and f"units goes to {units['worker']}" in out, out
    assert live["pool"] == ["smol", "calculator"] and "worker:conductor" not in live["policies"], "it plans for the others"
    code, _, err = house.run(*small, "--conductor", "smol")
    assert code == 1 and "--adapter" in err, err


def test_a_conductor_gets_no_traffic_where_its_gate_refused_it(trained, tmp_path, start):
    """The gate of the table above: every slice is refused."""
    gate = trained[0] / "gate.json"
    config = json.loads(configuration(tmp_path, SMOL, trained[0] / "warm_start.gguf").read_text())
    smol = {"name": "smol", "dialect": "local", "path": str(SMOL), "data": DATA, "price": {"input": 0.02, "output": 0.08}, "threads": 1}
    flow = {"name": "conducted", "planner": "conductor", "prompt": "short", "file": str(gate), "reader": "smol"}
    baton = start(house.Baton, config["workers"] + [smol], workflows=[flow], threads=1)
    reply = baton.chat("What is 12 * 3 + 4?", model="baton-ultra", max_tokens=16)
    assert reply.status == 200, reply.text
    record = baton.exchange(reply)
    judged = json.loads(gate.read_text())["gate"]
    left = [call["worker"] for call in house.calls(record)]
    assert left in ([judged["fallback"]], [judged["slices"][0]["worker"]]), record
    assert f"left to {left[0]}" in json.dumps(record), record
    # Like nothing that it was judged by: the strongest worker, which is the model.
    reply = baton.chat("Translate into Dutch, as a poem about the sea: " + "waves and wind, " * 20, model="baton-ultra", max_tokens=4)
    assert reply.status == 200, reply.text
    assert "like nothing that was judged" in json.dumps(baton.exchange(reply))
    # A file that was cut short is refused at a reload, and what served goes on.
    whole = gate.read_text()
    gate.write_text(whole[:200])
    assert baton.post("/admin/reload").status != 200
    gate.write_text(whole)
    assert baton.chat("What is 2 + 3?", model="baton-ultra", max_tokens=16).status == 200


def test_an_adapter_for_another_model_is_refused_by_name(trained, tmp_path):
    gemma = MODELS / "gemma-3-270m.gguf"
    if not gemma.exists():
        pytest.skip(f"{gemma} is not here")
    code, _, err = house.run("serve", "--config", configuration(tmp_path, gemma, trained[0] / "conductor.gguf"))
    assert code == 1 and "was made for another model" in err and "conductor" in err, err
    cut = tmp_path / "cut.gguf"
    cut.write_bytes((trained[0] / "conductor.gguf").read_bytes()[:5000])
    code, _, err = house.run("serve", "--config", configuration(tmp_path, SMOL, cut))
    assert code == 1 and "cut short" in err, err
    code, _, err = house.run("serve", "--config", configuration(tmp_path, SMOL, SMOL))
    assert code == 1 and "no LoRA adapter" in err, err
