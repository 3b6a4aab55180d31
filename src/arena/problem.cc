#include "arena/problem.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>

#include "verify/final_answer.h"

namespace baton::arena {
namespace {

constexpr std::size_t kMostAnswer = 4096;
constexpr std::size_t kMostWords = 60;

// Lower case, everything but letters and digits a single space, a space at both ends.
std::string Plain(std::string_view text) {
  std::string out = " ";
  for (const unsigned char c : text) {
    if (std::isalnum(c) != 0 || c >= 0x80)
      out.push_back(static_cast<char>(std::tolower(c)));
    else if (out.back() != ' ')
      out.push_back(' ');
  }
  if (out.back() != ' ') out.push_back(' ');
  return out;
}

bool SameNumber(const std::string& reference, std::string_view answer) {
  const auto found = verify::FindFinalNumber(answer);
  if (!found) return false;
  const double want = std::strtod(reference.c_str(), nullptr), got = found->value.ToDouble();
  return std::abs(got - want) <= 0.01 + std::abs(want) * 1e-7;
}

bool SaysText(const Problem& p, std::string_view answer) {
  const std::string said = Plain(answer);
  if (static_cast<std::size_t>(std::count(said.begin(), said.end(), ' ')) > kMostWords + 1) return false;
  if (said.find(Plain(p.reference)) == std::string::npos) return false;
  return std::none_of(p.options.begin(), p.options.end(), [&](const std::string& other) {
    return other != p.reference && said.find(Plain(other)) != std::string::npos;
  });
}

// Items of "[a, b]", "a, b and c", "'a' 'b'" in order.
std::vector<std::string> Items(std::string_view text) {
  std::vector<std::string> out;
  std::string one;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const auto c = i < text.size() ? static_cast<unsigned char>(text[i]) : ' ';
    if (std::isalnum(c) != 0 || c == '-' || c == '.') {
      one.push_back(static_cast<char>(std::tolower(c)));
      continue;
    }
    while (!one.empty() && one.back() == '.') one.pop_back();
    if (!one.empty() && one != "and") out.push_back(one);
    one.clear();
  }
  return out;
}

bool SameList(const std::string& reference, std::string_view answer) {
  const auto open = answer.rfind('['), close = answer.rfind(']');
  const std::vector<std::string> want = Items(reference);
  if (open != std::string_view::npos && close != std::string_view::npos && open < close)
    return Items(answer.substr(open, close - open)) == want;
  // Words may lead up to the list, nothing may follow it.
  const std::vector<std::string> got = Items(answer);
  return got.size() >= want.size() && std::equal(want.rbegin(), want.rend(), got.rbegin());
}

}  // namespace

double Score(const Problem& p, std::string_view answer) {
  if (answer.size() > kMostAnswer) answer = answer.substr(answer.size() - kMostAnswer);
  switch (p.check) {
    case Check::kNumber:
      return SameNumber(p.reference, answer);
    case Check::kText:
      return SaysText(p, answer);
    case Check::kChoice:
      return !p.reference.empty() && verify::FindChoice(answer) == p.reference[0];
    case Check::kList:
      return SameList(p.reference, answer);
  }
  return 0;
}

}  // namespace baton::arena
