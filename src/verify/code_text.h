// Code in answers, tests in questions. Pure; bounded; nothing is run here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verify/sandbox.h"

namespace baton::verify {

struct Snippet {
  Program::Language language = Program::Language::kPython;
  std::string source;
  bool fenced = true;  // false: the whole answer is taken for code
};
// The longest fenced block in `want`, or in any language that can be run when none is wanted; the whole
// answer when it has no fences and looks like Python. nullopt: no code.
std::optional<Snippet> FindCode(std::string_view answer, std::optional<Program::Language> want = {});

// What the caller would use to try the code.
struct CodeTests {
  struct Example {
    std::string input, output;
  };
  std::vector<std::string> asserts;  // Python statements
  std::vector<Example> doctests;     // an expression or statement, and what the interpreter prints
  std::vector<Example> calls;        // "nums = [1,2], k = 3" and the value, for a class Solution
  std::vector<Example> programs;     // standard input and output
  std::size_t size() const { return asserts.size() + doctests.size() + calls.size() + programs.size(); }
  bool empty() const { return size() == 0; }
};
// At most 50 of a kind (10 programs).
CodeTests FindTests(std::string_view question);

// A question that shows Python code and an assertion with its value left blank ("== ??"), with the answer
// filled in: the question's code, and the assertion as its test. nullopt: it is no such question, or the
// answer is too long. An answer that is no literal fails the test with another error than AssertionError.
struct FilledBlank {
  Snippet code;
  CodeTests tests;
};
std::optional<FilledBlank> FillBlank(std::string_view question, std::string_view answer);

// Same lines, white space at the ends and between words aside, numbers with a point to a relative 1e-6.
bool SameOutput(std::string_view got, std::string_view expected);

// The Python program that loads answer.py, tries tests.json and reports every test on a line of its own that
// begins with the first line of its input (code_harness.cc).
extern const char* const kHarness;
// tests.json for it. `observe`: values are reported instead of compared.
std::string TestsAsJson(const CodeTests& tests, bool observe);

// What the harness said: one entry per test that got a result, in order.
struct Report {
  bool passed = false;
  std::string text;  // why not, or the value observed: untrusted, at most 500 bytes
};
// Null entries: no result.
std::vector<std::optional<Report>> ReadReports(std::string_view out, std::string_view mark,
                                               std::size_t tests);

}  // namespace baton::verify
