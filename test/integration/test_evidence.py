"""The evidence policy as a rule: workers of known quality, asked one after another while that is worth its price."""
import json
import random
import re

import pytest

import house
from learning import TABLE, ask

pytestmark = pytest.mark.skipif(not TABLE.exists(), reason=f"{TABLE} is not here; `baton models pull minilm-static` makes it")


@pytest.fixture(scope="module")
def evidence(tmp_path_factory):
    """Three workers of known quality that err apart: right 70, 80 and 90 times of a hundred."""
    folder = tmp_path_factory.mktemp("evidence")
    chance, rows = random.Random(3), []
    for i in range(400):
        right, models = str(100 + i), {}
        for name, p, usd in (("small", 0.7, 0.0001), ("mid", 0.8, 0.0002), ("large", 0.9, 0.004)):
            answer = right if chance.random() < p else str(chance.randrange(1000, 9000))
            models[name] = {"score": int(answer == right), "response": f"The answer is {answer}.", "answer": answer, "cost": usd,
                            "prompt_tokens": 60, "completion_tokens": 8}
        rows.append({"id": str(i), "benchmark": "made_up", "prompt": f"What is {i} + 100? Give the number.", "models": models})
    data = folder / "answers.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    out = folder / "model.evidence"
    code, told, err = house.run("train", "evidence", "--data", data, "--out", out)
    assert code == 0, err
    router = folder / "router.bin"
    code, _, err = house.run("train", "router", "--data", data, "--out", router, "--table", TABLE, "--kind", "logistic")
    assert code == 0, err
    return out, router


def team(start, mock, evidence, **router):
    prices = {"small": {"input": 1, "output": 1}, "mid": {"input": 2, "output": 2}, "large": {"input": 40, "output": 40}}
    return start(house.Baton, [house.worker(name, mock, price=price) for name, price in prices.items()],
                 router={"evidence": str(evidence[0]), "model": str(evidence[1]), "table": str(TABLE), "value_usd": 0.05, **router},
                 routes=[{"name": "sums", "use": {"policy": "evidence"}}])


def says(mock, **answers):
    mock.script("rules: [" + ", ".join(f"{{model: {name}-model, reply: 'The answer is {answer}.'}}" for name, answer in answers.items()) + "]")


def test_evidence_asks_on_while_it_is_worth_it_and_says_why(start, mock, evidence):
    baton = team(start, mock, evidence)
    says(mock, small=142, mid=142, large=142)
    agreed = ask(baton, "What is 42 + 100? Give the number.")
    assert "142" in agreed.json()["choices"][0]["message"]["content"]
    record = baton.exchange(agreed)
    called = {c["worker"] for c in house.calls(record)}
    assert len(called) == 2, "two agree: the third is not worth its price"
    assert record["route"]["policy"].startswith("evidence-") and record["route"]["workflow"] == "evidence"
    told = json.dumps(record)
    assert "all 2 agree" in told and re.search(r"not worth \$", told) and "P(right)" in told
    code, out, _ = house.run("log", "--store", baton.store, agreed.headers["x-baton-exchange"])
    assert code == 0 and "all 2 agree" in out
    code, out, err = house.run("ask", "--url", baton.url, "What is 42 + 100? Give the number.")
    assert code == 0 and "all 2 agree" in out + err
    says(mock, small=141, mid=142, large=142)
    differ = ask(baton, "What is 42 + 100? Give the number.")
    assert "142" in differ.json()["choices"][0]["message"]["content"], "two of three"
    assert len(house.calls(baton.exchange(differ))) == 3


def test_baton_mini_asks_one_worker_whatever_the_rule_says(start, mock, evidence):
    baton = team(start, mock, evidence)
    says(mock, small=142, mid=141, large=140)
    reply = ask(baton, "What is 42 + 100? Give the number.", model="baton-mini")
    record = baton.exchange(reply)
    assert len(house.calls(record)) == 1 and record["route"]["policy"].startswith("router-")
    assert record["route"]["propensity"] == 1 and "P(correct)" in record["route"]["reason"]


def test_a_caller_to_whom_quality_is_worth_little_gets_one_answer(start, mock, evidence):
    baton = team(start, mock, evidence)
    says(mock, small=142, mid=141, large=140)
    reply = ask(baton, "What is 42 + 100? Give the number.", headers={"baton-quality": "0.0000001"})
    assert len(house.calls(baton.exchange(reply))) == 1


@pytest.mark.parametrize("router,word", [({}, "router: {evidence: FILE}"), ({"evidence": "absent.evidence"}, "")])
def test_an_evidence_rule_without_a_model_is_told_at_the_start(tmp_path, mock, router, word):
    config = tmp_path / "c.yaml"
    config.write_text(json.dumps({"workers": [house.worker("a", mock)], "router": router, "routes": [{"name": "r", "use": {"policy": "evidence"}}]}))
    code, out, err = house.run("check" if word else "serve", *([config] if word else ["--config", config, "--listen", "127.0.0.1:0"]))
    assert code == 1 and (word or "absent.evidence") in out + err
