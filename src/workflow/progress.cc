#include "workflow/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "workflow/plan_text.h"

namespace baton::workflow {
namespace {

constexpr std::size_t kLongestItem = 2 * 1024;

std::string_view Trim(std::string_view s) {
  const auto from = s.find_first_not_of(" \t\r\n");
  if (from == std::string_view::npos) return {};
  return s.substr(from, s.find_last_not_of(" \t\r\n") - from + 1);
}

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool SameWord(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return Lower(x) == Lower(y); });
}

// What models put around a word they were asked for.
std::string_view Bare(std::string_view s) {
  constexpr std::string_view kMarkup = " \t\r\n*#_`\"'>:.-";
  const auto from = s.find_first_not_of(kMarkup);
  if (from == std::string_view::npos) return {};
  return s.substr(from, s.find_last_not_of(kMarkup) - from + 1);
}

std::string_view FirstLine(std::string_view s) {
  s = Trim(s);
  return s.substr(0, s.find('\n'));
}

// A line's text behind its bullet or number; unset: it has none.
std::optional<std::string_view> Listed(std::string_view line) {
  line = Trim(line);
  if (line.starts_with("- ") || line.starts_with("* ")) return Trim(line.substr(2));
  if (line.starts_with("• ")) return Trim(line.substr(4));
  std::size_t digits = 0;
  while (digits < line.size() && line[digits] >= '0' && line[digits] <= '9') ++digits;
  if (digits == 0 || digits > 3 || digits + 1 >= line.size()) return std::nullopt;
  if (line[digits] != '.' && line[digits] != ')') return std::nullopt;
  if (line[digits + 1] != ' ') return std::nullopt;
  return Trim(line.substr(digits + 1));
}

bool InRange(double value, const Clause& t) {
  return value >= t.ge && value < t.lt;
}

bool Ask(const Clause& t, const StepState& s) {
  switch (t.what) {
    case Clause::What::kAccepted:
      return s.done() && s.verdict == verify::Verdict::kAccept;
    case Clause::What::kRejected:
      return s.done() && s.verdict == verify::Verdict::kReject;
    case Clause::What::kAnswered:
      return s.done();
    case Clause::What::kFailed:
      return s.status == StepStatus::kFailed || s.status == StepStatus::kDropped;
    case Clause::What::kSkipped:
      return s.status == StepStatus::kSkipped || s.status == StepStatus::kCalledOff;
    case Clause::What::kConfidence:
      return s.done() && s.confidence && InRange(*s.confidence, t);
    case Clause::What::kLabel:
      return s.done() && SameWord(Bare(FirstLine(s.text)), Bare(t.text));
    case Clause::What::kItems:
      return s.done() && static_cast<double>(ItemsOf(s.text, kMaxSteps).size()) >= t.ge;
    case Clause::What::kUsdLeft:
    case Clause::What::kMsLeft:
      break;
  }
  return false;
}

std::optional<bool> Holds(const Clause& t, const Progress& p) {
  if (t.what == Clause::What::kUsdLeft) {
    const double left = p.usd_left ? static_cast<double>(p.usd_left->v) / 1e9 : 1e299;
    return InRange(left, t) != t.negated;
  }
  if (t.what == Clause::What::kMsLeft) {
    const double left = p.time_left == Duration::max()
                            ? 1e299
                            : std::chrono::duration<double, std::milli>(p.time_left).count();
    return InRange(left, t) != t.negated;
  }
  const StepState& s = p.At(t.step);
  if (!s.settled()) return std::nullopt;
  return Ask(t, s) != t.negated;
}

std::string Describe(const Clause& t, const Plan& plan) {
  const std::string name = t.step >= 0 ? plan.steps[static_cast<std::size_t>(t.step)].name : std::string();
  const char* no = t.negated ? "not " : "";
  switch (t.what) {
    case Clause::What::kAccepted:
      return fmt::format("{} was {}accepted", name, no);
    case Clause::What::kRejected:
      return fmt::format("{} was {}rejected", name, no);
    case Clause::What::kAnswered:
      return fmt::format("{} {}answered", name, t.negated ? "not " : "");
    case Clause::What::kFailed:
      return fmt::format("{} {}failed", name, t.negated ? "not " : "");
    case Clause::What::kSkipped:
      return fmt::format("{} was {}skipped", name, no);
    case Clause::What::kConfidence:
      return t.lt < 1e299 ? fmt::format("confidence in {} {}below {}", name, no, t.lt)
                          : fmt::format("confidence in {} {}at least {}", name, no, t.ge);
    case Clause::What::kLabel:
      return fmt::format("{} {}says '{}'", name, t.negated ? "not " : "", t.text);
    case Clause::What::kItems:
      return fmt::format("{} lists {}{} or more", name, no, t.ge);
    case Clause::What::kUsdLeft:
      return t.lt < 1e299 ? fmt::format("less than ${} left", t.lt) : fmt::format("${} or more left", t.ge);
    case Clause::What::kMsLeft:
      return t.lt < 1e299 ? fmt::format("less than {} ms left", t.lt)
                          : fmt::format("{} ms or more left", t.ge);
  }
  return {};
}

