"""The learned router, from training to decisions: who is chosen and why, what a broken file changes, and what does not."""
import json

import pytest

import house

TABLE = house.ROOT / "models/minilm-static.table"
pytestmark = pytest.mark.skipif(not TABLE.exists(), reason=f"{TABLE} is not here; `baton models pull minilm-static` makes it")

SUM, STORY = "What is 41 + 17 * 3? Give the number.", "Write a story about a king and his three daughters."


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Sums: both workers can do them. Stories: the dear one can."""
    folder = tmp_path_factory.mktemp("router")
    rows = []
    for i in range(80):
        prompt = f"What is {11 + i} + {7 * i % 90} * 3? Give the number." if i % 2 else f"Write a story about a king and his {i} horses."
        rows.append({"id": str(i), "benchmark": "made_up", "prompt": prompt,
                     "models": {"dear": {"score": 1, "completion_tokens": 300}, "cheap": {"score": i % 2, "completion_tokens": 20}}})
    data = folder / "data.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    code, out, err = house.run("train", "router", "--data", data, "--out", folder / "router.bin", "--table", TABLE, "--json")
    assert code == 0, err
    told = json.loads(out)
    assert told["rows"] == 80 and set(told["workers"]) == {"dear", "cheap"}
    return folder / "router.bin", told["version"]


@pytest.fixture
def routed(mock, start, model, tmp_path):
    file = tmp_path / "router.bin"
    file.write_bytes(model[0].read_bytes())
    baton = start(house.Baton, [house.worker("dear", mock, price={"input": 10, "output": 10}),
                                house.worker("cheap", mock, price={"input": 0.1, "output": 0.1})],
                  router={"model": str(file), "table": str(TABLE), "value_usd": 0.1},
                  routes=[{"name": "rest", "use": {"policy": "learned", "baseline": "dear"}}])
    baton.model_file = file
    return baton


def answered_by(baton, text, **options):
    reply = baton.chat(text, model=options.pop("model", "baton"), **options)
    assert reply.status == 200, reply.text
    return reply.headers["x-baton-worker"]


@pytest.mark.parametrize("name", ["baton", "baton-mini", "rest"])
def test_each_question_goes_to_the_worker_worth_most(routed, name):
    assert answered_by(routed, SUM, model=name) == "cheap"
    assert answered_by(routed, STORY, model=name) == "dear"


def test_the_record_says_which_policy_decided_why_and_how_likely(routed, model):
    route = routed.exchange(routed.chat(SUM))["route"]
    assert route["policy"] == model[1]
    assert route["propensity"] == 1
    assert "P(correct)" in route["reason"] and "cheapest worker" in route["reason"]


def test_the_callers_value_of_quality_goes_before_the_operators(routed):
    assert answered_by(routed, STORY, headers={"baton-quality": "0.000001"}) == "cheap"


@pytest.mark.parametrize("bytes_of", [lambda good: b"", lambda good: b"something else entirely", lambda good: good[:-20],
                                      lambda good: good[:200] + bytes([good[200] ^ 1]) + good[201:]],
                         ids=["empty", "foreign", "cut", "changed"])
def test_a_file_that_cannot_be_used_leaves_the_last_good_policy(routed, model, bytes_of):
    routed.model_file.write_bytes(bytes_of(routed.model_file.read_bytes()))
    assert routed.post("/admin/reload").status == 200
    assert "the router before stays" in routed.program.output()
    assert answered_by(routed, SUM) == "cheap"
    assert routed.exchange(routed.chat(SUM))["route"]["policy"] == model[1]
    assert "baton_learned_refused_total" in routed.get("/metrics").text


def test_a_price_that_changed_acts_on_the_next_request(routed, mock):
    routed.workers = [house.worker("dear", mock, price={"input": 0.01, "output": 0.01}),
                      house.worker("cheap", mock, price={"input": 100, "output": 100})]
    routed.write()
    assert routed.post("/admin/reload").status == 200
    assert answered_by(routed, SUM) == "dear"


def test_without_the_table_the_baseline_serves_and_it_is_said(mock, start, model, tmp_path):
    baton = start(house.Baton, [house.worker("dear", mock), house.worker("cheap", mock)],
                  router={"model": str(model[0]), "table": str(tmp_path / "absent.table")},
                  routes=[{"name": "rest", "use": {"policy": "learned", "baseline": "dear"}}])
    assert answered_by(baton, SUM) == "dear"
    assert "rules alone decide" in baton.program.output()
    assert "baton_router_loaded 0" in baton.get("/metrics").text


@pytest.mark.parametrize("arguments,why", [(["--data", "absent.jsonl", "--out", "x"], "absent.jsonl"),
                                           (["--out", "x"], "--data"), (["--data", "y", "--out", "x", "--kind", "oracle"], "")])
def test_training_that_cannot_be_done_says_why(arguments, why, tmp_path):
    code, out, err = house.run("train", "router", *arguments, "--table", TABLE, cwd=tmp_path)
    assert code in (1, 2) and why in err and not (tmp_path / "x").exists()
