// What does this program print? References are computed here, in C++: no program is run to make them.
#include <fmt/format.h>

#include <algorithm>

#include "arena/families.h"

namespace baton::arena {
namespace {

Problem Prints(const std::string& code, std::string answer, Check check) {
  return Ask(fmt::format("What does this Python program print?\n```python\n{}\n```", code), std::move(answer),
             check);
}
Problem Number(const std::string& code, long answer) {
  return Prints(code, std::to_string(answer), Check::kNumber);
}
std::vector<int> Numbers(Draw& d, int n) {
  std::vector<int> out;
  for (int i = 0; i < n; ++i) out.push_back(d.Int(1, 9 * d.level));
  return out;
}

// Training.
Problem SumLoop(Draw& d) {
  const int n = d.Int(4, 6 + 4 * d.level), k = d.Int(2, 5);
  long sum = 0;
  for (int i = 0; i < n; ++i) sum += static_cast<long>(i) * k;
  return Number(fmt::format("s = 0\nfor i in range({}):\n    s += i * {}\nprint(s)", n, k), sum);
}
Problem Filter(Draw& d) {
  const auto n = Numbers(d, 4 + d.level);
  const int least = d.Int(2, 6);
  std::vector<int> kept;
  for (const int v : n) {
    if (v > least) kept.push_back(v);
  }
  kept.push_back(least);
  return Prints(
      fmt::format("x = [{}]\nprint([v for v in x if v > {}] + [{}])", fmt::join(n, ", "), least, least),
      fmt::format("[{}]", fmt::join(kept, ", ")), Check::kList);
}
Problem Slice(Draw& d) {
  const std::string w = "conductor";
  const int a = d.Int(0, 3), b = d.Int(5, 9);
  return Prints(fmt::format("w = '{}'\nprint(w[{}:{}])", w, a, b),
                w.substr(static_cast<std::size_t>(a), static_cast<std::size_t>(b - a)), Check::kText);
}
Problem Squares(Draw& d) {
  const auto n = Numbers(d, 3 + d.level);
  long sum = 0;
  for (const int v : n) sum += static_cast<long>(v) * v;
  return Number(fmt::format("x = [{}]\nprint(sum(v * v for v in x))", fmt::join(n, ", ")), sum);
}
Problem Swap(Draw& d) {
  const int a = d.Int(2, 30), b = d.Int(2, 30);
  return Number(fmt::format("a = {}\nb = {}\na, b = b, a + b\nprint(a * b)", a, b),
                static_cast<long>(b) * (a + b));
}
Problem Countdown(Draw& d) {
  const int n = d.Int(10, 20 * d.level), k = d.Int(2, 5);
  int steps = 0;
  for (int v = n; v > 0; v -= k) ++steps;
  return Number(fmt::format("n = {}\ni = 0\nwhile n > 0:\n    n -= {}\n    i += 1\nprint(i)", n, k), steps);
}

// Test.
Problem While(Draw& d) {
  const int n = d.Int(20, 60 * d.level);
  int steps = 0;
  for (int v = n; v > 1; v /= 2) ++steps;
  return Number(fmt::format("n = {}\nc = 0\nwhile n > 1:\n    n //= 2\n    c += 1\nprint(c)", n), steps);
}
Problem Sorted(Draw& d) {
  auto n = Numbers(d, 4 + d.level);
  const std::string code = fmt::format("t = [{}]\nt.sort(reverse=True)\nprint(t)", fmt::join(n, ", "));
  std::sort(n.begin(), n.end(), std::greater<>());
  return Prints(code, fmt::format("[{}]", fmt::join(n, ", ")), Check::kList);
}
Problem Calls(Draw& d) {
  const int a = d.Int(2, 9), b = d.Int(2, 9), c = d.Int(2, 9);
  return Number(fmt::format("def f(a, b):\n    return a * b - a\nprint(f(f({}, {}), {}))", a, b, c), [&] {
    const long first = static_cast<long>(a) * b - a;
    return first * c - first;
  }());
}

}  // namespace

Family CodeFamily() {
  return {"code",
          "the output of short programs",
          {SumLoop, Filter, Slice, Squares, Swap, Countdown},
          {While, Sorted, Calls}};
}

}  // namespace baton::arena
