#include "train/drafts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <set>

namespace baton::train {
namespace {

constexpr std::size_t kMostNumbers = 5;

// An expression over numbered operands, with its value for one problem.
struct Term {
  std::string text;
  double value = 0;
  bool sum = false;  // its outermost operation is + or -
};

std::string Inside(const Term& t) {
  return t.sum ? "(" + t.text + ")" : t.text;
}

// All ways to join a list of terms into one, each used once.
void Join(const std::vector<Term>& terms, const std::function<void(const Term&)>& found) {
  if (terms.size() == 1) return found(terms[0]);
  for (std::size_t i = 0; i < terms.size(); ++i) {
    for (std::size_t j = 0; j < terms.size(); ++j) {
      if (i == j) continue;
      std::vector<Term> rest;
      for (std::size_t k = 0; k < terms.size(); ++k) {
        if (k != i && k != j) rest.push_back(terms[k]);
      }
      const Term &a = terms[i], &b = terms[j];
      rest.emplace_back();
      rest.back() = {a.text + "+" + b.text, a.value + b.value, true};
      Join(rest, found);
      if (i < j) {
        rest.back() = {Inside(a) + "*" + Inside(b), a.value * b.value, false};
        Join(rest, found);
      }
      rest.back() = {a.text + "-" + (b.sum ? "(" + b.text + ")" : b.text), a.value - b.value, true};
      Join(rest, found);
      if (b.value == 0) continue;
      // A quotient as a divisor would need brackets; nobody asks such a question.
      if (b.text.find('/') != std::string::npos || b.text.find('*') != std::string::npos) continue;
      rest.back() = {Inside(a) + "/" + Inside(b), a.value / b.value, false};
      Join(rest, found);
    }
  }
}

std::set<std::string> ShapesThatFit(const arena::Problem& p) {
  const auto numbers = NumbersIn(p.prompt);
  const double want = std::strtod(p.reference.c_str(), nullptr);
  std::set<std::string> out;
  const std::size_t n = std::min<std::size_t>(numbers.size(), 4);
  for (unsigned subset = 1; subset < (1U << n); ++subset) {
    std::vector<Term> terms;
    for (std::size_t i = 0; i < n; ++i) {
      if ((subset >> i & 1U) != 0)
        terms.push_back({fmt::format("n{}", i), static_cast<double>(numbers[i]), false});
    }
    if (terms.size() < 2) continue;
    Join(terms, [&](const Term& t) {
      if (std::abs(t.value - want) < 1e-6) out.insert(t.text);
    });
  }
  return out;
}

// "n0*n1+n2" with the numbers in their places and room around the signs.
std::string Filled(const std::string& shape, const std::vector<long>& numbers) {
  std::string out;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 'n') {
      const auto at = static_cast<std::size_t>(shape[++i] - '0');
      if (at >= numbers.size()) return {};
      out += std::to_string(numbers[at]);
    } else if (shape[i] == '(' || shape[i] == ')') {
      out.push_back(shape[i]);
    } else {
      out += fmt::format(" {} ", shape[i]);
    }
  }
  return out;
}

// 'x' in quotes, at most four.
std::vector<std::string> Quoted(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t at = text.find('\''); at != std::string::npos && out.size() < 4;) {
    const std::size_t end = text.find('\'', at + 1);
    if (end == std::string::npos) break;
    out.push_back(text.substr(at + 1, end - at - 1));
    at = text.find('\'', end + 1);
  }
  return out;
}

// What stands behind the last colon, or in brackets: a list of words or numbers as Python writes it.
std::string ListIn(const std::string& text) {
  const auto open = text.find('['), close = text.find(']');
  if (open != std::string::npos && close != std::string::npos && open < close)
    return text.substr(open, close - open + 1);
  const auto colon = text.rfind(": ");
  if (colon == std::string::npos) return {};
  std::vector<std::string> items(1);
  bool numbers = true;
  for (std::size_t i = colon + 2; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (std::isalnum(c) != 0) {
      items.back().push_back(text[i]);
      numbers = numbers && std::isdigit(c) != 0;
    } else if (c == ',') {
      items.emplace_back();
    }
  }
  if (items.size() < 2) return {};
  if (!numbers) {
    for (auto& item : items) item = "'" + item + "'";
  }
  return fmt::format("[{}]", fmt::join(items, ", "));
}

