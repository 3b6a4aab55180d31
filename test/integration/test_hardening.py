"""What the process has given up: memory as a file, system calls; where keys may go. The rest of the suite runs under the
same filter, which is the test that nothing needed is missing."""
import json
import os
import pathlib
import signal
import socket
import threading

import pytest

import house


def status(baton, field):
    for line in pathlib.Path(f"/proc/{baton.program.pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return value.strip()
    return None


def test_every_thread_runs_under_the_filter(baton):
    for task in pathlib.Path(f"/proc/{baton.program.pid}/task").iterdir():
        fields = dict(line.split(":", 1) for line in (task / "status").read_text().splitlines() if ":" in line)
        assert fields["Seccomp"].strip() == "2", task
        assert fields["NoNewPrivs"].strip() == "1", task
    assert "system call filter sealed" in baton.program.output()


def test_programs_mean_the_looser_filter_and_off_means_none(mock, start):
    tool = {"name": "t", "dialect": "tool", "command": ["/bin/cat"], "price": {"input": 0, "output": 0}}
    opened = start(house.Baton, [house.worker("w", mock), tool], routes=[{"name": "r", "use": {"worker": "w"}}])
    assert "system call filter open" in opened.program.output() and status(opened, "Seccomp") == "2"
    off = start(house.Baton, [house.worker("w", mock)], syscall_filter="off")
    assert status(off, "Seccomp") == "0"
    assert off.chat().status == 200


def test_a_crash_leaves_no_core_file(mock, start):
    baton = start(house.Baton, [house.worker("w", mock)])
    assert baton.chat().status == 200
    limits = pathlib.Path(f"/proc/{baton.program.pid}/limits").read_text()
    assert [line.split()[4] for line in limits.splitlines() if line.startswith("Max core file size")] == ["0"]
    baton.program.signal(signal.SIGSEGV)
    baton.program.wait()
    left = [p.name for p in baton.folder.rglob("*") if p.name.startswith("core")]
    assert left == []


NOBODY = 65534


def become_nobody():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


@pytest.fixture
def as_nobody(start):
    """start(workers, ...): a Baton of the user `nobody`, as a service would run."""

    def begin(workers, **more):
        folder = house.WORK / f"as-nobody-{len(list(house.WORK.iterdir()))}"
        folder.mkdir()
        house.WORK.chmod(0o755)
        os.chown(folder, NOBODY, NOBODY)
        return start(house.Baton, workers, folder=folder, before_exec=become_nobody, **more)

    return begin


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else to try it")
def test_a_server_without_rights_runs_programs_in_its_sandbox(mock, as_nobody):
    """The sandbox stands on user namespaces and passes the server's own filter."""
    python = {"name": "py", "dialect": "exact", "model": "python", "price": {"call": "0.000002"}, "data": {"classes": ["public", "internal", "personal", "secret"]}}
    baton = as_nobody([house.worker("w", mock), python], routes=[{"name": "r", "use": {"worker": "w"}}])
    assert status(baton, "Uid").split() == [str(NOBODY)] * 4 and status(baton, "Seccomp") == "2"
    ran = baton.chat("```python\nimport os\nprint(6 * 7, os.getuid() >= 0)\n```", model="py")
    assert ran.status == 200, ran.text
    assert ran.json()["choices"][0]["message"]["content"].strip() == "42 True", ran.text
    hidden = baton.chat(f"```python\nprint(open({str(baton.config_path)!r}).read())\n```", model="py")
    assert "workers" not in json.dumps(hidden.json()["choices"][0]["message"]["content"] if hidden.status == 200 else hidden.error), hidden.text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else to try it")
def test_a_process_of_the_same_user_cannot_read_its_memory_or_environment(mock, as_nobody):
    """As `nobody`: the server and a second process of the same user."""
    baton = as_nobody([house.worker("w", mock)])
    child = os.fork()
    if child == 0:
        become_nobody()
        for name in ("environ", "mem"):
            try:
                os.close(os.open(f"/proc/{baton.program.pid}/{name}", os.O_RDONLY))
                os._exit(1)
            except PermissionError:
                pass
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


class Recorder:
    """A server that writes down who asked and answers with a redirect."""

    def __init__(self, answer):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.seen, self.answer = [], answer
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                self.seen.append(connection.recv(65536))
                connection.sendall(self.answer)


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_a_redirect_is_not_followed_and_takes_no_key_along(start, code):
    elsewhere = Recorder(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
    first = Recorder(f"HTTP/1.1 {code} Moved\r\nlocation: http://127.0.0.1:{elsewhere.port}/v1/chat/completions\r\ncontent-length: 0\r\n\r\n".encode())
    baton = start(house.Baton, [house.worker("w", first.port)], retry={"budget": 0})
    assert baton.chat().status in (502, 503)
    assert len(first.seen) == 1 and house.SECRET.encode() in first.seen[0]
    assert elsewhere.seen == []


def test_the_clients_authorization_never_travels_on(mock, baton):
    for name in ("authorization", "x-api-key", "api-key", "cookie", "proxy-authorization", "x-goog-api-key"):
        assert baton.chat("hi", headers={name: "Bearer of-the-client-9911"}).status == 200
    assert "of-the-client-9911" not in json.dumps(mock.requests())


def test_an_address_that_is_private_is_not_reached_without_a_word_of_the_operator(tmp_path, start, mock):
    worker = house.worker("w", mock)
    del worker["private"]
    path = tmp_path / "c.yaml"
    for url in ("http://169.254.169.254/v1", "http://[fd00:ec2::254]/v1", "http://2852039166/v1", "http://[::ffff:169.254.169.254]/v1",
                "http://metadata.google.internal/v1", "http://127.0.0.1:1/v1", "http://localhost/v1", "http://10.0.0.1/v1"):
        path.write_text(json.dumps({"workers": [{**worker, "base_url": url}]}))
        assert house.run("check", path)[0] == 1, url
