// Trains the classifiers of task, domain and complexity on labelled public questions, and measures them on
// questions that took no part in it, beside what words alone tell and beside both together (what the server
// does).
//   build/release/bench/classifiers FOLDER TABLE OUT.bin > docs/results/classifiers.md
// FOLDER holds the question sets (JSON Lines, .zst; `zstd` unpacks them), TABLE is minilm-static.table.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/hash.h"
#include "estimate/classifier.h"
#include "estimate/features.h"
#include "rails/rails.h"
#include "route/testing.h"

namespace baton {
namespace {

using Json = nlohmann::json;

struct Question {
  std::string set, text, task, domain, complexity;  // a label that is not known is empty
  bool train = false;
};

std::vector<Json> Rows(const std::string& folder, const std::string& name) {
  std::vector<Json> rows;
  FILE* pipe = popen(fmt::format("zstd -dc '{}/{}.jsonl.zst'", folder, name).c_str(), "r");
  std::string text;
  char buffer[65536];
  for (std::size_t n = 0; pipe && (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, n);
  if (pipe) pclose(pipe);
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t end = std::min(text.find('\n', i), text.size());
    rows.push_back(Json::parse(text.substr(i, end - i)));
    i = end + 1;
  }
  return rows;
}

// How a set's rows are labelled: fixed words, or by what a field says.
struct Source {
  const char* set;
  const char* field;  // whose value must be `value`; null: all rows
  const char* value;
  const char* task;
  const char* domain;
  const char* complexity;
  std::size_t most;     // so many rows at most: no set may drown the others
  bool unseen = false;  // kept out of training as a whole: does it hold beyond the sets it learned from?
};

constexpr Source kSources[] = {
    {"gsm8k_train", nullptr, nullptr, "maths", nullptr, "medium", 1500},
    {"gsm8k_test", nullptr, nullptr, "maths", nullptr, "medium", 600},
    {"math_test", "level", "Level 5", "maths", nullptr, "high", 1000},
    {"math_test", "level", "Level 1", "maths", nullptr, "medium", 400},
    {"math_test", "level", "Level 3", "maths", nullptr, nullptr, 600},
    {"mbpp", nullptr, nullptr, "code", "coding", "medium", 974},
    {"humaneval", nullptr, nullptr, "code", "coding", "medium", 164, true},
    {"arena_hard_v2.0", "subcategory", "coding", "code", "coding", "high", 750},
    {"arena_hard_v2.0", "subcategory", "math", "maths", nullptr, "high", 750},
    {"arena_hard_v2.0", "subcategory", "creative_writing", "creative", "general", nullptr, 750},
    {"banking77_train", nullptr, nullptr, "support", "financial", "low", 1200},
    {"banking77_test", nullptr, nullptr, "support", "financial", "low", 600},
    {"clinc150_full", nullptr, nullptr, nullptr, nullptr, "low", 1500},
    {"commonsense_qa_dev", nullptr, nullptr, "chat", "general", "low", 1221},
    {"arc_challenge_test", nullptr, nullptr, "chat", "science", "medium", 1172},
    {"bbh", nullptr, nullptr, nullptr, "general", "high", 1200},
    {"mt_bench", "category", "writing", "creative", nullptr, nullptr, 80, true},
    {"mt_bench", "category", "math", "maths", nullptr, nullptr, 80, true},
    {"mt_bench", "category", "coding", "code", "coding", nullptr, 80, true},
    {"mt_bench", "category", "humanities", "chat", nullptr, nullptr, 80, true},
    {"math_misc", nullptr, nullptr, "maths", nullptr, nullptr, 600, true},
    {"ockbench_math_coding", "benchmark", "ockbench_math", "maths", nullptr, "high", 600, true},
    {"ockbench_math_coding", "benchmark", "ockbench_coding", "code", "coding", "medium", 600, true},
};

const char* DomainOfSubject(const std::string& s) {
  static const std::map<std::string, const char*> kDomains = {{"international_law", "legal"},
                                                              {"jurisprudence", "legal"},
                                                              {"professional_law", "legal"},
                                                              {"anatomy", "medical"},
                                                              {"clinical_knowledge", "medical"},
                                                              {"college_medicine", "medical"},
                                                              {"medical_genetics", "medical"},
                                                              {"professional_medicine", "medical"},
                                                              {"nutrition", "medical"},
                                                              {"virology", "medical"},
                                                              {"human_aging", "medical"},
                                                              {"econometrics", "financial"},
                                                              {"high_school_macroeconomics", "financial"},
                                                              {"high_school_microeconomics", "financial"},
                                                              {"professional_accounting", "financial"},
                                                              {"college_computer_science", "coding"},
                                                              {"high_school_computer_science", "coding"},
                                                              {"computer_security", "coding"},
                                                              {"machine_learning", "coding"},
                                                              {"astronomy", "science"},
                                                              {"college_biology", "science"},
                                                              {"college_chemistry", "science"},
                                                              {"college_physics", "science"},
                                                              {"conceptual_physics", "science"},
                                                              {"electrical_engineering", "science"},
                                                              {"high_school_biology", "science"},
                                                              {"high_school_chemistry", "science"},
                                                              {"high_school_physics", "science"}};
  const auto it = kDomains.find(s);
  return it != kDomains.end() ? it->second : "general";
}

std::string Word(const char* text) {
  return text != nullptr ? text : "";
}

void Add(Question q, bool unseen, std::vector<Question>* all) {
  q.train = !unseen && Hash64(q.text) % 2 == 0;
  all->push_back(std::move(q));
}

std::vector<Question> Load(const std::string& folder) {
  std::vector<Question> all;
  for (const Source& s : kSources) {
    std::size_t n = 0;
    for (const Json& row : Rows(folder, s.set)) {
      if (s.field != nullptr && (!row.contains(s.field) || row[s.field] != s.value)) continue;
      if (++n > s.most) break;
      Question q{s.set, row["prompt"].get<std::string>(), Word(s.task), Word(s.domain), Word(s.complexity),
                 false};
      // Options belong to the question, as people paste them.
      if (row.contains("choices")) {
        for (const auto& c : row["choices"]) q.text += "\n" + c.get<std::string>();
      }
      Add(std::move(q), s.unseen, &all);
    }
  }
  for (const Json& row : Rows(folder, "mmlu_test")) {
    Question q{"mmlu_test", row["prompt"].get<std::string>(), "", DomainOfSubject(row["subject"]), "", false};
    for (const auto& c : row["choices"]) q.text += "\n" + (c.is_string() ? c.get<std::string>() : c.dump());
    Add(std::move(q), false, &all);
  }
  return all;
}

using LabelOf = const std::string Question::*;
struct Field {
  const char* name;
  LabelOf label;
  const std::string route::Features::*ruled;
};
const Field kFields[] = {{"task", &Question::task, &route::Features::task},
                         {"domain", &Question::domain, &route::Features::domain},
                         {"complexity", &Question::complexity, &route::Features::complexity}};

estimate::Classifier Train(const Field& field, const std::vector<Question>& all,
                           const estimate::Featurizer& f) {
  std::vector<std::string> labels;
  std::vector<std::string_view> texts;
  std::vector<std::size_t> classes;
  for (const Question& q : all) {
    const std::string& label = q.*field.label;
    if (!q.train || label.empty()) continue;
    auto it = std::find(labels.begin(), labels.end(), label);
    classes.push_back(static_cast<std::size_t>(it - labels.begin()));
    if (it == labels.end()) labels.push_back(label);
    texts.push_back(q.text);
  }
  const std::vector<float> x = f.OfPrompts(texts);
  return std::move(*estimate::Classifier::Train(field.name, labels, x, f.width(), classes, {}));
}

struct Tally {
  int n = 0, rules = 0, learned = 0, both = 0;
};

void PrintTally(const std::string& name, const Tally& t) {
  auto share = [&](int right) { return 100.0 * right / t.n; };
  fmt::print("| {} | {} | {:.1f} | {:.1f} | {:.1f} |\n", name, t.n, share(t.rules), share(t.learned),
             share(t.both));
}

route::Features Of(const std::string& text, const estimate::Featurizer* f, const estimate::Classifiers* c) {
  static const rails::Catalogue kAny{{route::MakeWorker("any")}};
  static const auto kPermit = route::PermitFor(kAny);
  return route::Compute(route::Ask(text), *kPermit, f, c);
}

void Report(const Field& field, const std::vector<Question>& all, const estimate::Featurizer& f,
            const estimate::Classifiers& classifiers) {
  std::map<std::string, Tally> by_label, by_set;
  std::map<std::string, std::map<std::string, int>> confusion;
  Tally seen, unseen;
  for (const Question& q : all) {
    const std::string& want = q.*field.label;
    if (q.train || want.empty()) continue;
    const bool new_set = std::any_of(std::begin(kSources), std::end(kSources),
                                     [&](const Source& s) { return s.unseen && q.set == s.set; });
    const auto ruled = Of(q.text, nullptr, nullptr), both = Of(q.text, &f, &classifiers);
    const auto guess = classifiers.Find(field.name)->Classify(both.vector);
    for (Tally* t : {&by_label[want], &by_set[q.set], new_set ? &unseen : &seen}) {
      ++t->n;
      t->rules += ruled.*field.ruled == want;
      t->learned += guess.label == want;
      t->both += both.*field.ruled == want;
    }
    ++confusion[want][both.*field.ruled];
  }
  fmt::print(
      "\n## {}\n\n| held out | questions | words alone, % | learned alone, % | both, % "
      "|\n|---|---|---|---|---|\n",
      field.name);
  PrintTally("**sets it learned from, other questions**", seen);
  if (unseen.n > 0) PrintTally("**sets it never saw**", unseen);
  for (const auto& [label, t] : by_label) PrintTally(label, t);
  for (const auto& [set, t] : by_set) PrintTally("`" + set + "`", t);
  fmt::print("\nConfusion of both together (rows: what it is; columns: what it was taken for):\n\n|  |");
  std::map<std::string, int> columns;
  for (const auto& [want, row] : confusion) {
    for (const auto& [got, n] : row) columns[got] += n;
  }
  for (const auto& [got, n] : columns) fmt::print(" {} |", got);
  fmt::print("\n|---|");
  for (std::size_t i = 0; i < columns.size(); ++i) fmt::print("---|");
  fmt::print("\n");
  for (auto& [want, row] : confusion) {
    fmt::print("| {} |", want);
    for (const auto& [got, n] : columns) fmt::print(" {} |", row[got]);
    fmt::print("\n");
  }
}

int Main(int argc, char** argv) {
  if (argc != 4) return fmt::print(stderr, "usage: classifiers FOLDER TABLE OUT.bin > REPORT.md\n"), 2;
  auto table = text::StaticTable::Load(argv[2]);
  if (!table) return fmt::print(stderr, "{}\n", table.error().message), 1;
  const estimate::Featurizer featurizer(*table);
  const std::vector<Question> all = Load(argv[1]);
  if (all.empty()) return fmt::print(stderr, "no questions under {}\n", argv[1]), 1;
  std::vector<estimate::Classifier> fields;
  for (const Field& field : kFields) fields.push_back(Train(field, all, featurizer));
  const estimate::Classifiers classifiers(featurizer.id(), std::move(fields));
  std::ofstream(argv[3], std::ios::binary) << classifiers.ToBytes();
  std::size_t train = 0;
  for (const Question& q : all) train += q.train;
  fmt::print(
      "# Task, domain and complexity: how often they are told right\n\n"
      "Made by `build/release/bench/classifiers FOLDER models/minilm-static.table assets/classifiers.bin`.\n"
      "{} labelled public questions, {} of them for training (an even hash of the text), the others counted "
      "here. "
      "Labels follow the set a question comes from, so they are coarse: a set is taken as one kind of "
      "question.\n",
      all.size(), train);
  for (const Field& field : kFields) Report(field, all, featurizer, classifiers);
  return 0;
}

}  // namespace
}  // namespace baton

int main(int argc, char** argv) {
  return baton::Main(argc, argv);
}
