// What tries a Python answer inside the sandbox. It reads the mark from its input, so that the mark is in no
// file; the answer under test runs in the same interpreter all the same and could look for it: see
// docs/verifiers.md.
#include "verify/code_text.h"

namespace baton::verify {

const char* const kHarness = R"PY(import sys
MARK = sys.stdin.readline().strip()
import ast, contextlib, inspect, io, json, os
REAL = os.dup(1)
def report(i, ok, text=""):
    text = " ".join(str(text).split())[:500]
    os.write(REAL, ("\n%s %d %s %s\n" % (MARK, i, "ok" if ok else "fail", text)).encode("utf-8", "replace"))
plan = json.load(open("tests.json", encoding="utf-8"))
tests, observe = plan["tests"], plan["observe"]
source = open("answer.py", encoding="utf-8", errors="replace").read()
space = {"__name__": "answer", "__builtins__": __builtins__}
if "class Solution" in source:
    exec("from typing import *\nimport collections, math, heapq, bisect, functools, itertools, re, string, operator, random\n"
         "from collections import *\nfrom heapq import *\nfrom bisect import *\nfrom functools import *\nfrom itertools import *\n"
         "from math import inf, gcd, sqrt, ceil, floor, comb, log2, isqrt\n", space)
sys.stdin = io.StringIO("")
sys.stdout = io.StringIO()
try:
    exec(compile(source, "answer.py", "exec"), space)
except SyntaxError as e:
    for i in range(len(tests)):
        report(i, False, "SyntaxError: %s" % e)
    os._exit(3)
except BaseException as e:
    for i in range(len(tests)):
        report(i, False, "loading: %s: %s" % (type(e).__name__, e))
    os._exit(4)
JSON_NAMES = {"null": None, "true": True, "false": False}
def value(text):
    return eval(compile(text.strip(), "test", "eval"), dict(JSON_NAMES))
def near(a, b):
    if isinstance(a, float) or isinstance(b, float):
        try:
            return abs(a - b) <= 1e-5 * max(1.0, abs(a), abs(b))
        except TypeError:
            return False
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(near(x, y) for x, y in zip(a, b))
    return a == b
def callables():
    if "Solution" in space:
        solution = space["Solution"]()
        return [getattr(solution, n) for n, v in vars(type(solution)).items() if callable(v) and not n.startswith("_")]
    return [v for v in space.values() if inspect.isfunction(v) and v.__module__ == "answer"]
def names_of(f):
    return [n for n, p in inspect.signature(f).parameters.items() if p.kind == p.POSITIONAL_OR_KEYWORD]
def call(t):
    arguments = eval("dict(" + t["code"].replace("\n", " ") + ")", dict(JSON_NAMES))
    for f in callables():
        if set(names_of(f)) == set(arguments):
            return f(**arguments)
    candidates = [f for f in callables() if len(names_of(f)) == len(arguments)]
    if candidates:
        return candidates[-1](*arguments.values())
    raise LookupError("nothing takes " + ", ".join(arguments))
def run_assert(i, t):
    if observe:
        node = ast.parse(t["code"]).body[0].test
        if isinstance(node, ast.Compare):
            node = node.left
        return report(i, True, repr(eval(compile(ast.Expression(node), "test", "eval"), space)))
    exec(compile(t["code"], "test", "exec"), space)
    report(i, True)
def run_doctest(i, t):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(t["code"] + "\n", "test", "single"), space)
    got, want = out.getvalue().split(), t["want"].split()
    same = got == want
    if not same and not observe and want:
        try:
            same = near(ast.literal_eval(out.getvalue().strip()), ast.literal_eval(t["want"]))
        except (ValueError, SyntaxError):
            pass
    report(i, same or observe, "" if same and not observe else out.getvalue())
def run_call(i, t):
    got = call(t)
    if observe:
        return report(i, True, repr(got))
    report(i, near(got, value(t["want"])), "got %r" % (got,))
RUN = {"assert": run_assert, "doctest": run_doctest, "call": run_call}
for i, t in enumerate(tests):
    try:
        RUN[t["kind"]](i, t)
    except AssertionError as e:
        report(i, False, "AssertionError: %s" % e)
    except BaseException as e:
        report(i, False, "%s: %s" % (type(e).__name__, e))
os._exit(0)
)PY";

}  // namespace baton::verify
