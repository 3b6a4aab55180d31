#include "estimate/evidence_answer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "verify/equation.h"
#include "verify/final_answer.h"
#include "verify/quantity.h"
#include "verify/text.h"

namespace baton::estimate {
namespace {

constexpr std::size_t kShort = 120;       // bytes; an unmarked answer up to here is its own final answer
constexpr std::size_t kMostRead = 20000;  // of a text; answers stand at the end

// 1 for a text with a phrase that takes the answer back, less for none.
float Hedging(std::string_view text) {
  static constexpr auto kPhrases = std::to_array<std::string_view>({"i'm not sure",
                                                                    "i am not sure",
                                                                    "not certain",
                                                                    "i don't know",
                                                                    "i do not know",
                                                                    "cannot determine",
                                                                    "can't determine",
                                                                    "cannot be determined",
                                                                    "unclear",
                                                                    "i apologize",
                                                                    "there seems to be",
                                                                    "none of the options",
                                                                    "not enough information",
                                                                    "let me re",
                                                                    "wait,",
                                                                    "mistake",
                                                                    "approximately",
                                                                    "it seems",
                                                                    "i think",
                                                                    "might be"});
  int found = 0;
  for (std::string_view p : kPhrases) found += verify::FindIgnoringCase(text, p) != std::string_view::npos;
  return static_cast<float>(std::min(found, 2)) / 2;
}

float BrokenSums(std::string_view text) {
  for (const auto& e : verify::FindEquations(text)) {
    if (e.verdict == verify::Equation::Verdict::kWrong) return 1;
  }
  return 0;
}

bool Bracketed(std::string_view s) {
  return !s.empty() && (s[0] == '[' || s[0] == '{' || s[0] == '(' || s[0] == '"' || s[0] == '\'');
}

// A letter that stands for an option, not the first word of a sentence.
char ChoiceIn(std::string_view s) {
  const char c = verify::FindChoice(s);
  if (c == 0) return 0;
  const std::string_view t = verify::Trim(s);
  return t.size() <= 3 || t.find_first_of(").:]") != std::string_view::npos ? c : '\0';
}

std::string KeyOfFinal(std::string_view text) {
  text = verify::Trim(text);
  if (text.empty()) return {};
  if (const char c = ChoiceIn(text); c != 0 && text.size() <= kShort) return std::string("c:") + c;
  if (!Bracketed(text)) {
    const auto quantities = verify::FindQuantities(text, 2);
    if (quantities.size() == 1 || (!quantities.empty() && text.find('=') != std::string_view::npos)) {
      const auto q = quantities.size() == 1 ? std::optional(quantities[0]) : verify::LastQuantity(text);
      // "22 June 1941" and "World War 2" hold a number and are none.
      const std::size_t letters =
          static_cast<std::size_t>(std::count_if(text.begin(), text.end(), verify::IsAlpha));
      if (q && letters <= std::max<std::size_t>(12, (q->end - q->begin) * 2)) return "n:" + q->value.Text();
    }
  }
  const std::string key = verify::AnswerKey(text);
  return key.empty() ? std::string() : "x:" + std::string(verify::Clip(key, 300));
}

// "<answer>1962</answer>"
std::optional<std::string_view> Tagged(std::string_view s) {
  const std::size_t from = verify::FindLastIgnoringCase(s, "<answer>");
  if (from == std::string_view::npos) return std::nullopt;
  const std::size_t to = verify::FindIgnoringCase(s, "</answer>", from);
  return s.substr(from + 8, std::min(to, s.size()) - from - 8);
}

std::string KeyOfLong(std::string_view s) {
  const std::string_view first = s.substr(0, s.find('\n'));
  if (first.size() <= kShort && first.size() < s.size() && s.substr(first.size()).starts_with("\n\n"))
    return KeyOfFinal(first);
  const auto number = verify::FindFinalNumber(s);
  return number ? "n:" + number->value.Text() : std::string();
}

}  // namespace

AnswerReading ReadAnswer(std::string_view response, std::string_view answer, bool calls) {
  AnswerReading out;
  std::string_view s = response.empty() ? answer : response;
  if (s.size() > kMostRead) s = s.substr(s.size() - kMostRead);
  bool marked = true;
  if (!verify::Trim(answer).empty()) {
    out.key = KeyOfFinal(answer);
  } else if (out.key = CallsKey(s); !out.key.empty()) {
    marked = true;
  } else if (calls) {
    out.key = verify::Trim(s).empty() ? "" : "t:none";
  } else if (const auto tag = Tagged(s)) {
    out.key = KeyOfFinal(*tag);
  } else {
    const verify::FinalAnswer final_answer = verify::FindFinalAnswer(s);
    marked = final_answer.marked;
    if (final_answer.marked || s.size() <= kShort)
      out.key = KeyOfFinal(final_answer.text);
    else
      out.key = KeyOfLong(verify::Trim(s));
  }
  out.signs[0] = static_cast<float>(std::log1p(static_cast<double>(response.size())) - 5.5) / 2;
  out.signs[1] = Hedging(s);
  out.signs[2] = BrokenSums(s);
  out.signs[3] = marked ? 0 : 1;
  return out;
}

int KeyGroups::Of(const std::string& key) {
  if (key.empty()) return kUnread;
  const auto at = std::find(keys_.begin(), keys_.end(), key);
  const auto place = static_cast<int>(at - keys_.begin());
  if (at == keys_.end()) keys_.push_back(key);
  return place;
}

}  // namespace baton::estimate
