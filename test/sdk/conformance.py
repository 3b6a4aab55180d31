"""Runs both official clients against Baton with workers of each dialect, provided by Baton's own mock and by a
mock written by others, compares every result with what it must be, and writes docs/compatibility.md."""
import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))

import house  # noqa: E402

BIN = pathlib.Path(sys.executable).parent
NODE = os.environ.get("BATON_NODE") or str(BIN / "node")
DIALECTS = ["openai", "anthropic", "gemini"]


def call(city):
    return {"name": "get_weather", "arguments": {"city": city}, "type": "function", "id": True}


ERROR = {"type": "invalid_request_error", "message": True, "request_id": True}
EXPECTED = {
    "chat": {"text": "6 * 7 = 42.", "role": "assistant", "finish": "stop", "object": "chat.completion", "usage": True, "tool_calls": None, "request_id": True},
    "streaming": {"text": "6 * 7 = 42.", "role": "assistant", "finish": ["stop"], "one_id": True, "object": "chat.completion.chunk", "usage": False},
    "stream_usage": {"choices": 0, "usage": True, "others": False},
    "tools": {"calls": [call("Paris")], "finish": "tool_calls", "content": None, "distinct_ids": True, "end": "It rains in Paris."},
    "parallel_tools": {"calls": [call("Paris"), call("Tokyo")], "finish": "tool_calls", "content": None, "distinct_ids": True, "end": "Rain in both."},
    "streamed_tools": {"calls": [call("Paris"), call("Tokyo")], "finish": "tool_calls"},
    "structured": {"name": "Alice Martin", "age": 34},
    "streamed_structured": {"name": "Alice Martin", "age": 34},
    "images": {"text": "I was given 1 image."},
    "embedding": {"count": 1, "numbers": True, "long": True},
    "embeddings": {"count": 2, "index": [0, 1], "same_length": True, "numbers": True, "long": True},
    "models": {"listed": True, "one": "conformance"},
    "abort": {"began": True},
    "error_400": {**ERROR, "class": "BadRequestError", "status": 400, "code": ...},
    "error_404": {**ERROR, "class": "NotFoundError", "status": 404, "code": "model_not_found"},
    "provider_400": {"class": "BadRequestError", "status": 400, "type": "invalid_request_error"},
    "provider_429": {"class": "RateLimitError", "status": 429},
    "provider_500": {"class": "InternalServerError", "over_500": True, "type": "server_error"},
    "retries": {"text": "at last"},
    "timeouts": {"class": "timeout"},
}
TITLES = {
    "chat": "chat", "streaming": "streaming", "stream_usage": "`include_usage`", "tools": "tools, with results sent back", "parallel_tools": "parallel tools",
    "streamed_tools": "streamed parallel tools (helper)", "structured": "structured output (`parse`)", "streamed_structured": "structured output, streamed (helper)",
    "images": "images", "embedding": "embedding of one text", "embeddings": "embeddings of several (base64 on the wire)", "models": "models", "abort": "abort in mid-stream cancels the provider",
    "error_400": "error: bad request", "error_404": "error: unknown model", "provider_400": "error: the provider's 400", "provider_429": "error: the provider's 429",
    "provider_500": "error: the provider's 500", "retries": "the client's own retries", "timeouts": "the client's own time-out",
}
# What a foreign mock cannot be told to do is asked of our own only.
OWN_ONLY = {"abort", "retries", "timeouts"}
# No such endpoint at the vendor: Baton refuses it instead of inventing one.
MISSING = {("anthropic", "embedding"), ("anthropic", "embeddings")}
# The foreign mock does not have Gemini's batchEmbedContents.
NOT_FOREIGN = {("gemini", "embeddings")}

OWN_SCRIPT = json.dumps({"name": "conformance", "rules": [
    {"contains": "slow", "reply": "one two three four five six seven eight nine ten", "fault": {"per_chunk": "200ms"}},
    {"contains": "late", "fault": {"latency": "5s"}},
    {"contains": "flaky", "times": 1, "fault": {"status": 503}},
    {"contains": "flaky", "reply": "at last"},
    {"contains": "refuse-400", "fault": {"status": 400, "error": {"type": "invalid_request_error", "message": "That is wrong."}}},
    {"contains": "refuse-429", "fault": {"status": 429, "error": {"type": "rate_limit_error", "message": "Too fast."}}},
    {"contains": "refuse-500", "fault": {"status": 500, "error": {"type": "server_error", "message": "Broken."}}},
    {"contains": "6 * 7", "reply": "6 * 7 = 42."},
    {"contains": "image", "has_image": True, "reply": "I was given 1 image."},
    {"contains": "rain\nrain", "reply": "Rain in both."},
    {"contains": "rain", "reply": "It rains in Paris."},
]})


class Foreign:
    """The mock provider written by others, as a process."""

    def __init__(self):
        self.program = house.Program("aimock", [HERE / "providers.mjs"], cwd=HERE, binary=NODE, ready=r"^(\d+)\n")
        self.port = self.program.port

    def stop(self):
        self.program.stop()


