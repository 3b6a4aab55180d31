"""Behaviour contracts: named like a model, shaped, checked before anything leaves, a slice of their own."""
import json

import house
import pytest

SCHEMA = {"type": "object", "properties": {"refund": {"type": "boolean"}, "why": {"type": "string"}},
          "required": ["refund", "why"], "additionalProperties": False}
GOOD = json.dumps({"refund": True, "why": "late"})
CONTRACT = {"name": "refund_decision", "description": "Does this ticket get its money back?", "instruction": "Decide about the ticket.",
            "inputs": ["ticket"], "output": SCHEMA, "task": "classification"}


@pytest.fixture
def serve(mock, start):
    """serve(answers, **contract): a Baton with one worker that gives these answers in turn, and one contract."""

    def make(answers, workers=None, **contract):
        rules = "".join(f"  - {{reply: {json.dumps(a)}, times: 1}}\n" for a in answers)
        mock.script("rules:\n" + rules if rules else "rules: []\n")
        return start(house.Baton, workers or [house.worker("one", mock)], contracts=[{**CONTRACT, **contract}])

    return make


def call(baton, headers=None, **more):
    return baton.post("/v1/chat/completions", {"model": "refund_decision", "messages": [{"role": "user", "content": "Please decide."}],
                                               "inputs": {"ticket": "The parcel came two weeks late."}, **more}, headers=headers)


def test_an_answer_that_keeps_the_contract_leaves_and_is_a_slice_of_its_own(serve, mock):
    baton = serve([GOOD])
    reply = call(baton)
    assert reply.status == 200 and json.loads(reply.json()["choices"][0]["message"]["content"])["refund"] is True, reply.text
    record = baton.exchange(reply)
    assert record["contract"] == "refund_decision" and record["request"]["task"] == "classification"
    assert record["request"]["model"] == "refund_decision"
    asked = json.loads(mock.requests()[0]["body"]) if isinstance(mock.requests()[0]["body"], str) else mock.requests()[0]["body"]
    assert asked["messages"][0] == {"role": "system", "content": "Decide about the ticket."}
    assert "The parcel came two weeks late." in json.dumps(asked["messages"][-1]), "the input reaches the worker"
    assert asked["response_format"]["type"] == "json_schema"
    baton.chat()
    lines = house.wait_until(lambda: (lambda out: out if out[1].count("\n") == 1 else None)(
        house.run("log", "--store", baton.store, "--json", "--contract", "refund_decision")), what="the slice")
    assert json.loads(lines[1])["contract"] == "refund_decision"
    assert "refund_decision" in [m["id"] for m in baton.get("/v1/models").json()["data"]]


def test_a_bad_answer_is_repaired_with_the_objection_in_sight(serve, mock):
    baton = serve(["I would refund it.", GOOD])
    reply = call(baton)
    assert reply.status == 200 and json.loads(reply.json()["choices"][0]["message"]["content"])["why"] == "late", reply.text
    steps = {s["name"]: s for s in baton.exchange(reply)["steps"]}
    assert steps["contract"]["verdict"] == "reject" and steps["repair1"]["verdict"] == "accept"
    assert "I would refund it." in json.dumps(mock.requests()[1]), "the repair sees what was refused"


@pytest.mark.parametrize("stream", [False, True])
def test_what_cannot_be_repaired_never_leaves(serve, stream):
    baton = serve(["no JSON", "still none", "never"])
    reply = call(baton, stream=stream)
    assert reply.status == 502 and reply.error["code"] == "contract_broken", reply.text
    assert "no JSON" not in reply.text and "still none" not in reply.text


def test_a_stream_under_a_contract_holds_only_what_was_accepted(serve):
    baton = serve(["no JSON", GOOD])
    reply = call(baton, stream=True)
    assert reply.status == 200 and json.loads(reply.streamed_text())["refund"] is True, reply.text
    assert "no JSON" not in reply.text and reply.events()[-1] == "[DONE]"


def test_inputs_are_those_of_the_contract_and_no_others(serve):
    baton = serve([])
    assert call(baton, inputs={}).error["code"] == "missing_input"
    assert call(baton, inputs={"ticket": "x", "extra": "y"}).error["code"] == "unknown_input"
    assert call(baton, inputs=[]).error["code"] == "bad_inputs"
    assert call(baton, n=2).error["code"] == "contract_n"


def test_inputs_are_classified_like_any_text(serve, mock):
    baton = serve([], data=["public", "internal"])
    reply = call(baton, inputs={"ticket": "Card 4111 1111 1111 1111 was charged."})
    assert reply.status == 403 and reply.error["code"] in ("contract_data", "policy_violation"), reply.text
    assert mock.requests() == [], "nobody was asked"


def test_the_ceiling_holds_whatever_the_caller_says(serve):
    baton = serve([GOOD], ceiling={"usd": "0.0000001"})
    reply = call(baton, headers={"baton-max-cost-usd": "5"})
    assert reply.status == 429, reply.text
    assert baton.exchange(reply)["cost_nanos"] == 0


def test_the_quality_bar_is_checked_beside_the_form(serve):
    baton = serve([json.dumps({"refund": True, "why": "x"}), GOOD], quality={"verify": [{"name": "regex", "pattern": "late"}]})
    assert call(baton).status == 200


def test_a_contract_names_no_worker(serve, mock, tmp_path):
    def problems(**contract):
        path = tmp_path / "c.yaml"
        path.write_text(json.dumps({"workers": [house.worker("one", mock)], "contracts": [{**CONTRACT, **contract}]}))
        code, out, err = house.run("check", path)
        assert code == 1
        return out + err

    assert "never who answers" in problems(policy="one")
    assert "no route or workflow" in problems(policy="nowhere")
    assert "name of something else" in problems(name="one")
    assert "unknown key 'workers'" in problems(workers=["one"])
    assert "json_schema" in problems(output={"type": "nonsense"})


def test_a_dry_run_shows_the_check_and_the_repair(serve, tmp_path):
    baton = serve([])
    answer = baton.post("/v1/route", {"model": "refund_decision", "messages": [{"role": "user", "content": "x"}], "inputs": {"ticket": "t"}})
    # The dry run reads `inputs` only where a contract is called: it names what is missing otherwise.
    assert answer.status in (200, 400), answer.text
