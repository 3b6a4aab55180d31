// How good the rules' features are, on labelled questions that are not part of the repository. Prints the
// tables that docs/routing.md quotes; the floors only catch a change for the worse. Thresholds were set on
// questions with an even number in their set, so the odd ones count.
//   BATON_SHARED_DATA=... build/release/src/route_test --gtest_filter='Quality.*'
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "route/features.h"
#include "route/testing.h"
#include "route/tokens.h"

namespace baton::route {
namespace {

std::string DataFolder() {
  const char* folder = std::getenv("BATON_SHARED_DATA");
  return folder != nullptr ? folder : "../shared/data";
}

std::vector<nlohmann::json> Rows(const std::string& name) {
  std::vector<nlohmann::json> rows;
  std::string path = DataFolder() + "/" + name + ".jsonl.zst";
  if (!std::filesystem::exists(path)) return rows;
  FILE* pipe = popen(("zstd -dc '" + path + "' 2>/dev/null").c_str(), "r");
  if (pipe == nullptr) return rows;
  std::string text;
  char buffer[65536];
  for (std::size_t n = 0; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, n);
  pclose(pipe);
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = std::min(text.find('\n', i), text.size());
    rows.push_back(nlohmann::json::parse(text.substr(i, end - i)));
    i = end + 1;
  }
  return rows;
}

Features Of(const std::string& text) {
  static const rails::Catalogue kAny{{MakeWorker("any")}};
  static const auto kPermit = PermitFor(kAny);
  return Compute(Ask(text), *kPermit);
}

struct Labelled {
  const char* set;
  const char* key;    // which field holds the label, or null
  const char* label;  // its value, or null: any
  const char* want;   // task, or several with '|'
};

const Labelled kTasks[] = {
    {"gsm8k_test", nullptr, nullptr, "maths"},
    {"math500", nullptr, nullptr, "maths"},
    {"math_misc", nullptr, nullptr, "maths"},
    {"humaneval", nullptr, nullptr, "code"},
    {"mbpp", nullptr, nullptr, "code"},
    {"banking77_test", nullptr, nullptr, "support"},
    {"arena_hard_v2.0", "subcategory", "coding", "code"},
    {"arena_hard_v2.0", "subcategory", "math", "maths"},
    {"arena_hard_v2.0", "subcategory", "creative_writing", "creative"},
    {"mt_bench", "category", "writing", "creative"},
    {"mt_bench", "category", "roleplay", "creative|chat"},
    {"mt_bench", "category", "math", "maths"},
    {"mt_bench", "category", "coding", "code"},
    {"mt_bench", "category", "extraction", "extraction"},
    {"commonsense_qa_dev", nullptr, nullptr, "chat"},
};

bool Wanted(const std::string& want, const std::string& got) {
  return ("|" + want + "|").find("|" + got + "|") != std::string::npos;
}

TEST(Quality, TasksOfLabelledQuestions) {
  int all = 0;
  printf("| set | label | questions | right | most frequent other |\n|---|---|---|---|---|\n");
  for (const auto& l : kTasks) {
    int n = 0, right = 0, index = 0;
    std::map<std::string, int> wrong;
    for (const auto& row : Rows(std::string("question_sets/") + l.set)) {
      if (l.key != nullptr && row[l.key] != l.label) continue;
      if (index++ % 2 == 0 && std::getenv("BATON_EVEN") == nullptr) continue;
      ++n;
      std::string got = Of(row["prompt"]).task;
      Wanted(l.want, got) ? ++right : ++wrong[got];
    }
    if (n == 0) continue;
    all += n;
    std::string most;
    for (const auto& [task, count] : wrong) {
      if (most.empty() || count > wrong[most]) most = task;
    }
    printf("| %s%s%s | %s | %d | %.0f %% | %s |\n", l.set, l.label ? " " : "", l.label ? l.label : "", l.want,
           n, 100.0 * right / n, most.empty() ? "" : (most + " " + std::to_string(wrong[most])).c_str());
    if (n > 50) {
      EXPECT_GT(right * 100, n * 35) << l.set;
    }
  }
  if (all == 0)
    GTEST_SKIP() << "no questions under " << DataFolder() << " (set BATON_SHARED_DATA), or no zstd program";
}

std::string DomainOfSubject(const std::string& s) {
  static const std::map<std::string, std::set<std::string>> kSubjects = {
      {"legal", {"international_law", "jurisprudence", "professional_law"}},
      {"medical",
       {"anatomy", "clinical_knowledge", "college_medicine", "medical_genetics", "professional_medicine",
        "nutrition", "virology", "human_aging"}},
      {"financial",
       {"econometrics", "high_school_macroeconomics", "high_school_microeconomics",
        "professional_accounting"}},
      {"coding",
       {"college_computer_science", "high_school_computer_science", "computer_security", "machine_learning"}},
      {"science",
       {"astronomy", "college_biology", "college_chemistry", "college_physics", "conceptual_physics",
        "electrical_engineering", "high_school_biology", "high_school_chemistry", "high_school_physics"}}};
  for (const auto& [domain, subjects] : kSubjects) {
    if (subjects.count(s)) return domain;
  }
  return "general";
}

TEST(Quality, DomainsOfLabelledQuestions) {
  std::map<std::string, std::array<int, 3>> tally;  // labelled, reported, right
  int index = 0, all = 0, right = 0;
  for (const auto& row : Rows("question_sets/mmlu_test")) {
    if (index++ % 2 == 0) continue;
    std::string want = DomainOfSubject(row["subject"]), text = row["prompt"];
    for (const auto& c : row["choices"]) text += "\n" + (c.is_string() ? c.get<std::string>() : c.dump());
    std::string got = Of(text).domain;
    ++all;
    right += got == want;
    ++tally[want][0];
    ++tally[got][1];
    tally[want][2] += got == want;
  }
  if (all == 0)
    GTEST_SKIP() << "no questions under " << DataFolder() << " (set BATON_SHARED_DATA), or no zstd program";
  printf("| domain | questions | precision | recall |\n|---|---|---|---|\n");
  for (const auto& [domain, t] : tally)
    printf("| %s | %d | %.2f | %.2f |\n", domain.c_str(), t[0], 1.0 * t[2] / std::max(1, t[1]),
           1.0 * t[2] / std::max(1, t[0]));
  printf("all: %d of %d (%.0f %%)\n", right, all, 100.0 * right / all);
  EXPECT_GT(right * 2, all);
}

TEST(Quality, TokenEstimatesAgainstWhatProvidersCounted) {
  std::map<std::string, std::vector<double>> ratios;
  for (const auto& row : Rows("routerarena_sub10/sub10")) {
    for (const auto& [model, answer] : row["models"].items()) {
      if (!answer.contains("response") || !answer["response"].is_string() ||
          answer.value("completion_tokens", 0) < 8)
        continue;
      ratios[model].push_back(static_cast<double>(EstimateTokens(answer["response"].get<std::string>()) + 4) /
                              answer["completion_tokens"].get<double>());
    }
  }
  if (ratios.empty())
    GTEST_SKIP() << "no answers under " << DataFolder() << " (set BATON_SHARED_DATA), or no zstd program";
  printf("| counted by | texts | 1 %% | median | 99 %% | below 0.8 |\n|---|---|---|---|---|---|\n");
  for (auto& [model, r] : ratios) {
    std::sort(r.begin(), r.end());
    auto low = std::lower_bound(r.begin(), r.end(), 0.8) - r.begin();
    auto at = [&](double q) { return r[static_cast<std::size_t>(q * static_cast<double>(r.size() - 1))]; };
    printf("| %s | %zu | %.2f | %.2f | %.2f | %ld |\n", model.c_str(), r.size(), at(0.01), at(0.5), at(0.99),
           static_cast<long>(low));
    EXPECT_LE(static_cast<std::size_t>(low) * 100, r.size() * 2) << model;
  }
}

}  // namespace
}  // namespace baton::route