void AddPython(const arena::Problem& p, std::vector<Draft>* out) {
  const auto add = [&](const std::string& idea, const std::string& code) {
    out->push_back({"python " + idea, {{"python", fmt::format("Task: `{}`", code)}}});
  };
  const auto words = Quoted(p.prompt);
  if (!words.empty()) {
    const std::string w =
        "'" +
        *std::max_element(words.begin(), words.end(),
                          [](const auto& a, const auto& b) { return a.size() < b.size(); }) +
        "'";
    add("W[::-1]", w + "[::-1]");
    add("len(W)", fmt::format("len({})", w));
    add("W.upper()", w + ".upper()");
    if (words.size() == 2 && std::min(words[0].size(), words[1].size()) == 1) {
      const auto& c = words[0].size() == 1 ? words[0] : words[1];
      add("W.count(c)", fmt::format("{}.count('{}')", w, c));
    }
  }
  if (const std::string list = ListIn(p.prompt); !list.empty()) {
    for (const char* of : {"max", "min", "sum", "sorted", "len"})
      add(fmt::format("{}(L)", of), fmt::format("{}({})", of, list));
    add("L[0]", list + "[0]");
    add("L[-1]", list + "[-1]");
  }
}

}  // namespace

std::vector<long> NumbersIn(const std::string& text) {
  std::vector<long> out;
  for (std::size_t i = 0; i < text.size() && out.size() < kMostNumbers;) {
    if (std::isdigit(static_cast<unsigned char>(text[i])) == 0) {
      ++i;
      continue;
    }
    long v = 0;
    std::size_t digits = 0;
    for (; i < text.size() && std::isdigit(static_cast<unsigned char>(text[i])) != 0; ++i) {
      if (++digits < 10) v = v * 10 + (text[i] - '0');
    }
    out.push_back(v);
  }
  return out;
}

Shapes ShapesOf(const std::vector<arena::Problem>& problems) {
  std::map<std::pair<std::string, int>, std::set<std::string>> fit;
  for (const auto& p : problems) {
    if (p.check != arena::Check::kNumber) continue;
    const std::pair key(p.family, p.form);
    std::set<std::string> mine = ShapesThatFit(p);
    const auto at = fit.find(key);
    if (at == fit.end()) {
      fit[key] = std::move(mine);
      continue;
    }
    std::erase_if(at->second, [&](const std::string& s) { return !mine.contains(s); });
  }
  Shapes out;
  for (auto& [key, shapes] : fit) {
    std::vector<std::string> list(shapes.begin(), shapes.end());
    std::stable_sort(list.begin(), list.end(),
                     [](const std::string& a, const std::string& b) { return a.size() < b.size(); });
    if (list.size() > 2) list.resize(2);
    if (!list.empty()) out[key] = std::move(list);
  }
  return out;
}

std::vector<Draft> DraftsFor(const arena::Problem& p, const std::vector<std::string>& shapes) {
  std::vector<Draft> out;
  for (const char* worker : {"calculator", "sql", "search", "python", "language"})
    out.push_back({worker, {{worker, "Answer."}}});
  out.push_back({"search twice", {{"search", "Find it."}, {"search", "Find more."}}});
  const auto numbers = NumbersIn(p.prompt);
  for (const auto& shape : shapes) {
    const std::string sum = Filled(shape, numbers);
    if (sum.empty()) continue;
    out.push_back({"calculator " + shape, {{"calculator", "Task: " + sum}}});
    out.push_back({"python " + shape, {{"python", fmt::format("Task: `{}`", sum)}}});
  }
  if (p.family == "strings") AddPython(p, &out);
  return out;
}

std::optional<std::vector<workflow::WrittenStep>> Bind(const Draft& draft, const Team& team) {
  std::vector<workflow::WrittenStep> out;
  for (const auto& step : draft.steps) {
    const auto at = std::find_if(team.begin(), team.end(), [&](const pool::Worker* w) {
      return w->dialect == "exact" ? w->target.model == step.worker : step.worker == "language";
    });
    if (at == team.end()) return std::nullopt;
    workflow::WrittenStep w;
    w.model = static_cast<int>(at - team.begin());
    w.subtask = step.subtask;
    w.sees_all = !out.empty();
    out.push_back(std::move(w));
  }
  return out;
}

}  // namespace baton::train
