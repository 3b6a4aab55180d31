#include "verify/code_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "verify/text.h"

namespace baton::verify {
namespace {

using End = RunResult::End;
using Language = Program::Language;

// What an end that is no exit says about the program; kNotRun where it says nothing about it.
Trial FromEnd(const RunResult& r) {
  Trial t;
  t.kind = Trial::Kind::kFailed;
  switch (r.end) {
    case End::kTime:
      t.why = "the code did not end in its time";
      break;
    case End::kMemory:
      t.why = "the code used too much memory";
      break;
    case End::kOutput:
      t.why = "the code wrote too much output";
      break;
    case End::kCancelled:
    case End::kBusy:
    case End::kUnavailable:
    case End::kExited:
      t.kind = Trial::Kind::kNotRun;
      t.why = fmt::format("the code was not run ({}{}{})", EndName(r.end), r.why.empty() ? "" : ": ", r.why);
      break;
  }
  t.evidence = Clip(r.err, 1000);
  return t;
}

bool ReadsInput(std::string_view source) {
  for (std::string_view sign : {"input(", "sys.stdin", "open(0", "fileinput", "/dev/stdin"}) {
    if (source.find(sign) != std::string_view::npos) return true;
  }
  return false;
}

// The last line that says something: of a traceback, the error.
std::string_view LastLine(std::string_view text) {
  const auto lines = Lines(text);
  for (std::size_t i = lines.size(); i-- > 0;) {
    if (!Trim(lines[i]).empty()) return Clip(Trim(lines[i]), 300);
  }
  return {};
}

Trial FromReports(const RunResult& r, const std::vector<std::optional<Report>>& reports, bool observe) {
  Trial t;
  t.tests = reports.size();
  t.kind = Trial::Kind::kPassed;
  for (std::size_t i = 0; i < reports.size(); ++i) {
    const bool passed = reports[i] && reports[i]->passed;
    if (observe) t.observed.push_back(passed ? reports[i]->text : "");
    if (passed || t.kind == Trial::Kind::kFailed) continue;
    t.kind = Trial::Kind::kFailed;
    t.why = reports[i] ? fmt::format("test {} of {} failed", i + 1, reports.size())
                       : fmt::format("the code ended before test {} of {} had run", i + 1, reports.size());
    t.evidence = reports[i] ? reports[i]->text : std::string(LastLine(r.err));
  }
  return t;
}

// Asserts, doctests and calls, in one run.
Task<Trial> TryHarness(Sandbox& sandbox, Loop& loop, const Snippet& code, const CodeTests& tests,
                       TrialOptions options, std::string mark) {
  Program program;
  program.source = kHarness;
  program.input = mark + "\n";
  program.files = {{"answer.py", code.source}, {"tests.json", TestsAsJson(tests, options.observe)}};
  RunResult r = co_await sandbox.Run(loop, std::move(program), options.limits, options.cancel);
  const auto reports = ReadReports(r.out, mark, tests.size() - tests.programs.size());
  if (r.end != End::kExited) {
    Trial t = FromEnd(r);
    t.tests = reports.size();
    co_return t;
  }
  Trial t = FromReports(r, reports, options.observe);
  co_return t;
}

Task<Trial> TryProgram(Sandbox& sandbox, Loop& loop, const Snippet& code, const CodeTests::Example& example,
                       TrialOptions options) {
  Program program;
  program.language = code.language;
  program.source = code.source;
  program.input = example.input;
  RunResult r = co_await sandbox.Run(loop, std::move(program), options.limits, options.cancel);
  Trial t;
  if (r.end != End::kExited) {
    t = FromEnd(r);
  } else if (options.observe) {
    t.kind = r.exit_code == 0 ? Trial::Kind::kPassed : Trial::Kind::kFailed;
    std::string seen;
    for (std::string_view word : Words(r.out)) seen += std::string(word) + " ";
    t.observed.push_back(r.exit_code == 0 ? seen : "");
  } else if (r.exit_code != 0) {
    t.kind = Trial::Kind::kFailed;
    t.why = fmt::format("the code ended with exit code {}", r.exit_code);
    t.evidence = LastLine(r.err);
  } else if (SameOutput(r.out, example.output)) {
    t.kind = Trial::Kind::kPassed;
  } else {
    t.kind = Trial::Kind::kFailed;
    t.why = "the code's output is not the expected one";
    t.evidence = fmt::format("expected:\n{}\ngot:\n{}", Clip(example.output, 1000), Clip(r.out, 1000));
  }
  t.tests = 1;
  co_return t;
}

Task<Trial> TryPrograms(Sandbox& sandbox, Loop& loop, const Snippet& code, const CodeTests& tests,
                        TrialOptions options) {
  Trial all;
  all.kind = Trial::Kind::kPassed;
  const TimePoint until = loop.Now() + options.total;
  for (std::size_t i = 0; i < tests.programs.size(); ++i) {
    if (options.total > Duration::zero() && loop.Now() >= until) {
      all.kind = Trial::Kind::kNotRun;
      all.why = "there was no time for all examples";
      co_return all;
    }
    Trial one = co_await TryProgram(sandbox, loop, code, tests.programs[i], options);
    ++all.tests;
    for (auto& seen : one.observed) all.observed.push_back(std::move(seen));
    if (one.kind == Trial::Kind::kPassed || (options.observe && one.kind == Trial::Kind::kFailed)) continue;
    all.kind = one.kind;
    all.why = fmt::format("example {} of {}: {}", i + 1, tests.programs.size(), one.why);
    all.evidence = std::move(one.evidence);
    co_return all;
  }
  co_return all;
}

// The machine that asked may have the module; this one cannot tell.
Trial WithoutMissingModules(Trial t) {
  if (t.kind == Trial::Kind::kFailed && t.evidence.find("ModuleNotFoundError") != std::string::npos) {
    t.kind = Trial::Kind::kNotRun;
    t.why = "the code needs a module that is not here";
  }
  return t;
}

Trial NotRun(std::string why) {
  Trial t;
  t.why = std::move(why);
  return t;
}

}  // namespace

Task<Trial> TryCode(Sandbox& sandbox, Loop& loop, const Snippet& code, const CodeTests& tests,
                    TrialOptions options, std::string mark) {
  if (!sandbox.Supports(code.language)) co_return NotRun("there is no interpreter for this language here");
  const bool python = code.language == Language::kPython;
  const bool harness = python && tests.size() > tests.programs.size();
  // A function without input and output of its own cannot be tried as a program.
  const bool programs = !tests.programs.empty() && (!python || ReadsInput(code.source));
  if (!harness && !programs) co_return NotRun("there are no tests that fit the code");
  Trial first;
  if (harness) {
    first = co_await TryHarness(sandbox, loop, code, tests, options, std::move(mark));
    if (!programs || first.kind == Trial::Kind::kNotRun ||
        (first.kind == Trial::Kind::kFailed && !options.observe)) {
      co_return WithoutMissingModules(std::move(first));
    }
  }
  Trial second = co_await TryPrograms(sandbox, loop, code, tests, options);
  second.tests += first.tests;
  second.observed.insert(second.observed.begin(), first.observed.begin(), first.observed.end());
  co_return WithoutMissingModules(std::move(second));
}

Task<Trial> TryScript(Sandbox& sandbox, Loop& loop, const Snippet& code, const std::string& tests,
                      TrialOptions options, std::string mark) {
  if (code.language == Language::kPython) {
    CodeTests one;
    one.asserts.push_back(tests);
    Trial t = co_await TryHarness(sandbox, loop, code, one, options, std::move(mark));
    co_return t;
  }
  Program program;
  program.language = Language::kShell;
  program.source = tests;
  program.files = {{"answer.sh", code.source}};
  RunResult r = co_await sandbox.Run(loop, std::move(program), options.limits, options.cancel);
  if (r.end != End::kExited) {
    Trial t = FromEnd(r);
    co_return t;
  }
  Trial t;
  t.tests = 1;
  t.kind = r.exit_code == 0 ? Trial::Kind::kPassed : Trial::Kind::kFailed;
  if (r.exit_code != 0) t.why = fmt::format("the tests ended with exit code {}", r.exit_code);
  t.evidence = r.exit_code == 0 ? "" : std::string(LastLine(r.err));
  co_return t;
}

}  // namespace baton::verify
