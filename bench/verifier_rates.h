// What the two halves of verifier_rates share: recorded answers of known worth, one verdict, and counting.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "verify/test_loop.h"
#include "verify/verifier.h"

namespace baton::verify {

using Json = nlohmann::json;

struct Answer {
  std::string text;
  bool right = false;
};
struct Row {
  std::string prompt, reference;
  std::vector<Answer> answers;
};

inline std::uint64_t Hash(std::string_view s) {
  std::uint64_t h = 1469598103934665603ULL;
  for (char c : s) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return h ^ (h >> 29);
}

struct Settings {
  std::filesystem::path data;
  bool test_half = true;
  std::string only;
  std::uint64_t seed = 1;
  int show = 0;  // right answers that were rejected, to look at
};

inline std::optional<Row> ParseRow(const std::string& line, const Settings& s) {
  const Json j = Json::parse(line, nullptr, false);
  if (!j.is_object() || !j.contains("models")) return std::nullopt;
  Row row;
  row.prompt = j.value("prompt", "");
  if ((Hash(row.prompt.empty() ? j.value("id", "") : row.prompt) % 2 == 1) != s.test_half)
    return std::nullopt;
  if (j.contains("reference") && j["reference"].is_string())
    row.reference = j["reference"].get<std::string>();
  for (const auto& [name, m] : j["models"].items()) {
    if (!m.contains("response") || !m["response"].is_string() || !m.contains("correct") ||
        !m["correct"].is_boolean())
      continue;
    row.answers.push_back({m["response"].get<std::string>(), m["correct"].get<bool>()});
  }
  return row;
}

// A question with choices, as a model is asked it.
inline std::optional<Row> ParseQuestion(const std::string& line, const Settings& s) {
  const Json j = Json::parse(line, nullptr, false);
  if (!j.is_object() || !j.contains("choices") || !j.contains("labels")) return std::nullopt;
  Row row;
  row.prompt = j.value("prompt", "");
  if ((Hash(row.prompt) % 2 == 1) != s.test_half) return std::nullopt;
  row.reference = j.value("reference", "");
  for (std::size_t i = 0; i < j["choices"].size() && i < j["labels"].size(); ++i) {
    row.prompt +=
        fmt::format("\n{}. {}", j["labels"][i].get<std::string>(), j["choices"][i].get<std::string>());
  }
  return row;
}

inline std::vector<Row> ReadSet(const Settings& s, const std::string& set,
                                std::optional<Row> (*parse)(const std::string&, const Settings&) = ParseRow) {
  std::vector<Row> rows;
  const std::string command = "zstd -dcq '" + (s.data / (set + ".jsonl.zst")).string() + "' 2>/dev/null";
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return rows;
  char* line = nullptr;
  std::size_t size = 0;
  for (ssize_t n; (n = getline(&line, &size, pipe)) > 0;) {
    if (auto row = parse(std::string(line, static_cast<std::size_t>(n)), s)) rows.push_back(std::move(*row));
  }
  std::free(line);
  pclose(pipe);
  return rows;
}

// accepted, rejected, undecided; of right and of wrong answers.
struct Counts {
  int right[3] = {}, wrong[3] = {};
  void Add(bool is_right, Verdict v) {
    const int at = v == Verdict::kAccept ? 0 : v == Verdict::kReject ? 1 : 2;
    ++(is_right ? right : wrong)[at];
  }
};

inline void Print(const std::string& verifier, const std::string& set, const Counts& c) {
  const int rights = c.right[0] + c.right[1] + c.right[2], wrongs = c.wrong[0] + c.wrong[1] + c.wrong[2];
  fmt::print("| {} | {} | {} | {} / {} = {:.3f} | {} / {} = {:.3f} | {:.3f} |\n", verifier, set,
             rights + wrongs, c.wrong[0], wrongs, wrongs ? static_cast<double>(c.wrong[0]) / wrongs : 0.0,
             c.right[1], rights, rights ? static_cast<double>(c.right[1]) / rights : 0.0,
             rights + wrongs ? static_cast<double>(c.right[2] + c.wrong[2]) / (rights + wrongs) : 0.0);
  std::fflush(stdout);
}

inline Task<void> CheckInto(const Verifier* v, const Subject* s, const Context* c,
                            std::optional<Judgement>* out) {
  Judgement j = co_await v->Check(*s, *c);
  *out = std::move(j);
}

inline Judgement Check(const Verifier& v, const Row& row, std::string_view answer,
                       std::vector<std::string_view> others = {}, Asker* asker = nullptr,
                       const chat::Response* response = nullptr) {
  static const chat::Request request;
  PumpLoop loop;
  Subject subject;
  subject.question = row.prompt;
  subject.answer = answer;
  subject.request = &request;
  subject.response = response;
  subject.others = std::move(others);
  const Context context{.loop = loop, .deadline = {}, .asker = asker};
  std::optional<Judgement> out;
  Spawn(CheckInto(&v, &subject, &context, &out));
  loop.RunUntil([&] { return out.has_value(); });
  return *out;
}

inline std::shared_ptr<const Verifier> Made(Spec spec, const Tools& tools = {}) {
  auto v = Make(spec, tools);
  if (v) return *v;
  fmt::print(stderr, "{}: {}\n", spec.name, v.error().message);
  return nullptr;
}

// verifier_rates_rules.cc: verifiers of form.
void RunForms(const Settings& settings);
// verifier_rates_models.cc: what needs the embedded models; `models` is their folder.
void RunWithModels(const Settings& settings, const std::string& models);

}  // namespace baton::verify