// More preferred answers that are still open, or -1.
bool OpenBefore(const Plan& plan, const std::vector<StepState>& states, std::size_t place) {
  for (std::size_t i = 0; i < place; ++i) {
    if (!states[static_cast<std::size_t>(plan.answers[i])].settled()) return true;
  }
  return false;
}

}  // namespace

std::string_view StatusName(StepStatus s) {
  switch (s) {
    case StepStatus::kWaiting:
      return "waiting";
    case StepStatus::kRunning:
      return "running";
    case StepStatus::kAwaitsTool:
      return "awaits_tool";
    case StepStatus::kDone:
      return "done";
    case StepStatus::kFailed:
      return "failed";
    case StepStatus::kSkipped:
      return "skipped";
    case StepStatus::kDropped:
      return "dropped";
    case StepStatus::kCalledOff:
      return "called_off";
  }
  return "waiting";
}

std::optional<bool> Holds(const Condition& condition, const Progress& progress) {
  if (condition.empty()) return true;
  bool open = false;
  for (const auto& group : condition) {
    bool all = true, known = true;
    for (const Clause& t : group) {
      const std::optional<bool> one = Holds(t, progress);
      if (one && !*one) all = false;
      known &= one.has_value();
    }
    if (all && known) return true;
    open |= all;
  }
  if (open) return std::nullopt;
  return false;
}

std::string Describe(const Condition& condition, const Plan& plan) {
  std::string out;
  for (const auto& group : condition) {
    if (!out.empty()) out += " or ";
    for (std::size_t i = 0; i < group.size(); ++i) out += (i ? " and " : "") + Describe(group[i], plan);
  }
  return out;
}

std::vector<std::string> ItemsOf(std::string_view text, std::size_t most) {
  std::vector<std::string> out = ReadTextList(text, most);
  if (!out.empty()) return out;
  std::vector<std::string> lines;
  while (!text.empty() && out.size() < most) {
    const auto end = text.find('\n');
    const std::string_view line = Trim(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty()) continue;
    if (const auto item = Listed(line); item && !item->empty()) {
      out.emplace_back(item->substr(0, kLongestItem));
    } else if (lines.size() < most) {
      lines.emplace_back(line.substr(0, kLongestItem));
    }
  }
  return out.empty() ? lines : out;
}

verify::Verdict ReadVerdict(std::string_view text) {
  const std::string_view start = Bare(text.substr(0, 400));
  const auto begins = [&](std::string_view word) {
    return start.size() >= word.size() && SameWord(start.substr(0, word.size()), word);
  };
  if (begins("accept")) return verify::Verdict::kAccept;
  if (begins("reject")) return verify::Verdict::kReject;
  return verify::Verdict::kUnknown;
}

StepId ChooseAnswer(const Plan& plan, const std::vector<StepState>& states, bool settle) {
  for (const StepId a : plan.answers) {
    const StepState& s = states[static_cast<std::size_t>(a)];
    if (s.done() && s.verdict != verify::Verdict::kReject) return a;
  }
  if (!settle) return -1;
  for (const StepId a : plan.answers) {
    if (states[static_cast<std::size_t>(a)].done()) return a;
  }
  return -1;
}

bool Decided(const Plan& plan, const std::vector<StepState>& states) {
  for (std::size_t i = 0; i < plan.answers.size(); ++i) {
    const StepState& s = states[static_cast<std::size_t>(plan.answers[i])];
    if (s.done() && s.verdict != verify::Verdict::kReject) return !OpenBefore(plan, states, i);
  }
  return false;
}

}  // namespace baton::workflow
