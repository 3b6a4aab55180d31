"""Starts the demo server, asks real questions through the official client, shows answers and their provenance."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import openai

BATON = os.path.abspath("build/baton")
DIR = os.path.abspath("build/demo")
PIDS = os.path.join(DIR, "pids")
PORTS = {"server": 8080, "mock_a": 9191, "mock_b": 9192}
BOLD, DIM, CYAN, RED, OFF = ("\033[1m", "\033[2m", "\033[36m", "\033[31m", "\033[0m") if sys.stdout.isatty() else ("",) * 5

CONFIG = """# Written by `make demo`. Two small models run inside Baton; the two "frontier" workers are simulated: a scripted
# mock provider on this machine, there to show routing, dialects and prices without a key.
listen: 127.0.0.1:{server}
store: sqlite:demo.db
workers:
  - name: smol
    dialect: local
    path: {root}/models/smollm2-135m-instruct.gguf
    price: {{input: 0, output: 0}}
    can: [tools, json_schema]
    max_output: 256
    data: {{region: here, retention: none, trains: false, classes: [public, internal, personal, secret]}}
  - name: gemma
    dialect: local
    path: {root}/models/gemma-3-270m.gguf
    price: {{input: 0, output: 0}}
    can: [json_schema]
    max_output: 256
    data: {{region: here, retention: none, trains: false, classes: [public, internal, personal, secret]}}
  - name: minilm
    dialect: local
    path: {root}/models/all-minilm-l6-v2.gguf
    price: {{input: 0, output: 0}}
    can: [embeddings_only]
    data: {{region: here, retention: none, trains: false, classes: [public, internal, personal, secret]}}
  - name: frontier-a
    dialect: openai
    base_url: http://127.0.0.1:{mock_a}/v1
    model: frontier-a-simulated
    simulated: true
    private: true
    price: {{input: 1.25, cached_input: 0.125, output: 10.0}}
    context: 400000
    data: {{region: us, retention: 30d, trains: false, classes: [public, internal]}}
  - name: frontier-b
    dialect: anthropic
    base_url: http://127.0.0.1:{mock_b}/v1
    model: frontier-b-simulated
    simulated: true
    private: true
    price: {{input: 3, output: 15}}
    context: 200000
    data: {{region: eu, retention: none, trains: false, classes: [public, internal]}}
routes:
  - name: sensitive
    when: {{data: [personal, secret]}}
    use: {{workers: [smol]}}
  - name: tools
    when: {{has_tools: true}}
    use: {{workers: [frontier-a, frontier-b]}}
  - name: code
    when: {{task: code}}
    use: {{workers: [frontier-b, frontier-a]}}
  - name: extraction
    when: {{format: json_schema}}
    use: {{workers: [smol]}}
  - name: maths
    when: {{task: maths}}
    use: {{workers: [frontier-b, frontier-a]}}
  - name: long
    when: {{input_tokens: {{gt: 700}}}}
    use: {{workers: [frontier-a]}}
  - name: french
    when: {{language: fr}}
    use: {{workers: [frontier-b]}}
  - name: rest
    use: {{workers: [smol, frontier-a]}}
