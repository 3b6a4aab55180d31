#include "text/reading.h"

namespace baton::text {
namespace {

constexpr std::size_t kLong = 1200, kOpening = 160;

void AddSigns(const Signs& s, Signs* all) {
  all->lines += s.lines;
  all->code_lines += s.code_lines;
  all->fenced = all->fenced || s.fenced;
  all->tests = all->tests || s.tests;
  all->latex += s.latex;
  all->sums += s.sums;
  all->numbers += s.numbers;
  all->questions += s.questions;
}

}  // namespace

void Read(std::string_view whole, Reading* r) {
  r->bytes += static_cast<std::int64_t>(whole.size());
  ForPartsOf(whole, [&](std::string_view text) {
    ScoreWords(text, &r->words);
    // What a long text opens with is usually what is asked of it; once more, or the rest drowns it.
    if (text.size() > kLong) ScoreWords(text.substr(0, text.find(' ', kOpening)), &r->words);
    AddSigns(ReadSigns(text), &r->signs);
    if (r->script.empty()) r->script = LanguageOfScript(text);
  });
}

}  // namespace baton::text
