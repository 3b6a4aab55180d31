"""`baton eval` with verifiers that look at recorded answers."""
import json
import random

import pytest

import house


def assertions(tmp_path, rows=120):
    """Questions whose value running them tells. The cheap worker is right half of the time, and nothing but a check knows when."""
    draw = random.Random(3)
    path = tmp_path / "outcomes.jsonl"
    with path.open("w") as out:
        for i in range(rows):
            n = draw.randrange(1000)
            right = draw.random() < 0.5
            models = {"cheap": {"answer": str(2 * n if right else 2 * n + 1), "response": "so", "score": 1.0 if right else 0.0, "cost": 0.0001},
                      "dear": {"answer": str(2 * n), "response": "so", "score": 1.0, "cost": 0.01}}
            out.write(json.dumps({"id": str(i), "benchmark": "b", "prompt": f"def f(x):\n    return 2 * x\nassert f({n}) == ??", "models": models}) + "\n")
    return path


def test_a_verifier_over_recorded_answers_spares_the_dear_worker(tmp_path):
    data, kept, result = assertions(tmp_path), tmp_path / "verdicts", tmp_path / "r.json"
    command = ["eval", "--data", data, "--seeds", "2", "--draws", "50", "--policies", "evidence,evidence_no_verifier", "--verify", "code",
               "--verdicts", kept, "--json", result]
    code, out, err = house.run(*command)
    assert code == 0, err
    known = kept.read_text()
    if not known:
        pytest.skip("no sandbox here: every verdict is unknown")
    assert {line.split()[1] for line in known.splitlines()} == {"1", "-1"}
    policies = json.loads(result.read_text())["policies"]
    with_it, without = (policies[name]["cost_to_match_best_single"] for name in ("evidence", "evidence_no_verifier"))
    assert with_it["share"] < 0.7, with_it
    assert not without or without["share"] > with_it["share"] + 0.2
    # What is known is not judged again, and the same comes out; a line that was cut short is passed over.
    kept.write_text(known + "12ab")
    code, out, err = house.run("eval", "--rerun", result, "--verdicts", kept)
    assert code == 0 and "reproduced" in out, (out, err)
    assert kept.read_text() == known + "12ab"


def test_a_verifier_that_is_unknown_or_asks_a_model_is_refused(tmp_path):
    data = assertions(tmp_path, 10)
    code, _, err = house.run("eval", "--data", data, "--verify", "cod")
    assert code == 1 and "cod" in err and "code" in err, err
    code, _, err = house.run("eval", "--data", data, "--verify", "judge")
    assert code == 1 and "asks a model" in err, err
    code, _, err = house.run("eval", "--data", data, "--verify", "code", "--verdicts", tmp_path / "no" / "file")
    assert code == 1 and "cannot write" in err, err
