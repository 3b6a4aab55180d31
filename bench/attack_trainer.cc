// Trains the two models of rails/attack_model.h and writes src/rails/attack_weights.inc.
//   build/release/bench/attack_trainer src/rails/attack_weights.inc
// Needs the question sets beside the repository (bench/question_sets.h). The same data and seed give the same
// file.
//
// Logistic regression by stochastic gradient descent with per-weight steps (AdaGrad) and weight decay, over
// windows of 32 words. Positives of the phrasing model: generated attacks (attack_samples.h, the templates of
// the training split), alone and inside a clean question. Negatives: clean questions, XSTest (harmless and
// harmful: both are questions to be asked, not attacks on the router), e-mails and tables of BIPIA. Positives
// of the orders model: BIPIA's training attacks and generated ones inside its training contexts; negatives:
// the contexts. A tenth of the negatives sets the threshold.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "attack_samples.h"
#include "base/random.h"
#include "question_sets.h"
#include "rails/attack_model.h"

namespace {

using namespace baton;
using rails::AttackFeatures;

constexpr std::uint64_t kSeed = 20260101;
constexpr int kEpochs = 8, kPerFamily = 700;
constexpr double kStep = 0.5, kDecay = 1e-6;
constexpr double kFalseAlarms = 0.002;  // share of held-back clean texts above the threshold

struct Example {
  AttackFeatures features;
  bool attack;
};

std::string Field(const nlohmann::json& row, const char* name) {
  return row.contains(name) && row[name].is_string() ? row[name].get<std::string>() : std::string();
}

std::vector<std::string> Texts(const std::string& set, const char* field = "prompt",
                               const char* split = nullptr) {
  std::vector<std::string> out;
  for (const auto& row : QuestionRows(set)) {
    if (split && Field(row, "split") != split) continue;
    if (auto text = Field(row, field); !text.empty()) out.push_back(std::move(text));
  }
  return out;
}

void Append(std::vector<std::string>* to, std::vector<std::string> from, std::size_t most) {
  if (from.size() > most) from.resize(most);
  to->insert(to->end(), from.begin(), from.end());
}

// Every other row: the odd ones are measured on (bench/attack_report.cc).
std::vector<std::string> Even(const std::vector<std::string>& all) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < all.size(); i += 2) out.push_back(all[i]);
  return out;
}

std::vector<std::string> CleanQuestions() {
  std::vector<std::string> all;
  for (const char* set : {"gsm8k_train", "banking77_train", "arena_hard_v0.1", "mbpp", "math_misc", "bbh"})
    Append(&all, Texts(set), 3000);
  Append(&all, Even(Texts("mmlu_test")), 4000);
  Append(&all, Even(Texts("xstest_prompts")), 1000);
  Append(&all, Even(Texts("arena_hard_v2.0")), 1000);
  Append(&all, Even(Texts("clinc150_full")), 4000);
  return all;
}

void AddWindows(const std::string& text, bool attack, std::vector<Example>* to) {
  rails::ForEachAttackWindow(text, [&](const AttackFeatures& f, std::size_t, std::size_t) {
    to->push_back({f, attack});
  });
}

// A text around the attack: windows that hold most of it teach what an attack is, those that hold none of it
// what is none; the others say nothing.
void AddInside(const std::string& before, const std::string& attack, const std::string& after,
               std::vector<Example>* to) {
  const std::string text = before.substr(0, 400) + "\n" + attack + "\n" + after.substr(0, 400);
  const std::size_t begin = std::min<std::size_t>(before.size(), 400) + 1, end = begin + attack.size();
  rails::ForEachAttackWindow(text, [&](const AttackFeatures& f, std::size_t from, std::size_t upto) {
    const std::size_t shared =
        std::min(end, upto) > std::max(begin, from) ? std::min(end, upto) - std::max(begin, from) : 0;
    if (shared == 0) to->push_back({f, false});
    if (shared * 10 >= std::min<std::size_t>(attack.size(), 120) * 7) to->push_back({f, true});
  });
}

struct Trained {
  std::vector<double> weights = std::vector<double>(rails::kAttackBuckets);
  double bias = 0;
  double Odds(const AttackFeatures& f) const {
    double sum = 0;
    for (auto i : f) sum += weights[i];
    return bias + sum / std::sqrt(static_cast<double>(std::max<std::size_t>(1, f.size())));
  }
};

Trained Train(std::vector<Example> examples, Random& random) {
  Trained t;
  std::vector<double> seen(rails::kAttackBuckets, 1e-6);
  double seen_bias = 1e-6;
  const auto attacks = static_cast<double>(
      std::count_if(examples.begin(), examples.end(), [](const auto& e) { return e.attack; }));
  const double balance = (static_cast<double>(examples.size()) - attacks) / std::max(1.0, attacks);
  for (int epoch = 0; epoch < kEpochs; ++epoch) {
    for (std::size_t i = examples.size(); i > 1; --i) std::swap(examples[i - 1], examples[random.Below(i)]);
    for (const Example& e : examples) {
      const double p = 1 / (1 + std::exp(-t.Odds(e.features)));
      const double pull = (p - (e.attack ? 1 : 0)) * (e.attack ? std::min(balance, 10.0) : 1.0);
      const double each = pull / std::sqrt(static_cast<double>(std::max<std::size_t>(1, e.features.size())));
      for (auto f : e.features) {
        const double g = each + kDecay * t.weights[f];
        seen[f] += g * g;
        t.weights[f] -= kStep * g / std::sqrt(seen[f]);
      }
      seen_bias += pull * pull;
      t.bias -= kStep * pull / std::sqrt(seen_bias);
    }
  }
  return t;
}

