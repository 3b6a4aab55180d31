#include "workflow/plan_text.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace baton::workflow {
namespace {

constexpr std::size_t kLongest = 64 * 1024;

Error Unparseable(std::string what) {
  return Fail(Code::kInvalidRequest,
              "the plan cannot be read: " + std::move(what) +
                  "; three lists of equal length are expected: model_id, subtasks, access_list",
              "unparseable_plan");
}

// Reads one list after another from where its name stands. Strict: what it does not know is an error.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  // Goes to the list behind the last "name = [" (or "name": [).
  bool Find(std::string_view name) {
    for (std::size_t from = text_.size(); from != std::string_view::npos;) {
      const std::size_t at = text_.rfind(name, from);
      if (at == std::string_view::npos) return false;
      at_ = at + name.size();
      if (Peek() == '"' || Peek() == '\'' || Peek() == '`') ++at_;
      Space();
      if (Peek() == '=' || Peek() == ':') {
        ++at_;
        Space();
        if (Peek() == '[') return true;
      }
      if (at == 0) return false;
      from = at - 1;
    }
    return false;
  }

  // Goes to the next opening bracket. False: there is none left.
  bool NextList() {
    at_ = text_.find('[', at_);
    return at_ != std::string_view::npos;
  }

  bool Open() { return Take('['); }
  bool Close() { return Take(']'); }
  // Between elements; a trailing comma is fine.
  bool Comma() { return Take(','); }

  bool Number(int* out) {
    Space();
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), *out);
    if (error != std::errc()) return false;
    at_ = static_cast<std::size_t>(end - text_.data());
    return true;
  }

  // '...' or "...", with backslash escapes.
  bool Text(std::string* out) {
    Space();
    const char quote = Peek();
    if (quote != '"' && quote != '\'') return false;
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == quote) return ++at_, true;
      if (c != '\\') {
        out->push_back(c);
      } else if (++at_ < text_.size()) {
        Escaped(text_[at_], out);
      }
    }
    return false;
  }

 private:
  static void Escaped(char c, std::string* out) {
    switch (c) {
      case 'n':
        out->push_back('\n');
        break;
      case 't':
        out->push_back('\t');
        break;
      case '\n':
        break;
      default:
        out->push_back(c);
    }
  }
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void Space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r'))
      ++at_;
  }
  bool Take(char c) {
    Space();
    if (Peek() != c) return false;
    ++at_;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// Elements until the closing bracket, each read by `element`. False: something else stood there.
template <class F>
bool ReadList(Reader& reader, std::size_t most, F element) {
  if (!reader.Open()) return false;
  std::size_t n = 0;
  while (!reader.Close()) {
    if (n > 0 && !reader.Comma()) return false;
    if (n > 0 && reader.Close()) return true;
    if (n++ > most || !element()) return false;
  }
  return true;
}

// [] | ["all"] | "all" | [0, 2]
bool ReadAccess(Reader& reader, WrittenStep* step) {
  std::string word;
  if (reader.Text(&word)) {
    step->sees_all = word == "all";
    return word == "all" || word == "none";
  }
  return ReadList(reader, kMaxSteps, [&] {
    std::string text;
    if (reader.Text(&text)) {
      if (text != "all") return false;
      step->sees_all = true;
      return true;
    }
    return reader.Number(&step->sees.emplace_back());
  });
}

std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    if (c == '\n') {
      out += "\\n";
    } else {
      out.push_back(c);
    }
  }
  return out + "\"";
}

}  // namespace