fallback: {{on_timeout: frontier-a, on_error: frontier-a}}
"""

LONG_TEXT = " ".join(
    f"In week {n} the team moved {n * 3} orders from the old system to the new one, found {n % 4 + 2} faults, "
    f"and agreed that the next step would need {n + 2} people for {n % 5 + 2} days." for n in range(1, 41))

WEATHER = {"type": "function", "function": {"name": "get_weather", "description": "Current weather of a city",
           "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}
PERSON = {"type": "json_schema", "json_schema": {"name": "person", "strict": True, "schema": {
    "type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}, "city": {"type": "string"}},
    "required": ["name", "age", "city"], "additionalProperties": False}}}

QUESTIONS = [
    ("a short fact", dict(messages=[("user", "What is the capital of France? Answer in one sentence.")])),
    ("arithmetic", dict(messages=[("user", "What is 37 * 24 + 18?")])),
    ("code", dict(messages=[("user", "Write a Python function that checks whether a string is a palindrome.")])),
    ("extraction to JSON", dict(messages=[("user", "Extract name, age and city: Maria is 34 years old and lives in Lisbon.")], response_format=PERSON)),
    ("a long text", dict(messages=[("user", "Summarise this in one sentence.\n\n" + LONG_TEXT)])),
    ("personal data: must stay on this machine", dict(messages=[("user", "Write a short greeting to our customer, e-mail erika.mustermann@example.com, card 4111 1111 1111 1111.")])),
    ("a tool call", dict(messages=[("user", "What is the weather in Paris right now?")], tools=[WEATHER])),
    ("a French one", dict(messages=[("user", "Quelle est la plus grande ville de France et pourquoi est-elle connue ?")])),
    ("the escape hatch: a worker by its name", dict(model="gemma", messages=[("user", "The three primary colours are")], max_tokens=40)),
]


def alive(pid):
    try:
        os.kill(pid, 0)
        return True
    except OSError:
        return False


def stop():
    """Ends what an earlier demo left running, and only that."""
    if not os.path.exists(PIDS):
        return False
    with open(PIDS) as f:
        pids = [int(x) for x in f.read().split()]
    for pid in pids:
        try:  # a recycled pid belongs to somebody else
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                ours = BATON.encode() in f.read()
        except OSError:
            ours = False
        if ours:
            os.kill(pid, signal.SIGTERM)
            for _ in range(100):
                if not alive(pid):
                    break
                time.sleep(0.05)
    os.remove(PIDS)
    return True


def free_port(wanted):
    for port in [wanted, 0]:
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
                return s.getsockname()[1]
            except OSError:
                continue
    raise SystemExit("no free port on 127.0.0.1")


def start(name, *args):
    log = open(os.path.join(DIR, name + ".log"), "w")
    process = subprocess.Popen([BATON, *args], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=DIR, start_new_session=True)
    with open(PIDS, "a") as f:
        f.write(f"{process.pid}\n")
    return process


def wait_ready(url, process):
    for _ in range(2400):
        if process.poll() is not None:
            with open(os.path.join(DIR, "baton.log")) as f:
                raise SystemExit("the server did not start:\n" + f.read())
        try:
            with urllib.request.urlopen(url + "/readyz", timeout=2) as r:
                if r.status == 200:
                    return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"the server did not get ready; see {DIR}/baton.log")


def ask(client, url, title, spec):
    kwargs = {"model": "baton", "max_completion_tokens": 160, **spec}
    if "max_tokens" in kwargs:
        kwargs.pop("max_completion_tokens")
    kwargs["messages"] = [{"role": r, "content": c} for r, c in spec["messages"]]
    question = spec["messages"][-1][1]
    shown = " ".join(question.split())
    shown = shown if len(shown) < 160 else f"{shown[:100]} ... ({len(question):,} characters)"
    print(f"\n{BOLD}{title}{OFF}\n{DIM}> {shown}{OFF}")
    raw = client.chat.completions.with_raw_response.create(stream=True, **kwargs)
    calls, wrote = {}, False
    for chunk in raw.parse():
        for choice in chunk.choices:
            if choice.delta.content:
                sys.stdout.write(choice.delta.content)
                sys.stdout.flush()
                wrote = True
            for call in choice.delta.tool_calls or []:
                slot = calls.setdefault(call.index, {"name": "", "arguments": ""})
                slot["name"] += call.function.name or ""
                slot["arguments"] += call.function.arguments or ""
    for call in calls.values():
        sys.stdout.write(f"[tool call] {call['name']}({call['arguments']})")
        wrote = True
    print("" if wrote else "(no text)")
    exchange = raw.headers.get("x-baton-exchange")
    tree = subprocess.run([BATON, "log", "--store", os.path.join(DIR, "demo.db"), exchange], capture_output=True, text=True)
    print(f"{CYAN}{tree.stdout.rstrip()}{OFF}" if tree.returncode == 0 else tree.stderr)


def main():
    os.makedirs(DIR, exist_ok=True)
    if "--stop" in sys.argv:
        print("demo server stopped" if stop() else "no demo server is running")
        return
    stop()
    for name in ("demo.db", "demo.db-wal", "demo.db-shm"):
        if os.path.exists(os.path.join(DIR, name)):
            os.remove(os.path.join(DIR, name))
    ports = {k: free_port(v) for k, v in PORTS.items()}
    with open(os.path.join(DIR, "demo.yaml"), "w") as f:
        f.write(CONFIG.format(root=os.getcwd(), **ports))
    url = f"http://127.0.0.1:{ports['server']}"
    start("mock_a", "mock", "--listen", f"127.0.0.1:{ports['mock_a']}")
    start("mock_b", "mock", "--listen", f"127.0.0.1:{ports['mock_b']}")
    began = time.monotonic()
    server = start("baton", "serve", "--config", "demo.yaml")
    wait_ready(url, server)
    print(f"Baton is up on {url} after {time.monotonic() - began:.1f} s: smol and gemma are real models in this process,\n"
          f"frontier-a (OpenAI dialect) and frontier-b (Anthropic dialect) are {BOLD}simulated{OFF} by `baton mock`.")
    client = openai.OpenAI(base_url=url + "/v1", api_key="not-needed", max_retries=0, timeout=120)
    failed = 0
    for title, spec in QUESTIONS:
        try:
            ask(client, url, title, spec)
        except openai.APIError as error:
            failed += 1
            print(f"{RED}failed: {error}{OFF}")
    print(f"""
{BOLD}{len(QUESTIONS) - failed} of {len(QUESTIONS)} questions answered. The server keeps running on {url}{OFF} (stop it: make demo-stop)
Try next:
  build/baton ask --url {url} "Explain in one sentence what a conductor does."
  curl {url}/v1/chat/completions -H 'content-type: application/json' -d '{{"model":"baton","messages":[{{"role":"user","content":"Hello"}}]}}'
  build/baton log --store build/demo/demo.db""")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
