// Does the answer's code do what the question's own examples say? The tests are the caller's: assert lines,
// doctests, "Input / Output" examples of the question, or a test script of the configuration. Tests that the
// answer brings along say what its author believes and are not run. Where the question itself shows the code
// and asks what it gives ("assert f(2) == ??"), that code is run and the answer is the value compared.
//
// Accepted means: every public test ran and passed, nothing more. Wrong answers that pass them are counted in
// docs/verifiers.md, and there are many where the examples are few.

#include <fmt/format.h>

#include "verify/code_run.h"
#include "verify/marks.h"
#include "verify/rule.h"
#include "verify/text.h"

namespace baton::verify {
namespace {

// Measured: docs/verifiers.md, `verifier_rates --only code`; no right answer of 546 was rejected: (0 + 1) /
// (546 + 2).
constexpr Facts kFacts{
    .name = "code",
    .version = 2,
    .cost = {.asks_model = false, .max_asks = 0, .max_tokens = 0, .limit = std::chrono::seconds(20)},
    .error_rate = {
        .false_accept = 0.442, .false_reject = 0.0018, .n = 890, .set = "livecodebench o1_generations"}};

struct Setting {
  std::string script;  // the operator's own tests
  std::optional<Program::Language> language;
  TrialOptions trial;
};

class CodeRule : public Rule {
 public:
  CodeRule(Setting setting, Result<std::shared_ptr<Sandbox>> sandbox, std::uint64_t seed)
      : Rule(kFacts), setting_(std::move(setting)), sandbox_(std::move(sandbox)), marks_(seed) {}

  Cost cost() const override {
    Cost c = kFacts.cost;
    c.limit = setting_.trial.total;
    return c;
  }

  Task<Judgement> Check(const Subject& subject, const Context& context) const override {
    if (setting_.script.empty()) {
      const auto blank = FillBlank(subject.question, subject.answer);
      if (blank) co_return co_await CheckBlank(*blank, context);
    }
    const auto code = FindCode(subject.answer, setting_.language);
    if (!code) co_return Unknown("there is no code in the answer");
    const CodeTests tests = setting_.script.empty() ? FindTests(subject.question) : CodeTests();
    if (setting_.script.empty() && tests.empty()) co_return Unknown("the question has no tests");
    if (!sandbox_) co_return Unknown(sandbox_.error().message);
    TrialOptions options = setting_.trial;
    options.cancel = context.cancel;
    options.limits.until = context.deadline;
    std::string mark = marks_.Next();
    Trial trial;
    if (setting_.script.empty()) {
      trial = co_await TryCode(**sandbox_, context.loop, *code, tests, options, std::move(mark));
    } else {
      trial = co_await TryScript(**sandbox_, context.loop, *code, setting_.script, options, std::move(mark));
    }
    co_return ToJudgement(trial, *code, context);
  }

 private:
  // Only the assertion itself failing says that the value is wrong.
  Task<Judgement> CheckBlank(const FilledBlank& blank, const Context& context) const {
    if (!sandbox_) co_return Unknown(sandbox_.error().message);
    TrialOptions options = setting_.trial;
    options.cancel = context.cancel;
    options.limits.until = context.deadline;
    std::string mark = marks_.Next();
    const Trial t =
        co_await TryCode(**sandbox_, context.loop, blank.code, blank.tests, options, std::move(mark));
    if (t.kind == Trial::Kind::kPassed) co_return Accept("the question's code gives the value of the answer");
    if (t.kind == Trial::Kind::kFailed && t.evidence.starts_with("AssertionError"))
      co_return Reject("the question's code gives another value", t.evidence);
    co_return Unknown(
        t.kind == Trial::Kind::kNotRun ? t.why : "the answer could not be compared with a value", t.evidence);
  }

  static Judgement ToJudgement(const Trial& t, const Snippet& code, const Context& context) {
    if (t.kind == Trial::Kind::kPassed) {
      return Accept(fmt::format("the code passed {} public test{}", t.tests, t.tests == 1 ? "" : "s"));
    }
    if (t.kind == Trial::Kind::kNotRun) return Unknown(t.why, t.evidence);
    // Prose that was taken for code, and time that was cut short by the request's own end, say nothing.
    if (!code.fenced && t.evidence.find("SyntaxError") != std::string::npos) {
      return Unknown("there is no code in the answer that can be told from text");
    }
    if (context.deadline.Passed(context.loop.Now())) return Unknown("the time ended before the tests did");
    return Reject(t.why, t.evidence);
  }

  Setting setting_;
  Result<std::shared_ptr<Sandbox>> sandbox_;
  Marks marks_;
};

std::shared_ptr<const Verifier> MakeCode(const Spec& spec, const Tools& tools, Error* error) {
  Options options(spec, error);
  Setting s;
  s.script = options.Text("tests");
  const std::string language = options.Text("language", "auto");
  if (language == "python")
    s.language = Program::Language::kPython;
  else if (language == "shell")
    s.language = Program::Language::kShell;
  else if (language != "auto")
    options.Wrong("language", "must be auto, python or shell");
  const auto milliseconds = [&](std::string_view key, double standard) {
    return std::chrono::milliseconds(
        static_cast<std::int64_t>(1000 * options.Number(key, standard, 0.1, 600)));
  };
  s.trial.limits.wall = milliseconds("seconds", 10);
  s.trial.limits.cpu = s.trial.limits.wall;
  s.trial.total = milliseconds("total_seconds", 20);
  s.trial.limits.memory = static_cast<std::int64_t>(options.Number("memory_mb", 512, 32, 8192)) << 20;
  if (!options.ok()) return nullptr;
  // Without a sandbox the verifier exists and says why it cannot tell; nothing is run without one.
  auto sandbox = tools.sandbox ? Result<std::shared_ptr<Sandbox>>(tools.sandbox) : Sandbox::Create();
  return std::make_shared<CodeRule>(std::move(s), std::move(sandbox), tools.seed);
}

}  // namespace

Info CodeInfo() {
  return {
      kFacts.name,
      "The answer's Python or shell code, run in a sandbox, passes the question's own tests and examples.",
      {{"tests",
        "a test script of your own instead: Python behind the answer, or a shell script beside answer.sh",
        ""},
       {"language", "auto, python or shell", "auto"},
       {"seconds", "limit of one run", "10"},
       {"total_seconds", "limit of all runs for one answer", "20"},
       {"memory_mb", "memory of one run", "512"}},
      MakeCode};
}

}  // namespace baton::verify