Result<std::vector<WrittenStep>> ParseLists(std::string_view text, std::size_t max_steps) {
  if (text.size() > kLongest) text.remove_prefix(text.size() - kLongest);
  constexpr std::size_t kMost = 4 * kMaxSteps;  // read on a little, to say how long it was
  Reader models(text), subtasks(text), access(text);
  std::vector<int> ids;
  std::vector<std::string> tasks;
  std::vector<WrittenStep> steps;
  if (!models.Find("model_id")) return Unparseable("there is no list model_id");
  if (!ReadList(models, kMost, [&] { return models.Number(&ids.emplace_back()); }))
    return Unparseable("model_id is not a list of numbers");
  if (!subtasks.Find("subtasks")) return Unparseable("there is no list subtasks");
  if (!ReadList(subtasks, kMost, [&] { return subtasks.Text(&tasks.emplace_back()); }))
    return Unparseable("subtasks is not a list of texts");
  if (!access.Find("access_list")) return Unparseable("there is no list access_list");
  if (!ReadList(access, kMost, [&] { return ReadAccess(access, &steps.emplace_back()); }))
    return Unparseable("access_list is not a list of lists");
  if (ids.size() != tasks.size() || ids.size() != steps.size())
    return Unparseable(
        fmt::format("the lists have {}, {} and {} elements", ids.size(), tasks.size(), steps.size()));
  if (ids.size() > max_steps) {
    return Fail(Code::kInvalidRequest,
                fmt::format("the plan has {} steps; at most {} are allowed", ids.size(), max_steps),
                "plan_too_long");
  }
  for (std::size_t i = 0; i < steps.size(); ++i) {
    steps[i].model = ids[i];
    steps[i].subtask = std::move(tasks[i]);
  }
  return steps;
}

std::vector<std::string> ReadTextList(std::string_view text, std::size_t most) {
  Reader reader(text.substr(0, kLongest));
  // A bounded number of tries: text full of brackets is not a list.
  for (int tries = 0; tries < 16 && reader.NextList(); ++tries) {
    std::vector<std::string> out;
    const bool fine = ReadList(reader, 4 * kMaxSteps, [&] { return reader.Text(&out.emplace_back()); });
    if (!fine || out.empty()) continue;
    if (out.size() > most) out.resize(most);
    return out;
  }
  return {};
}

std::string WriteLists(const std::vector<WrittenStep>& steps) {
  std::string models, tasks, access;
  for (const auto& s : steps) {
    const std::string_view comma = &s == steps.data() ? "" : ", ";
    models += fmt::format("{}{}", comma, s.model);
    tasks += fmt::format("{}{}", comma, Quoted(s.subtask));
    access +=
        fmt::format("{}[{}]", comma, s.sees_all ? "\"all\"" : fmt::format("{}", fmt::join(s.sees, ", ")));
  }
  return fmt::format("model_id = [{}]\nsubtasks = [{}]\naccess_list = [{}]", models, tasks, access);
}

Status AppendWritten(const std::vector<WrittenStep>& written, const std::vector<const pool::Worker*>& workers,
                     std::string_view prefix, Plan* plan) {
  const auto base = static_cast<StepId>(plan->steps.size());
  std::vector<Step> steps;
  for (const auto& w : written) {
    const auto number = static_cast<int>(steps.size());
    if (w.model < 0 || w.model >= static_cast<int>(workers.size())) {
      return Fail(Code::kInvalidRequest,
                  fmt::format("step {} of the plan names worker {}; there are 0 to {}", number, w.model,
                              static_cast<int>(workers.size()) - 1),
                  "unknown_worker");
    }
    Step step;
    step.name = fmt::format("{}{}", prefix, number + 1);
    step.workers = {workers[static_cast<std::size_t>(w.model)]};
    step.instruction = w.subtask.substr(0, kMaxInstruction);
    for (const int s : w.sees) {
      if (s < 0 || s >= number) {
        return Fail(Code::kInvalidRequest,
                    fmt::format("step {} of the plan sees step {}, which is not before it", number, s),
                    "forward_reference");
      }
      step.access.steps.push_back(base + s);
    }
    for (int s = 0; w.sees_all && s < number; ++s) step.access.steps.push_back(base + s);
    steps.push_back(std::move(step));
  }
  if (steps.empty()) return {};
  steps.back().answers_client = true;
  plan->steps.insert(plan->steps.end(), std::make_move_iterator(steps.begin()),
                     std::make_move_iterator(steps.end()));
  plan->answers.insert(plan->answers.begin(), static_cast<StepId>(plan->steps.size()) - 1);
  return {};
}

}  // namespace baton::workflow
