"""Starts Baton and its mock providers for a test and stops what it started, by process id.

Every byte that a process prints and every reply that a test reads is kept under one folder, so that the last
test can search all of it for the keys that were planted in the configuration.
"""
import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
BATON = os.environ.get("BATON_BIN") or os.environ.get("BATON") or str(ROOT / "build/baton")

# Planted in every configuration; must not appear anywhere but in the header sent to the provider.
SECRET = "sk-planted-7f3a9c51d2e84b06-never-shown"
KEY_VARIABLE = "BATON_TEST_PROVIDER_KEY"
# Planted in what clients and workers say; of class secret by its form, so it must not appear in anything Baton writes of its own.
CONTENT_SECRET = "sk-proj-C0nt3ntPl4nted9XqLmZ81TtVb"

WORK = pathlib.Path(tempfile.mkdtemp(prefix="baton-test-"))
TRANSCRIPT = WORK / "transcript"
_lock = threading.Lock()
_numbers = iter(range(10**9))


def note(*pieces):
    """Adds what a client saw to the transcript."""
    with _lock, open(TRANSCRIPT, "ab") as out:
        for piece in pieces:
            out.write(piece if isinstance(piece, bytes) else str(piece).encode("utf-8", "replace"))
            out.write(b"\n")


def clean_up():
    shutil.rmtree(WORK, ignore_errors=True)


def environment(**more):
    keep = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG", "ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ}
    return {**keep, KEY_VARIABLE: SECRET, **more}