// The least probability above which no more than kFalseAlarms of these texts have a window.
double ThresholdFor(const Trained& t, const std::vector<std::string>& clean) {
  std::vector<double> highest;
  for (const auto& text : clean) {
    double top = 0;
    rails::ForEachAttackWindow(text, [&](const AttackFeatures& f, std::size_t, std::size_t) {
      top = std::max(top, 1 / (1 + std::exp(-t.Odds(f))));
    });
    highest.push_back(top);
  }
  std::sort(highest.begin(), highest.end());
  const auto at = static_cast<std::size_t>(static_cast<double>(highest.size()) * (1 - kFalseAlarms));
  return std::clamp(highest.empty() ? 0.5 : highest[std::min(at, highest.size() - 1)] + 1e-3, 0.5, 0.999);
}

void Write(std::ofstream& out, const char* name, const Trained& t, double threshold) {
  double most = 1e-9;
  for (double w : t.weights) most = std::max(most, std::fabs(w));
  constexpr int kMost =
      40;  // '%' to 'u' around 'M'; '~' is not among them, so the raw strings end where they should
  const double scale = most / kMost;
  out << fmt::format("constexpr double k{0}Bias = {1:.6f}, k{0}Scale = {2:.8f}, k{0}Threshold = {3:.6f};\n",
                     name, t.bias, scale, threshold);
  out << fmt::format("constexpr std::string_view k{}Weights =\n", name);
  for (std::size_t i = 0; i < t.weights.size(); i += 100) {
    std::string line = "    R\"~(";
    for (std::size_t k = i; k < std::min(i + 100, t.weights.size()); ++k)
      line.push_back(static_cast<char>('M' + std::lround(t.weights[k] / scale)));
    out << line << (i + 100 < t.weights.size() ? ")~\"\n" : ")~\";\n");
  }
}

// Splits off every tenth.
std::vector<std::string> TakeTenth(std::vector<std::string>* texts) {
  std::vector<std::string> taken, kept;
  for (std::size_t i = 0; i < texts->size(); ++i)
    (i % 10 == 0 ? taken : kept).push_back(std::move((*texts)[i]));
  *texts = std::move(kept);
  return taken;
}

void TrainPhrasing(std::ofstream& out, Random& random) {
  std::vector<std::string> clean = CleanQuestions();
  Append(&clean, Texts("bipia_contexts", "context", "train"), 1000);
  const std::vector<std::string> held_back = TakeTenth(&clean);
  std::vector<Example> examples;
  for (const auto& text : clean) AddWindows(text, false, &examples);
  const std::size_t negatives = examples.size();
  for (const auto& s : attack_samples::Make(attack_samples::Split::kTrain, kPerFamily, kSeed)) {
    AddWindows(s.text, true, &examples);
    const auto &before = clean[random.Below(clean.size())], &after = clean[random.Below(clean.size())];
    AddInside(before, s.text, after, &examples);
  }
  const std::size_t count = examples.size();
  const Trained t = Train(std::move(examples), random);
  const double threshold = ThresholdFor(t, held_back);
  fmt::print("phrasing: {} clean windows, {} of attacks; threshold {:.3f} on {} texts\n", negatives,
             count - negatives, threshold, held_back.size());
  Write(out, "Phrasing", t, threshold);
}

void TrainOrders(std::ofstream& out, Random& random) {
  std::vector<std::string> clean = Texts("bipia_contexts", "context", "train");
  const std::vector<std::string> held_back = TakeTenth(&clean);
  std::vector<std::string> orders = Texts("bipia_attacks", "prompt", "train");
  for (const auto& s : attack_samples::Make(attack_samples::Split::kTrain, 40, kSeed + 1))
    orders.push_back(s.text);
  std::vector<Example> examples;
  for (const auto& text : clean) AddWindows(text, false, &examples);
  const std::size_t negatives = examples.size();
  for (int round = 0; round < 12; ++round) {
    for (const auto& order : orders)
      AddInside(clean[random.Below(clean.size())], order, clean[random.Below(clean.size())], &examples);
  }
  const std::size_t count = examples.size();
  const Trained t = Train(std::move(examples), random);
  const double threshold = ThresholdFor(t, held_back);
  fmt::print("orders: {} clean windows, {} with orders; threshold {:.3f} on {} texts\n", negatives,
             count - negatives, threshold, held_back.size());
  Write(out, "Orders", t, threshold);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: attack_trainer OUT.inc\n");
    return 2;
  }
  if (QuestionRows("bipia_contexts").empty()) {
    fmt::print(stderr,
               "attack_trainer: no question sets under {} (set BATON_SHARED_DATA), or no zstd program\n",
               QuestionFolder());
    return 1;
  }
  std::ofstream out(argv[1]);
  out << "// Written by bench/attack_trainer; docs/results/attacks.md has what it is worth. One character "
         "per weight:\n"
         "// its distance from 'M'.\n";
  Random random(kSeed);
  TrainPhrasing(out, random);
  TrainOrders(out, random);
  return out.good() ? 0 : 1;
}
