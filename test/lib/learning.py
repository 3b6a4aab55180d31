"""A server with a small trained router over two workers, for the tests of learned routing."""
import json
import pathlib
import tempfile

import house

TABLE = house.ROOT / "models/minilm-static.table"

SUM, STORY = "What is 41 + 17 * 3? Give the number.", "Write a story about a king and his three daughters."
DEAR, CHEAP = {"input": 10, "output": 10}, {"input": 0.1, "output": 0.1}


def train(folder, name, cheap_story, dear_story=0.9):
    """A router that knows: sums anybody can do; stories as said."""
    data = folder / f"{name}.jsonl"
    rows = []
    for i in range(80):
        is_sum = i % 2
        prompt = f"What is {11 + i} + {7 * i % 90} * 3? Give the number." if is_sum else f"Write a story about a king and his {i} horses."
        rows.append({"id": str(i), "benchmark": "made_up", "prompt": prompt,
                     "models": {"dear": {"score": 1 if is_sum else dear_story, "completion_tokens": 100},
                                "cheap": {"score": 1 if is_sum else cheap_story, "completion_tokens": 100}}})
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    out = folder / f"{name}.bin"
    code, told, err = house.run("train", "router", "--data", data, "--out", out, "--table", TABLE, "--kind", "logistic", "--json")
    assert code == 0, err
    return out, json.loads(told)["version"]


def make(start, mock, model, learning=None, value=0.1, routes=None, router=None, **more):
    baton = start(house.Baton, [house.worker("dear", mock, price=DEAR), house.worker("cheap", mock, price=CHEAP)],
                  router={"model": str(model[0]), "table": str(TABLE), "value_usd": value, **(router or {})}, learning=learning or {},
                  routes=routes or [{"name": "rest", "use": {"policy": "learned", "baseline": "dear"}}], **more)
    baton.model = model
    return baton


def ask(baton, text, **options):
    reply = baton.chat(text, **options)
    assert reply.status == 200, reply.text
    return reply


def worker_of(reply):
    return reply.headers["x-baton-worker"]


def rate(baton, reply, score):
    said = baton.post("/v1/feedback", {"exchange": reply.headers["x-baton-exchange"], "score": score})
    assert said.status == 200, said.text


def learned(baton, count, lesson="taught"):
    """Until so many ratings have been read."""
    name = f'baton_ratings_learned_total{{lesson="{lesson}"}}'
    house.wait_until(lambda: baton.metrics().get(name, 0) >= count, what=f"{count} ratings to be learned")


def cli(baton, *arguments, code=0):
    got, out, err = house.run(*arguments, "--url", baton.url, "--json")
    assert got == code, (got, out, err)
    return json.loads(out) if code == 0 else err


def records(baton, endpoint):
    code, out, err = house.run("log", "--store", baton.store, "--limit", "1000", "--json")
    assert code == 0, err
    return [r for r in map(json.loads, out.splitlines()) if r["request"]["endpoint"] == endpoint]


def three_routers():
    """`old` sends stories to the dear worker; `new` knows that the cheap one can write them; `near` sees little between them."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="routers-", dir=house.WORK))
    return {"old": train(folder, "old", 0.1), "new": train(folder, "new", 0.9), "near": train(folder, "near", 0.5, 0.7)}
