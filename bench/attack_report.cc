// What the attack detector is worth on texts it was not trained on. Prints the tables of
// docs/results/attacks.md:
//   build/release/bench/attack_report
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "attack_samples.h"
#include "base/random.h"
#include "cpu_clock.h"
#include "question_sets.h"
#include "rails/attack.h"

namespace {

using namespace baton;

constexpr std::uint64_t kSeed = 77;

struct Tally {
  int texts = 0, expressions = 0, learned = 0, any = 0;
  void Add(const rails::Suspicion& s, bool tool) {
    const bool model = s.signs.contains("learned") || (tool && s.signs.contains("orders_in_data"));
    const bool said = std::any_of(s.signs.begin(), s.signs.end(),
                                  [](const auto& n) { return n != "learned" && n != "orders_in_data"; });
    ++texts;
    learned += model;
    expressions += said;
    any += s.tagged();
  }
  std::string Row() const {
    const auto share = [this](int n) { return texts == 0 ? 0.0 : 100.0 * n / texts; };
    return fmt::format("{} | {:.1f} % | {:.1f} % | {:.1f} %", texts, share(expressions), share(learned),
                       share(any));
  }
};

std::vector<std::string> Texts(const std::string& set, const char* field, const char* split, bool odd) {
  std::vector<std::string> out;
  std::size_t i = 0;
  for (const auto& row : QuestionRows(set)) {
    if (split && row.value("split", "") != split) continue;
    if (odd && i++ % 2 == 0) continue;
    if (row.contains(field) && row[field].is_string()) out.push_back(row[field]);
  }
  return out;
}

void Families(const rails::AttackDetector& detector, Tally* attacks) {
  const auto clean = Texts("gsm8k_test", "prompt", nullptr, false);
  Random random(kSeed);
  std::map<std::string, Tally> alone, inside;
  for (const auto& s : attack_samples::Make(attack_samples::Split::kTest, 300, kSeed)) {
    alone[s.family].Add(detector.LookAt(s.text, false), false);
    attacks->Add(detector.LookAt(s.text, false), false);
    if (clean.empty()) continue;
    const auto& around = clean[random.Below(clean.size())];
    inside[s.family].Add(detector.LookAt(around + "\n" + s.text, false), false);
  }
  fmt::print(
      "| family | texts | by expressions | by the model | tagged | tagged behind a clean question "
      "|\n|---|---|---|---|---|---|\n");
  for (const auto& [family, t] : alone) {
    const Tally& in = inside[family];
    fmt::print("| {} | {} | {} |\n", family, t.Row(),
               in.texts == 0 ? "not measured" : fmt::format("{:.1f} %", 100.0 * in.any / in.texts));
  }
}

void Bipia(const rails::AttackDetector& detector) {
  const auto contexts = Texts("bipia_contexts", "context", "test", false);
  if (contexts.empty()) return;
  fmt::print(
      "\n| orders in a tool's result | texts | by expressions | by the models | tagged "
      "|\n|---|---|---|---|---|\n");
  Random random(kSeed);
  Tally clean, attacked;
  for (const auto& c : contexts) clean.Add(detector.LookAt(c, true), true);
  for (const auto& attack : Texts("bipia_attacks", "prompt", "test", false)) {
    for (int i = 0; i < 4; ++i) {
      const auto& c = contexts[random.Below(contexts.size())];
      const auto at = c.find(' ', random.Below(c.size()));
      const std::string text =
          at == std::string::npos ? c + "\n" + attack : c.substr(0, at) + "\n" + attack + "\n" + c.substr(at);
      attacked.Add(detector.LookAt(text, true), true);
    }
  }
  fmt::print("| BIPIA test contexts as they are | {} |\n| with a BIPIA test attack inside | {} |\n",
             clean.Row(), attacked.Row());
}

void Clean(const rails::AttackDetector& detector, Tally* all) {
  fmt::print(
      "\n| clean set (rows not trained on) | texts | by expressions | by the model | tagged "
      "|\n|---|---|---|---|---|\n");
  for (const auto& [set, odd] : std::vector<std::pair<const char*, bool>>{{"gsm8k_test", false},
                                                                          {"banking77_test", false},
                                                                          {"math500", false},
                                                                          {"humaneval", false},
                                                                          {"mt_bench", false},
                                                                          {"ifbench_test", false},
                                                                          {"arc_challenge_test", false},
                                                                          {"mmlu_test", true},
                                                                          {"arena_hard_v2.0", true},
                                                                          {"xstest_prompts", true},
                                                                          {"clinc150_full", true}}) {
    Tally t;
    for (const auto& text : Texts(set, "prompt", nullptr, odd)) {
      const auto s = detector.LookAt(text, false);
      t.Add(s, false);
      all->Add(s, false);
    }
    if (t.texts > 0) fmt::print("| {} | {} |\n", set, t.Row());
  }
}

void Cost(const rails::AttackDetector& detector) {
  std::string text;
  while (text.size() < 2048)
    text +=
        "The committee met twice during the spring to discuss how the old harbour might be used once the "
        "ferries move. ";
  text.resize(2048);
  double best = 1e9;
  for (int round = 0; round < 9; ++round) {
    const double from = ThreadMicroseconds();
    for (int i = 0; i < 200; ++i) (void)detector.LookAt(text, false);
    best = std::min(best, (ThreadMicroseconds() - from) / 200);
  }
  fmt::print("\nOne look at 2 KB of prose: {:.1f} us of CPU (best of nine runs of 200, one thread).\n", best);
}

}  // namespace

int main() {
  const auto detector = rails::AttackDetector::Build();
  if (!detector) {
    fmt::print(stderr, "attack_report: {}\n", detector.error().message);
    return 1;
  }
  Tally attacks, clean;
  Families(**detector, &attacks);
  Bipia(**detector);
  Clean(**detector, &clean);
  if (clean.texts > 0) {
    const double precision = attacks.any + clean.any == 0 ? 0 : 1.0 * attacks.any / (attacks.any + clean.any);
    fmt::print(
        "\nTogether: recall {:.3f} on {} generated attacks of the test split, {:.2f} % of {} clean texts "
        "tagged; at this mix of "
        "texts a precision of {:.3f}.\n",
        1.0 * attacks.any / attacks.texts, attacks.texts, 100.0 * clean.any / clean.texts, clean.texts,
        precision);
  }
  Cost(**detector);
  return 0;
}
