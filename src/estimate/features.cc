// Facts are squashed to about 0..1 by fixed curves: counts by their logarithm or by n / (n + c), so that the
// tenth formula matters less than the first. Estimators standardise for themselves.

#include "estimate/features.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace baton::estimate {
namespace {

float Log(std::int64_t n, float full) {
  return std::log1p(static_cast<float>(std::max<std::int64_t>(n, 0))) / full;
}
float Some(int n, float half) {
  const auto v = static_cast<float>(std::max(n, 0));
  return v / (v + half);
}

// Options to choose from, as tests of knowledge have them: "A. ", "(B) ", "C) " at the start of a line, in
// order.
int ChoicesIn(std::string_view text) {
  int found = 0;
  for (std::size_t at = 0; at < text.size() && found < 8;) {
    std::string_view line = text.substr(at, text.find('\n', at) - at);
    at += line.size() + 1;
    while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
    const bool open = !line.empty() && line.front() == '(';
    if (open) line.remove_prefix(1);
    const char want = static_cast<char>('A' + found);
    if (line.size() < 2 || line[0] != want) continue;
    found += line[1] == ')' || (!open && (line[1] == '.' || line[1] == ':'));
  }
  return found;
}

class Facts {
 public:
  explicit Facts(std::span<float> out) : out_(out) {}
  void Add(float v) { out_[n_++] = v; }
  void Add(bool v) { Add(v ? 1.0F : 0.0F); }
  std::size_t count() const { return n_; }

 private:
  std::span<float> out_;
  std::size_t n_ = 0;
};

void AddForm(const Asked& a, Facts* f) {
  const text::Signs& s = a.user.signs;
  const text::Scores& w = a.user.words;
  f->Add(Log(a.user.bytes, 10));
  f->Add(Log(w.words, 8));
  f->Add(w.words > 0 ? std::min(static_cast<float>(a.user.bytes) / static_cast<float>(w.words) / 16, 2.0F)
                     : 0);
  f->Add(Log(s.lines, 5));
  f->Add(Some(s.code_lines, 4));
  f->Add(s.fenced);
  f->Add(s.tests || w.tests > 0);
  f->Add(Some(s.latex, 3));
  f->Add(Some(s.sums, 2));
  f->Add(Log(s.numbers, 4));
  f->Add(Some(s.questions, 2));
  f->Add(Some(w.hard, 4));
  f->Add(Some(w.easy, 2));
  f->Add(w.json > 0 || a.structured);
  f->Add(!a.user.script.empty());
  int choices = 0;
  for (std::string_view t : a.texts) {
    text::ForPartsOf(t, [&](std::string_view part) { choices = std::max(choices, ChoicesIn(part)); });
  }
  f->Add(Some(choices >= 2 ? choices : 0, 2));
}

void AddContext(const Asked& a, Facts* f) {
  f->Add(Log(a.context_bytes, 10));
  f->Add(Log(a.turns, 3));
  f->Add(a.system);
  f->Add(a.tools);
  f->Add(a.media);
}

}  // namespace

Asked AskedOf(std::string_view prompt) {
  Asked a;
  text::Read(prompt, &a.user);
  a.texts = {prompt};
  return a;
}

std::string Featurizer::id() const {
  return fmt::format("facts-1:{}{}{}", kFacts, table_ ? "+" : "", table_ ? table_->recipe() : "");
}

void Featurizer::Compute(const Asked& asked, std::span<float> out) const {
  std::fill(out.begin(), out.end(), 0.0F);
  const std::size_t vector = embedded();
  if (vector > 0) {
    thread_local std::vector<std::string_view> parts;
    parts.clear();
    for (std::string_view t : asked.texts)
      text::ForPartsOf(t, [&](std::string_view part) { parts.push_back(part); });
    table_->Embed(parts, out.first(vector));
  }
  Facts facts(out.subspan(vector));
  AddForm(asked, &facts);
  AddContext(asked, &facts);
  const text::Scores& words = asked.user.words;
  for (int score : words.task) facts.Add(Some(score, 4));
  for (int score : words.domain) facts.Add(Some(score, 4));
  static_assert(
      16 + 5 + std::tuple_size_v<decltype(words.task)> + std::tuple_size_v<decltype(words.domain)> <= kFacts);
}

std::vector<float> Featurizer::OfPrompts(std::span<const std::string_view> prompts) const {
  std::vector<float> rows(prompts.size() * width());
  for (std::size_t i = 0; i < prompts.size(); ++i)
    Compute(AskedOf(prompts[i]), std::span(rows).subspan(i * width(), width()));
  return rows;
}

}  // namespace baton::estimate
