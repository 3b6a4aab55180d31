// How often is a verifier wrong? Runs verifiers over recorded answers of real models whose scores are known,
// and prints the counts that docs/verifiers.md and the error_rate() constants are taken from.
//
//   verifier_rates [--half dev|test] [--only NAME] [--seed N] [--show N] [--models DIR]
//
// The recordings lie in $BATON_SHARED_DATA (default ../shared/data) and are not part of the repository;
// without them, or without the zstd command, it says so and ends well. A question is on the development or
// the test half by the hash of its text, so that the same question in two sets is on one side. Verifiers were
// made looking at the first half only; published figures are of the second.
//
// With --models the rows of verifiers that ask a model are added (minutes).
#include "bench/verifier_rates.h"

#include <cstring>
#include <functional>

#include "base/random.h"
#include "verify/sandbox.h"

namespace {

using namespace baton;
using namespace baton::verify;

// Every answer by itself; `make` gives the verifier for a row, null to leave it out.
void EachAnswer(const Settings& s, const std::string& name, const std::string& set,
                const std::function<std::shared_ptr<const Verifier>(const Row&)>& make) {
  Counts c;
  int shown = 0;
  for (const Row& row : ReadSet(s, set)) {
    auto v = make(row);
    if (v == nullptr) continue;
    for (const Answer& a : row.answers) {
      const Judgement j = Check(*v, row, a.text);
      c.Add(a.right, j.verdict);
      if (a.right && j.verdict == Verdict::kReject && shown++ < s.show)
        fmt::print("  {}: {}\n", j.reason, j.evidence);
    }
  }
  Print(name, set, c);
}

// One answer against four of other models, drawn five times per question.
void Agreement(const Settings& s, const std::string& by, const std::string& set) {
  auto v = Made({"agreement", {{"by", by}}});
  Random random(s.seed);
  Counts c;
  for (const Row& row : ReadSet(s, set)) {
    if (row.answers.size() < 5) continue;
    for (int draw = 0; draw < 5; ++draw) {
      std::vector<std::size_t> order(row.answers.size());
      for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
      for (std::size_t i = 0; i < 5; ++i) std::swap(order[i], order[i + random.Below(order.size() - i)]);
      std::vector<std::string_view> others;
      for (std::size_t i = 1; i < 5; ++i) others.push_back(row.answers[order[i]].text);
      const Answer& own = row.answers[order[0]];
      c.Add(own.right, Check(*v, row, own.text, std::move(others)).verdict);
    }
  }
  Print("agreement by " + by + ", 1 of 5", set, c);
}

void CodeRates(const Settings& s) {
  auto sandbox = Sandbox::Create();
  if (!sandbox) {
    fmt::print("code: skipped: {}\n", sandbox.error().message);
    return;
  }
  auto v = Made({"code", {{"seconds", "10"}}}, Tools{.sandbox = *sandbox, .seed = 1});
  EachAnswer(s, "code", "livecodebench/o1_generations", [&](const Row&) { return v; });
  EachAnswer(s, "code (the question's, a value to fill in)", "zeroeval/cruxeval_o",
             [&](const Row&) { return v; });
}

// Two programs for the same task, each judged by the other one.
void BehaviourRates(const Settings& s) {
  auto sandbox = Sandbox::Create();
  if (!sandbox) {
    fmt::print("agreement by behaviour: skipped: {}\n", sandbox.error().message);
    return;
  }
  auto v = Made({"agreement", {{"by", "behaviour"}}}, Tools{.sandbox = *sandbox, .seed = 1});
  Counts c;
  for (const Row& row : ReadSet(s, "livecodebench/o1_generations")) {
    if (row.answers.size() != 2) continue;
    for (std::size_t i = 0; i < 2; ++i)
      c.Add(row.answers[i].right, Check(*v, row, row.answers[i].text, {row.answers[1 - i].text}).verdict);
  }
  Print("agreement by behaviour, 1 of 2", "livecodebench/o1_generations", c);
}

void Run(const Settings& s) {
  const auto wanted = [&](const char* name) { return s.only.empty() || s.only == name; };
  fmt::print("half: {}, seed {}\n\n", s.test_half ? "test" : "dev", s.seed);
  fmt::print(
      "| verifier | set | answers | wrong but accepted | right but rejected | undecided "
      "|\n|---|---|---|---|---|---|\n");
  const std::vector<std::string> sums = {"zeroeval/gsm8k", "zeroeval/math_level5", "routellm/gsm8k",
                                         "openai_gsm8k_solutions/gsm8k_test_4systems"};
  if (wanted("arithmetic")) {
    auto v = Made({"arithmetic", {}});
    for (const auto& set : sums) EachAnswer(s, "arithmetic", set, [&](const Row&) { return v; });
  }
  if (wanted("number")) {
    for (const auto& set : sums) {
      EachAnswer(s, "number (expect = reference)", set, [](const Row& r) {
        return Made({"number", {{"expect", r.reference}}});
      });
    }
  }
  if (wanted("exact")) {
    EachAnswer(s, "exact (expect = reference)", "zeroeval/cruxeval_o", [](const Row& r) {
      return r.reference.empty() ? nullptr : Made({"exact", {{"expect", r.reference}}});
    });
  }
  if (wanted("agreement")) {
    for (const char* set : {"zeroeval/gsm8k", "zeroeval/math_level5", "zeroeval/cruxeval_o",
                            "routerbench_subset/arc_challenge"}) {
      Agreement(s, "auto", set);
    }
    Agreement(s, "number", "zeroeval/gsm8k");
    Agreement(s, "choice", "routerbench_subset/arc_challenge");
    Agreement(s, "normalised", "zeroeval/cruxeval_o");
  }
  if (wanted("code")) CodeRates(s);
  if (wanted("behaviour")) BehaviourRates(s);
  RunForms(s);
}

}  // namespace

int main(int argc, char** argv) {
  Settings s;
  std::string models;
  const char* data = std::getenv("BATON_SHARED_DATA");
  s.data = data != nullptr ? data : "../shared/data";
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--models") == 0) models = argv[i + 1];
    if (std::strcmp(argv[i], "--half") == 0) s.test_half = std::strcmp(argv[i + 1], "dev") != 0;
    if (std::strcmp(argv[i], "--only") == 0) s.only = argv[i + 1];
    if (std::strcmp(argv[i], "--show") == 0) s.show = std::atoi(argv[i + 1]);
    if (std::strcmp(argv[i], "--seed") == 0) s.seed = std::strtoull(argv[i + 1], nullptr, 10);
  }
  if (!std::filesystem::exists(s.data / "zeroeval") || std::system("command -v zstd >/dev/null") != 0) {
    fmt::print("skipped: no recordings in {} (set BATON_SHARED_DATA), or no zstd command\n", s.data.string());
    return 0;
  }
  Run(s);
  if (!models.empty()) RunWithModels(s, models);
  return 0;
}
