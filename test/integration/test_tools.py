"""Tool workers against an MCP server written by others (the protocol's own reference server that exercises everything), over
standard streams and over streamable HTTP."""
import base64
import json
import os
import pathlib
import signal
import subprocess

import house
import pytest

SERVER = pathlib.Path(__file__).resolve().parents[1] / "mcp/node_modules/@modelcontextprotocol/server-everything/dist/index.js"
NODE = pathlib.Path(os.environ.get("BATON_DEPS") or pathlib.Path.home() / ".cache/baton") / "python-test/bin/node"

pytestmark = pytest.mark.skipif(not SERVER.exists() or not NODE.exists(), reason="tools/setup test installs the tool server and Node")


def tool_worker(name="tools", **more):
    return {"name": name, "dialect": "tool", "price": {"call": 0.001}, **more}


def over_stdio(**more):
    return tool_worker(command=[str(NODE), str(SERVER), "stdio"], env={"PATH": "env:PATH"}, **more)


@pytest.fixture
def over_http(started):
    port = house.free_port()
    log = open(house.WORK / f"mcp-{port}.log", "wb")
    process = subprocess.Popen([str(NODE), str(SERVER), "streamableHttp"], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                               env={"PATH": os.environ["PATH"], "PORT": str(port)}, start_new_session=True)
    import socket

    def listening():
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0

    house.wait_until(listening, 60, "the tool server to listen")
    yield tool_worker(base_url=f"http://127.0.0.1:{port}/mcp", private=True)
    os.killpg(process.pid, signal.SIGKILL)  # what is called node may be a wrapper that starts it
    process.wait()
    log.close()


@pytest.fixture(params=["stdio", "http"])
def tools(request, mock, start):
    worker = over_stdio() if request.param == "stdio" else request.getfixturevalue("over_http")
    return start(house.Baton, [house.worker("one", mock), worker], routes=[{"name": "rest", "use": {"workers": ["one"]}}], threads=1)


def call(baton, name, arguments, model="tools", **more):
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    calls = [{"id": "call_1", "type": "function", "function": {"name": name, "arguments": text}}]
    messages = [{"role": "user", "content": "please"}, {"role": "assistant", "content": None, "tool_calls": calls}]
    return baton.post("/v1/chat/completions", {"model": model, "messages": messages, **more})


def content(reply):
    assert reply.status == 200, reply.text
    return reply.json()["choices"][0]["message"]["content"]


def test_a_tool_answers_and_costs_its_price(tools):
    reply = call(tools, "echo", {"message": "déjà vu"})
    assert content(reply) == "Echo: déjà vu"
    assert reply.headers["x-baton-worker"] == "tools" and reply.headers["x-baton-cost-usd"] == "0.001"
    record = tools.exchange(reply)
    assert record["outcome"] == "ok" and len(house.calls(record)) == 1


def test_many_calls_at_once_each_get_their_own_result(tools):
    import concurrent.futures

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda i: content(call(tools, "get-sum", {"a": i, "b": 1000})), range(24)))
    for i, text in enumerate(replies):
        assert str(i + 1000) in text, replies


def test_structured_content_is_kept_beside_the_text(tools):
    reply = call(tools, "get-structured-content", {"location": "Chicago"})
    assert reply.json()["choices"][0]["message"]["structuredContent"] == json.loads(content(reply))
    assert "humidity" in content(reply)


def test_an_image_comes_through_byte_by_byte(tools):
    reply = call(tools, "get-tiny-image", {})
    [image] = reply.json()["choices"][0]["message"]["images"]
    kind, _, data = image["image_url"]["url"].partition(",")
    assert kind == "data:image/png;base64" and base64.b64decode(data, validate=True).startswith(b"\x89PNG")
    streamed = call(tools, "get-tiny-image", {}, stream=True).streamed_text()
    assert "image/png, about" in streamed, "a stream says what it cannot carry"


def test_a_forced_tool_takes_its_arguments_from_the_user(tools):
    reply = tools.post("/v1/chat/completions", {
        "model": "tools", "messages": [{"role": "user", "content": '{"message": "forced"}'}],
        "tools": [{"type": "function", "function": {"name": "echo"}}],
        "tool_choice": {"type": "function", "function": {"name": "echo"}}})
    assert content(reply) == "Echo: forced"


def test_a_stream_gets_the_result(tools):
    reply = call(tools, "echo", {"message": "streamed"}, stream=True)
    assert reply.status == 200 and reply.streamed_text() == "Echo: streamed" and reply.events()[-1] == "[DONE]"


def test_a_models_mistakes_are_results_that_say_so(tools):
    assert content(call(tools, "no-such-tool", {})).startswith("error: ")
    assert content(call(tools, "echo", {"wrong": 1})).startswith("error: ")
    assert content(call(tools, "echo", "{not json")).startswith("error: ")


def test_a_request_without_a_tool_call_is_refused_in_words(tools):
    reply = tools.post("/v1/chat/completions", {"model": "tools", "messages": [{"role": "user", "content": "hello"}]})
    assert reply.status == 400 and reply.error["code"] == "no_tool_call"


def test_no_route_ever_chooses_a_tool_worker(tools, mock):
    for model in ("baton", "baton-mini", "baton-ultra"):
        reply = tools.post("/v1/chat/completions", {**house.ask("hello"), "model": model})
        assert reply.status == 200 and reply.headers["x-baton-worker"] == "one"


