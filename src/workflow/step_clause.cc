#include "workflow/step_clause.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

namespace baton::workflow {
namespace {

std::vector<std::string_view> Words(std::string_view s) {
  std::vector<std::string_view> out;
  while (!s.empty()) {
    const auto from = s.find_first_not_of(' ');
    if (from == std::string_view::npos) break;
    s.remove_prefix(from);
    const auto end = std::min(s.find(' '), s.size());
    out.push_back(s.substr(0, end));
    s.remove_prefix(end);
  }
  return out;
}

struct WordRow {
  std::string_view word;
  Clause::What what;
};
constexpr WordRow kTests[] = {
    {"accepted", Clause::What::kAccepted}, {"rejected", Clause::What::kRejected},
    {"answered", Clause::What::kAnswered}, {"failed", Clause::What::kFailed},
    {"skipped", Clause::What::kSkipped},
};

bool ReadRange(std::string_view op, std::string_view number, Clause* t) {
  double v = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), v);
  if (error != std::errc() || end != number.data() + number.size()) return false;
  if (op == "<") return t->lt = v, true;
  if (op == ">=") return t->ge = v, true;
  return false;
}

}  // namespace

Result<WrittenClause> ReadClause(std::string_view text) {
  WrittenClause r;
  auto words = Words(text);
  if (!words.empty() && words.front() == "not") {
    r.clause.negated = true;
    words.erase(words.begin());
  }
  const auto wrong = [&] {
    return Fail(
        Code::kInvalidRequest,
        fmt::format("'{}' is no test; write for example `rejected draft`, `not answered search`, `confidence "
                    "draft < 0.7`, `label triage angry`, `items list >= 3`, `usd_left < 0.01` or `ms_left >= "
                    "500`",
                    text),
        "bad_condition");
  };
  if (words.size() == 3 && (words[0] == "usd_left" || words[0] == "ms_left")) {
    r.clause.what = words[0] == "usd_left" ? Clause::What::kUsdLeft : Clause::What::kMsLeft;
    if (!ReadRange(words[1], words[2], &r.clause)) return wrong();
    return r;
  }
  if (words.size() < 2) return wrong();
  r.step = std::string(words[1]);
  for (const auto& row : kTests) {
    if (row.word != words[0] || words.size() != 2) continue;
    r.clause.what = row.what;
    return r;
  }
  if (words[0] == "label" && words.size() >= 3) {
    r.clause.what = Clause::What::kLabel;
    r.clause.text = std::string(text.substr(static_cast<std::size_t>(words[2].data() - text.data())));
    return r;
  }
  if (words.size() == 4 && (words[0] == "confidence" || words[0] == "items")) {
    r.clause.what = words[0] == "confidence" ? Clause::What::kConfidence : Clause::What::kItems;
    if (!ReadRange(words[2], words[3], &r.clause)) return wrong();
    return r;
  }
  return wrong();
}

}  // namespace baton::workflow