def wait_until(condition, seconds=20, what="condition"):
    """The value of `condition()` once it is true. A bound, not a measure: far above what is normal."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.01)


class Reply:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = {name.lower(): value for name, value in headers}
        self.body = body

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        return self.json()["error"]

    def events(self):
        """The data of each server-sent event; JSON where it is JSON."""
        found = []
        for block in self.text.split("\n\n"):
            data = [line[5:].lstrip(" ") for line in block.split("\n") if line.startswith("data:")]
            if data:
                joined = "\n".join(data)
                found.append(joined if joined == "[DONE]" else json.loads(joined))
        return found

    def streamed_text(self):
        text = ""
        for event in self.events():
            if isinstance(event, dict):
                for choice in event.get("choices", []):
                    text += choice["delta"].get("content") or ""
        return text


class Program:
    """One process with its output in files."""

    def __init__(self, name, arguments, cwd=None, limits=None, env=None, ready=None, binary=None):
        self.folder = WORK / f"{next(_numbers):04d}-{name}"
        self.folder.mkdir()
        self.log = self.folder / "stderr"
        with open(self.folder / "stdout", "wb") as out, open(self.log, "wb") as err:
            self.process = subprocess.Popen([binary or BATON, *map(str, arguments)], stdout=out, stderr=err, stdin=subprocess.DEVNULL,
                                            cwd=cwd or self.folder, env=env or environment(), preexec_fn=limits)
        self.port = None
        if ready:
            try:
                self.port = int(wait_until(lambda: self._ready(ready), 60, f"{name} to be ready"))
            except AssertionError:
                self.stop()
                raise AssertionError(f"{name} did not get ready:\n{self.output()}") from None

    def _ready(self, pattern):
        match = re.search(pattern, self.output())
        if match:
            return match.group(1)
        if self.process.poll() is not None:
            raise AssertionError("ended")
        return None

    def output(self):
        return self.log.read_text(errors="replace") + (self.folder / "stdout").read_text(errors="replace")

    @property
    def pid(self):
        return self.process.pid

    def alive(self):
        return self.process.poll() is None

    def signal(self, number):
        os.kill(self.process.pid, number)

    def wait(self, seconds=30):
        return self.process.wait(seconds)

    def stop(self):
        """SIGTERM, then SIGKILL when that took too long. The exit code."""
        if self.alive():
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode

    def kill(self):
        self.process.kill()
        self.process.wait()


class Http:
    """Requests to one address, each on a connection of its own unless `keep` is used."""

    def __init__(self, port):
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def request(self, method, path, body=None, headers=None, timeout=60):
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
        elif isinstance(body, str):
            body = body.encode()
        headers = dict(headers or {})
        if body is not None:
            headers.setdefault("content-type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            reply = Reply(response.status, response.getheaders(), response.read())
        finally:
            connection.close()
        note(method, path, reply.status, reply.headers, reply.body)
        return reply

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, body=None, **options):
        return self.request("POST", path, body, **options)

    @contextlib.contextmanager
    def open(self, method, path, body=None, headers=None, timeout=60):
        """The response before its body is read; leaving the block closes the connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, json.dumps(body).encode() if body is not None else None,
                               {"content-type": "application/json", **(headers or {})})
            yield connection.getresponse()
        finally:
            connection.close()

    def raw(self, data, timeout=60, until_close=True):
        """Sends exactly these bytes and reads until the server closes (or resets)."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as s:
            received = b""
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                s.sendall(data)
            with contextlib.suppress(ConnectionResetError):
                while chunk := s.recv(65536):
                    received += chunk
                    if not until_close and b"\r\n\r\n" in received:
                        break
        note(received)
        return received


def ask(text, **more):
    return {"model": "baton", "messages": [{"role": "user", "content": text}], **more}


class Mock(Http):
    def __init__(self, script=None, arguments=()):
        folder = WORK / f"{next(_numbers):04d}-script"
        folder.mkdir()
        more = list(arguments)
        if script is not None:
            (folder / "script.yaml").write_text(script)
            more += ["--script", folder / "script.yaml"]
        self.program = Program("mock", ["mock", "--listen", "127.0.0.1:0", *more], ready=r"on http://127\.0\.0\.1:(\d+)")
        super().__init__(self.program.port)

    def script(self, text):
        reply = self._control("POST", "/mock/script", text)
        assert reply.status == 200, reply.text

    def reset(self):
        self._control("POST", "/mock/reset")

    def requests(self):
        return self._control("GET", "/mock/requests").json()["requests"]

    def stats(self):
        return self._control("GET", "/mock/stats").json()

    def _control(self, method, path, body=None):
        # Not in the transcript: the mock shows keys, that is what it is for.
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body.encode() if body else None)
            response = connection.getresponse()
            return Reply(response.status, response.getheaders(), response.read())
        finally:
            connection.close()

    def stop(self):
        return self.program.stop()


BASE = {"openai": "/v1", "anthropic": "/v1", "gemini": "/v1beta"}


def worker(name, mock, dialect="openai", model=None, **more):
    """A worker of the configuration that is answered by `mock` (or by anything on a port)."""
    port = mock if isinstance(mock, int) else mock.port
    return {"name": name, "dialect": dialect, "base_url": f"http://127.0.0.1:{port}{BASE[dialect]}", "model": model or f"{name}-model",
            "key": f"env:{KEY_VARIABLE}", "private": True, "price": {"input": 1.0, "output": 4.0}, **more}


class Baton(Http):
    def __init__(self, workers, routes=None, arguments=(), before_exec=None, env=None, folder=None, **config):
        """`config`: further top-level keys. JSON is YAML, so the file is written with json.dumps."""
        self.folder = folder or pathlib.Path(tempfile.mkdtemp(prefix="conf-", dir=WORK))
        self.config_path = self.folder / "baton.yaml"
        self.workers = workers
        self.routes = routes or [{"name": "rest", "use": {"workers": [w["name"] for w in workers]}}]
        self.config = {"listen": "127.0.0.1:0", "store": "sqlite:store.db", **config}
        self.write()
        self.arguments, self.before_exec, self.env = arguments, before_exec, env
        self.start()

    def write(self, **changes):
        self.config.update(changes)
        self.config_path.write_text(json.dumps({**self.config, "workers": self.workers, "routes": self.routes}, indent=1))

    def start(self):
        self.program = Program("baton", ["serve", "--config", self.config_path, *self.arguments], cwd=self.folder, limits=self.before_exec,
                               env=self.env, ready=r"ready on https?://[^ ]*:(\d+)")
        super().__init__(self.program.port)

    @property
    def store(self):
        return self.folder / "store.db"

    def chat(self, text="hello", headers=None, **more):
        return self.post("/v1/chat/completions", ask(text, **more), headers=headers)

    def exchange(self, reply_or_id):
        """The record of an exchange, once it is written."""
        id = reply_or_id if isinstance(reply_or_id, str) else reply_or_id.headers["x-baton-exchange"]

        def find():
            reply = self.get(f"/v1/exchanges/{id}")
            return reply.json() if reply.status == 200 else None

        return wait_until(find, what=f"the record of {id}")

    def metrics(self):
        values = {}
        for line in self.get("/metrics").text.splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                values[name] = float(value)
        return values

    def stop(self):
        return self.program.stop()


def run(*arguments, env=None, cwd=None, timeout=120, limits=None, input=None):
    """A command to its end: (exit code, stdout, stderr), also kept for the search."""
    done = subprocess.run([BATON, *map(str, arguments)], capture_output=True, env=env or environment(), cwd=cwd or WORK, timeout=timeout,
                          preexec_fn=limits, input=input, text=True, errors="replace")
    note("$ baton", arguments, done.returncode, done.stdout, done.stderr)
    return done.returncode, done.stdout, done.stderr


def calls(record):
    """All calls of a record, in order."""
    return [call for step in record["steps"] for call in step["calls"]]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]
