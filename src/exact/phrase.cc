#include "exact/phrase.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

namespace baton::exact {
namespace {

std::string Lower(std::string_view text) {
  std::string out;
  for (const unsigned char c : text)
    out.push_back(std::isalnum(c) != 0 ? static_cast<char>(std::tolower(c)) : ' ');
  return " " + out + " ";
}

bool Named(const std::string& question, const std::string& name) {
  const std::string word = Lower(name);
  if (question.find(word) != std::string::npos) return true;
  // "units" for the column "unit", "product" for "products".
  std::string other = word.substr(0, word.size() - 1);
  if (other.ends_with('s'))
    other.pop_back();
  else
    other.push_back('s');
  return question.find(other + " ") != std::string::npos;
}

bool Any(const std::string& question, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view w) {
    return question.find(" " + std::string(w) + " ") != std::string::npos;
  });
}

std::string Quoted(const std::string& name) {
  return "\"" + name + "\"";
}
std::string Text(const std::string& value) {
  std::string out = "'";
  for (const char c : value) out += c == '\'' ? "''" : std::string(1, c);
  return out + "'";
}

bool Numeric(const Table& t, std::size_t column) {
  return !t.rows.empty() && std::all_of(t.rows.begin(), t.rows.end(), [&](const auto& row) {
    const std::string& v = row[column];
    return !v.empty() && v.find_first_not_of("0123456789.-") == std::string::npos;
  });
}

// What of a table a question speaks of.
struct Mention {
  const Table* table = nullptr;
  std::vector<std::size_t> numbers, words;  // columns named
  std::vector<std::pair<std::size_t, std::string>> values;
  std::size_t score() const { return numbers.size() + words.size() + 2 * values.size(); }
};

Mention MentionOf(const std::string& q, const Table& t) {
  Mention m;
  m.table = &t;
  for (std::size_t c = 0; c < t.columns.size(); ++c) {
    const bool numeric = Numeric(t, c);
    if (Named(q, t.columns[c])) (numeric ? m.numbers : m.words).push_back(c);
    if (numeric) continue;
    std::set<std::string> seen;
    for (const auto& row : t.rows) {
      if (seen.insert(row[c]).second && q.find(Lower(row[c])) != std::string::npos)
        m.values.emplace_back(c, row[c]);
    }
  }
  return m;
}

std::string Where(const Mention& m) {
  std::string out;
  for (const auto& [column, value] : m.values)
    out += fmt::format("{}{} = {}", out.empty() ? " WHERE " : " AND ", Quoted(m.table->columns[column]),
                       Text(value));
  return out;
}

std::string Aggregate(const Mention& m, const char* function) {
  return fmt::format("SELECT {}({}) FROM {}{}", function, Quoted(m.table->columns[m.numbers.front()]),
                     Quoted(m.table->name), Where(m));
}

// "Which city has the highest ...": the named column of the extreme row, or the first column of words.
std::string Extreme(const Mention& m, const char* direction) {
  std::size_t shown = m.words.empty() ? 0 : m.words.front();
  return fmt::format("SELECT {} FROM {}{} ORDER BY {} {} LIMIT 1", Quoted(m.table->columns[shown]),
                     Quoted(m.table->name), Where(m), Quoted(m.table->columns[m.numbers.front()]), direction);
}

}  // namespace

std::optional<std::string> QueryOf(std::string_view question, const std::vector<Table>& tables) {
  const std::string q = Lower(question);
  Mention best;
  for (const Table& t : tables) {
    Mention m = MentionOf(q, t);
    const std::size_t named = Named(q, t.name) ? 3 : 0;
    const std::size_t before = best.table && Named(q, best.table->name) ? 3 : 0;
    if (m.score() + named > best.score() + before) best = std::move(m);
  }
  if (!best.table) return std::nullopt;
  if (!best.numbers.empty()) {
    if (Any(q, {"total", "sum", "altogether"})) return Aggregate(best, "SUM");
    if (Any(q, {"average", "mean"})) return Aggregate(best, "AVG");
    const bool which = Any(q, {"which", "who", "what is the name"});
    if (Any(q, {"highest", "largest", "most", "maximum", "greatest"}))
      return which ? Extreme(best, "DESC") : Aggregate(best, "MAX");
    if (Any(q, {"lowest", "smallest", "least", "minimum", "fewest"}))
      return which ? Extreme(best, "ASC") : Aggregate(best, "MIN");
    if (!best.values.empty()) return Aggregate(best, "");
  }
  if (Any(q, {"how many", "count", "number of"}))
    return fmt::format("SELECT COUNT(*) FROM {}{}", Quoted(best.table->name), Where(best));
  // The value of a named column where another column has a named value.
  for (const std::size_t column : best.words) {
    if (best.values.empty()) break;
    return fmt::format("SELECT DISTINCT {} FROM {}{}", Quoted(best.table->columns[column]),
                       Quoted(best.table->name), Where(best));
  }
  return std::nullopt;
}

}  // namespace baton::exact
