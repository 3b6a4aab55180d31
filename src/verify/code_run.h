// Tries code against tests in the sandbox. Internal to verify/.
#pragma once

#include <string>
#include <vector>

#include "verify/code_text.h"
#include "verify/sandbox.h"

namespace baton::verify {

struct Trial {
  enum class Kind {
    kPassed,  // every test ran and passed (observing: every test gave a value)
    kFailed,  // a test failed, or the program crashed, hung or asked for too much
    kNotRun,  // nothing was learnt: no sandbox, queue full, cancelled, nothing that fits the tests
  };
  Kind kind = Kind::kNotRun;
  std::size_t tests = 0;
  std::string why;                    // one sentence of ours
  std::string evidence;               // untrusted
  std::vector<std::string> observed;  // per test, when observing; empty text: none
};

struct TrialOptions {
  Limits limits;     // of one run
  Duration total{};  // of all runs of this trial, waiting aside
  bool observe = false;
  Cancel* cancel = nullptr;
};

// Python: asserts, doctests and calls in one run, each input and output example in a run of its own, up to
// the first failure. Shell: the examples. `sandbox`, `loop`, `code` and `tests` outlive the task.
Task<Trial> TryCode(Sandbox& sandbox, Loop& loop, const Snippet& code, const CodeTests& tests,
                    TrialOptions options, std::string mark);
// A test program of the operator's own: exit code 0 passes. Python: run behind the answer, in its name space;
// shell: a script beside the answer (answer.sh).
Task<Trial> TryScript(Sandbox& sandbox, Loop& loop, const Snippet& code, const std::string& tests,
                      TrialOptions options, std::string mark);

}  // namespace baton::verify
