"""Workflows over HTTP: every named one over the real local models, streams, tools, contracts, ceilings, people."""
import json
import subprocess

import house
import pytest

NAMED = ["poll", "pipeline", "cascade", "compliance", "code_with_verifier", "research", "support_triage", "mixture_of_agents",
         "self_consistency", "debate", "conducted"]
SMALL = {"rounds": 1, "samples": 2, "layers": 1}
READS = {"poll": [], "pipeline": ["rounds"], "code_with_verifier": ["rounds"], "research": ["samples"], "mixture_of_agents": ["layers"],
         "self_consistency": ["samples"], "debate": ["rounds"], "conducted": ["rounds"]}
LOCAL = {"region": "here", "retention": "none", "trains": False, "classes": ["public", "internal", "personal", "secret"]}


def local(name, file, **more):
    return {"name": name, "dialect": "local", "path": str(house.ROOT / "models" / file), "price": {"input": 0, "output": 0},
            "max_output": 24, "data": LOCAL, **more}


@pytest.fixture(scope="module")
def models():
    """A server with two real models in its process and a route per named workflow."""
    if not (house.ROOT / "models/smollm2-135m-instruct.gguf").exists():
        pytest.skip("the models are not there: `build/baton models pull --all --dir models`")
    flows = [{"name": f"my-{kind}", "kind": kind, **{key: SMALL[key] for key in READS.get(kind, [])}} for kind in NAMED]
    baton = house.Baton([local("smol", "smollm2-135m-instruct.gguf"), local("gemma", "gemma-3-270m.gguf")], workflows=flows,
                        human={"wait": "1s"})
    yield baton
    baton.stop()