def test_tools_are_listed(tools):
    listed = tools.get("/admin/tools/tools").json()["data"]
    names = {tool["name"] for tool in listed}
    assert {"echo", "get-sum"} <= names
    assert all(tool["parameters"]["type"] == "object" for tool in listed)
    code, out, _ = house.run("pool", "tools", "tools", "--url", tools.url)
    assert code == 0 and "echo" in out
    assert tools.get("/admin/tools/nobody").status == 404


def children(pid):
    found = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        found += (task / "children").read_text().split()
    return sorted(set(map(int, found)))


@pytest.fixture
def piped(mock, start):
    def make(**more):
        return start(house.Baton, [house.worker("one", mock), over_stdio(**more)],
                     routes=[{"name": "rest", "use": {"workers": ["one"]}}], threads=1)

    return make


def test_the_program_sees_only_the_environment_that_was_named(piped):
    baton = piped()
    seen = content(call(baton, "get-env", {}))
    assert "PATH" in seen and house.SECRET not in seen and house.KEY_VARIABLE not in seen and "HOME" not in seen


def test_tools_that_are_not_allowed_are_neither_seen_nor_called(piped):
    baton = piped(tools=["echo"])
    assert [tool["name"] for tool in baton.get("/admin/tools/tools").json()["data"]] == ["echo"]
    reply = call(baton, "get-env", {})
    assert reply.status == 403 and reply.error["code"] == "tool_not_allowed"


def test_a_program_that_is_killed_is_started_again(piped):
    baton = piped()
    assert content(call(baton, "echo", {"message": "one"})) == "Echo: one"
    [first] = children(baton.program.pid)
    os.kill(first, signal.SIGKILL)
    house.wait_until(lambda: first not in children(baton.program.pid), what="the program to be reaped")
    assert content(call(baton, "echo", {"message": "two"})) == "Echo: two"
    assert children(baton.program.pid) not in ([], [first])


def test_a_call_that_takes_too_long_ends_and_the_next_one_works(piped):
    baton = piped(timeouts={"whole": "2s"})
    reply = call(baton, "trigger-long-running-operation", {"duration": 30, "steps": 3})
    assert reply.status in (503, 504), reply.text
    assert content(call(baton, "echo", {"message": "still here"})) == "Echo: still here"


@pytest.mark.parametrize("how", ["drain", "kill"])
def test_no_program_outlives_the_server(piped, how):
    baton = piped()
    content(call(baton, "echo", {"message": "x"}))
    program = children(baton.program.pid)
    assert len(program) == 1
    if how == "drain":
        assert baton.stop() == 0
    else:
        baton.program.kill()  # its pipes close, and the program takes that for the end
    house.wait_until(lambda: not alive(program[0]), what="the program to end")


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_reload_replaces_the_program(piped):
    baton = piped()
    content(call(baton, "echo", {"message": "x"}))
    [first] = children(baton.program.pid)
    assert baton.post("/admin/reload").status == 200
    assert content(call(baton, "echo", {"message": "y"})) == "Echo: y"
    house.wait_until(lambda: not alive(first), what="the old program to end")


def test_a_program_that_cannot_start_says_why(mock, start):
    worker = tool_worker(command=["/no/such/program"])
    baton = start(house.Baton, [house.worker("one", mock), worker], routes=[{"name": "rest", "use": {"workers": ["one"]}}])
    reply = call(baton, "echo", {"message": "x"})
    assert reply.status == 503 and "/no/such/program" in reply.error["message"]
    assert baton.chat().status == 200, "the others are served"


def test_a_step_of_a_workflow_calls_a_tool_of_the_pool_and_another_lets_its_model_call_them(mock, start):
    """`echo` as a step of its own; then offered to a worker, whose calls are made here and never reach the client."""
    flows = [
        {"name": "fixed", "steps": [{"name": "look", "role": "tool", "workers": "tools", "tool": "echo", "arguments": '{"message": {{question}}}'},
                                    {"name": "say", "sees": "look", "instruction": "Tell what the tool said."}]},
        {"name": "free", "workers": ["one"], "steps": [{"name": "agent", "instruction": "Use the tool.", "tools": "tools"}]},
    ]
    mock.script(json.dumps({"rules": [
        {"contains": "Echo: again", "reply": "the tool said it"},
        {"contains": "Use the tool", "has_tools": True, "times": 1,
         "reply": {"tool_calls": [{"id": "c1", "name": "echo", "arguments": json.dumps({"message": "again"})}]}},
        {"contains": "Tell what", "reply": "told"},
    ]}))
    baton = start(house.Baton, [house.worker("one", mock), over_stdio()], routes=[{"name": "rest", "use": {"workers": ["one"]}}], workflows=flows)
    fixed = baton.chat("hello there", model="fixed")
    assert content(fixed) == "told"
    assert "Echo: hello there" in json.dumps(mock.requests())
    steps = {s["name"]: s for s in baton.exchange(fixed)["steps"]}
    assert steps["look"]["calls"][0]["worker"] == "tools" and steps["look"]["calls"][0]["cost_nanos"] == 1_000_000
    free = baton.chat("go", model="free")
    assert content(free) == "the tool said it"
    record = baton.exchange(free)
    assert [c["worker"] for c in house.calls(record)] == ["one", "tools", "one"]
