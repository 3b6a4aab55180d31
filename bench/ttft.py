#!/usr/bin/env python3
"""Time to the first token through a plan of one step beside the plain route, over HTTP and interleaved.

    bench/ttft.py URL PLAIN_MODEL STEP_MODEL [REQUESTS]

Both models must lead to the same worker. Prints medians, the ratio of medians, and the same for the plain route
against itself, which is the noise of the run.
"""
import json
import socket
import statistics
import sys
import time
import urllib.parse


def first_token(address, model):
    body = json.dumps({"model": model, "stream": True, "max_tokens": 8, "messages": [{"role": "user", "content": "Say hello."}]}).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    with socket.create_connection(address) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        began = time.perf_counter()
        s.sendall(head.encode() + body)
        received, took = b"", None
        while chunk := s.recv(65536):
            received += chunk
            if took is None and b'"content":"' in received.replace(b'"content":""', b""):
                took = time.perf_counter() - began
        if took is None:
            raise SystemExit(f"{model}: no token came: {received[-300:]!r}")
        return took


def main():
    if len(sys.argv) < 4:
        raise SystemExit(__doc__)
    url = urllib.parse.urlsplit(sys.argv[1])
    address = (url.hostname, url.port)
    plain, step, n = sys.argv[2], sys.argv[3], int(sys.argv[4]) if len(sys.argv) > 4 else 400
    took = {"plain": [], "step": [], "again": []}
    for _ in range(n):
        took["plain"].append(first_token(address, plain))
        took["step"].append(first_token(address, step))
        took["again"].append(first_token(address, plain))
    median = {name: statistics.median(values) for name, values in took.items()}
    print(f"n = {n} each, interleaved; median time to first token: plain {median['plain'] * 1e6:.0f} us, one step {median['step'] * 1e6:.0f} us")
    print(f"one step / plain = {median['step'] / median['plain']:.3f}; plain / plain = {median['again'] / median['plain']:.3f}")


if __name__ == "__main__":
    main()