@pytest.mark.parametrize("kind", NAMED)
def test_every_named_workflow_runs_over_real_models_and_streams(models, kind):
    reply = models.chat("What is the capital of France?", model=f"my-{kind}", stream=True, max_tokens=24,
                        stream_options={"include_usage": True})
    if kind == "support_triage" and reply.status == 202:
        assert reply.json()["object"] == "baton.case"  # a small model calls much complex; a person would answer
        return
    assert reply.status == 200, reply.text
    events = reply.events()
    assert events[-1] == "[DONE]" and not any("error" in e for e in events if isinstance(e, dict)), reply.text
    finished = [e for e in events[:-1] if e["choices"] and e["choices"][0]["finish_reason"]]
    assert len(finished) == 1
    record = models.exchange(reply)
    assert record["outcome"] == "ok" and record["route"]["workflow"] == f"my-{kind}"
    made = [call for call in house.calls(record) if call["outcome"] == "ok"]
    assert made, record
    # Token fan-out: the client's usage is the sum of the calls'.
    usage = [e for e in events[:-1] if e.get("usage")][-1]["usage"]
    spent = sum(c["usage"]["input_tokens"] + c["usage"]["output_tokens"] for c in house.calls(record))
    assert usage["total_tokens"] == spent
    done = subprocess.run([house.BATON, "log", "--store", str(models.store), record["id"]], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    for step in record["steps"]:
        assert step["name"] in done.stdout


def test_mixture_of_agents_makes_the_calls_of_its_formula(models, mock, start):
    workers = [house.worker(name, mock) for name in ("a", "b", "c")]
    baton = start(house.Baton, workers, workflows=[{"name": "moa", "kind": "mixture_of_agents", "layers": 3}])
    reply = baton.chat("hello", model="moa")
    assert reply.status == 200, reply.text
    record = baton.exchange(reply)
    assert len(house.calls(record)) == 3 * 3 + 1
    details = reply.json()["usage"]
    orchestration = details["prompt_tokens_details"]["orchestration_input_tokens"] + details["completion_tokens_details"]["orchestration_output_tokens"]
    assert details["total_tokens"] == details["prompt_tokens"] + details["completion_tokens"] + orchestration
    assert details["total_tokens"] == sum(c["usage"]["input_tokens"] + c["usage"]["output_tokens"] for c in house.calls(record))


def test_a_poll_over_four_workers_takes_little_longer_than_one(mock, start):
    mock.script("rules:\n  - reply: '42'\n    fault: {latency: 400ms}\n")
    workers = [house.worker(name, mock) for name in ("a", "b", "c", "d")]
    baton = start(house.Baton, workers)
    poll = start(house.Baton, workers, routes=[{"name": "rest", "use": {"workflow": "poll"}}])
    assert baton.chat().status == 200
    mock.reset()
    mock.script("rules:\n  - reply: '42'\n    fault: {latency: 400ms}\n")
    record = poll.exchange(poll.chat())
    # Not the wall clock: all four were under way at once.
    assert len(house.calls(record)) == 4 and mock.stats()["peak"] == 4, mock.stats()


def test_ultra_is_conducted_and_mini_is_one_worker(mock, start):
    workers = [house.worker("a", mock), house.worker("b", mock)]
    baton = start(house.Baton, workers, routes=[{"name": "rest", "use": {"workflow": "poll"}}])
    ultra = baton.exchange(baton.chat(model="baton-ultra"))
    assert ultra["route"]["workflow"] == "conducted"
    assert [s["name"] for s in ultra["steps"]][:1] == ["plan"]
    mini = baton.exchange(baton.chat(model="baton-mini"))
    assert mini["route"]["workflow"] == "single" and len({c["worker"] for c in house.calls(mini)}) == 1


def test_a_ceiling_too_small_for_the_team_is_refused_before_anybody_is_asked(mock, start):
    workers = [house.worker(n, mock, price={"input": 10.0, "output": 40.0}) for n in "abc"]
    baton = start(house.Baton, workers, routes=[{"name": "rest", "use": {"workflow": "mixture_of_agents"}}])
    before = mock.stats()["requests"] if "requests" in mock.stats() else None
    reply = baton.chat(headers={"baton-max-cost-usd": "0.000001"})
    assert reply.status in (402, 403, 429), reply.text
    assert "step" in reply.error["message"] and reply.error["code"] == "request_cost_ceiling"
    if before is not None:
        assert mock.stats()["requests"] == before


def test_route_prints_the_plan_and_its_worst_case(mock, start):
    workers = [house.worker("a", mock), house.worker("b", mock)]
    baton = start(house.Baton, workers, routes=[{"name": "rest", "use": {"workflow": "pipeline"}}])
    (baton.folder / "request.json").write_text(json.dumps(house.ask("hello")))
    code, out, err = house.run("route", "--config", baton.config_path, "--json", baton.folder / "request.json")
    assert code == 0, err
    plan = json.loads(out)["plan"]
    assert [s["name"] for s in plan["steps"]][:3] == ["outline", "execute", "verify1"]
    assert float(plan["worst_case_usd"]) > 0


def test_check_finds_stale_names_and_missing_steps(tmp_path, mock, start):
    baton = start(house.Baton, [house.worker("a", mock)])
    baton.write(workflows=[{"name": "mine", "steps": [{"name": "x", "sees": "y"}]}, {"name": "p", "kind": "pol"},
                           {"name": "q", "kind": "poll", "workers": ["gone"]}])
    code, _out, err = house.run("check", baton.config_path)
    text = _out + err
    assert code == 1 and "sees 'y'" in text and "did you mean 'poll'" in text and "'gone'" in text, text


def test_a_contract_is_a_model_with_inputs_and_a_checked_output(mock, start):
    mock.script("rules:\n  - reply: '{\"urgent\": true}'\n")
    flow = {"name": "urgency", "inputs": ["subject"], "output": {"type": "object", "properties": {"urgent": {"type": "boolean"}}, "required": ["urgent"]},
            "steps": [{"name": "decide", "instruction": "Is it urgent?"}]}
    baton = start(house.Baton, [house.worker("a", mock)], workflows=[flow])
    assert "urgency" in [m["id"] for m in baton.get("/v1/models").json()["data"]]
    missing = baton.chat(model="urgency")
    assert missing.status == 400 and missing.error["code"] == "missing_input"
    reply = baton.chat(model="urgency", inputs={"subject": "the house burns"})
    assert reply.status == 200 and json.loads(reply.json()["choices"][0]["message"]["content"]) == {"urgent": True}
    seen = json.dumps(mock.requests())
    assert "the house burns" in seen


def test_a_stream_that_breaks_off_goes_on_with_another_worker(mock, start):
    whole = "The quick brown fox jumps over the lazy dog and runs away into the deep dark forest."
    mock.script("rules:\n"
                f"  - model: a-model\n    reply: '{whole}'\n    fault: {{cut_after: 2200}}\n"
                f"  - reply: '{whole}'\n")
    baton = start(house.Baton, [house.worker("a", mock), house.worker("b", mock)])
    reply = baton.chat(stream=True)
    if not reply.streamed_text():
        pytest.skip("the mock cut before the first text")
    assert reply.streamed_text() == whole, reply.text
    assert reply.events()[-1] == "[DONE]"
    record = baton.exchange(reply)
    assert [c["worker"] for c in house.calls(record)] == ["a", "b"] and record["worker"] == "b"