def start_baton(upstream, dialect):
    # No retries of our own: what the clients do shall be seen. A breaker that opens on scripted failures would hide it.
    patient = {"failures": 1000, "error_rate": 1.0, "window": 1000, "retry_after_max": "0s"}
    workers = [house.worker(name, upstream, dialect, breaker=patient, max_output=500) for name in ("conformance", "flaky", "failing")]
    return house.Baton(workers, retry={"budget": 0})


def run_client(client, url, features):
    command = [sys.executable, HERE / "client.py"] if client == "python" else [NODE, HERE / "client.mjs"]
    done = subprocess.run([*map(str, command), url, *features], capture_output=True, text=True, timeout=180, cwd=HERE)
    house.note(done.stdout, done.stderr)
    if done.returncode != 0 or not done.stdout.strip():
        return {f: f"the client ended with {done.returncode}: {done.stderr[-300:]}" for f in features}
    return json.loads(done.stdout.strip().splitlines()[-1])


def matches(result, expected):
    if isinstance(result, dict) and isinstance(expected, dict):
        return result.keys() == expected.keys() and all(v is ... or result[k] == v for k, v in expected.items())
    return result == expected


def run_cell(client, dialect, own):
    """Every feature of one client against one dialect: {feature: problem or None}."""
    upstream = house.Mock(OWN_SCRIPT) if own else Foreign()
    baton = None
    outcome = {}
    try:
        baton = start_baton(upstream, dialect)
        features = [f for f in EXPECTED if own or f not in OWN_ONLY and (dialect, f) not in NOT_FOREIGN]
        results = run_client(client, f"{baton.url}/v1", features)
        for f in features:
            if (dialect, f) in MISSING:
                outcome[f] = None if "BadRequestError" in str(results[f]) or "400" in str(results[f]) else f"must be refused: {results[f]}"
            else:
                outcome[f] = None if matches(results[f], EXPECTED[f]) else json.dumps(results[f])
        if own and not outcome["abort"]:
            try:
                house.wait_until(lambda: upstream.stats()["aborted"] >= 1, 10, "the provider's call to be cancelled")
            except AssertionError as e:
                outcome["abort"] = str(e)
    finally:
        if baton:
            baton.stop()
        upstream.stop()
    return outcome


def versions():
    import openai

    package = json.loads((HERE / "package.json").read_text())["dependencies"]
    return {"python": f"openai {openai.__version__} (Python)", "node": f"openai {package['openai']} (Node)",
            "aimock": f"@copilotkit/aimock {package['@copilotkit/aimock']}"}


def table(own, cells):
    columns = [(c, d) for c in ("python", "node") for d in DIALECTS]
    lines = ["| feature | " + " | ".join(f"{c}, {d}" for c, d in columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for feature in EXPECTED:
        if not own and feature in OWN_ONLY:
            continue
        row = []
        for c, d in columns:
            if not own and (d, feature) in NOT_FOREIGN:
                row.append("-")
                continue
            problem = cells[(c, d, own)].get(feature, "not run")
            row.append("**differs**" if problem else "refused" if (d, feature) in MISSING else "same")
        lines.append(f"| {TITLES[feature]} | " + " | ".join(row) + " |")
    return "\n".join(lines)


def page(cells):
    v = versions()
    return f"""# Compatibility

Written by `test/sdk/run`; do not edit. Each cell is one run of a vendor's own client ({v['python']}, {v['node']}) through
Baton to a worker of that dialect. *same*: the client's objects were exactly the expected ones, which are the same for every
client and dialect. *-*: the mock has no such endpoint. *refused*: the vendor has no such endpoint, and Baton says so with a 400.

## Workers provided by `baton mock`

{table(True, cells)}

## Workers provided by a mock that is not ours

{v['aimock']} speaks all three dialects and knows nothing of Baton, so a misunderstanding of a dialect cannot stand on both sides.

{table(False, cells)}
"""


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--page", default=str(house.ROOT / "docs/compatibility.md"), help="where the table goes")
    options = arguments.parse_args()
    jobs = [(c, d, own) for own in (True, False) for c in ("python", "node") for d in DIALECTS]
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        cells = dict(zip(jobs, threads.map(lambda job: run_cell(*job), jobs)))
    passed = failed = 0
    for (client, dialect, own), outcome in cells.items():
        for feature, problem in outcome.items():
            passed, failed = passed + (problem is None), failed + (problem is not None)
            if problem is not None:
                print(f"FAILED {client} / {dialect} / {'own mock' if own else 'aimock'} / {feature}:\n   got {problem[:600]}\n   not {EXPECTED[feature]}")
    leaks = [str(p) for p in house.WORK.rglob("*") if p.is_file() and house.SECRET.encode() in p.read_bytes()]
    if leaks:
        failed += 1
        print("FAILED the provider's key is in " + ", ".join(leaks))
    else:
        passed += 1
    if failed:
        print(f"logs of this run: {house.WORK}")
    else:
        house.clean_up()
    text = page(cells)
    if pathlib.Path(options.page).read_text() != text if pathlib.Path(options.page).exists() else True:
        pathlib.Path(options.page).write_text(text)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
