// Words become operators first ("times", "fois", "percent of"), then the longest run of tokens that forms an
// expression is parsed by recursive descent. Doubles are exact for the whole numbers a demo asks about.
#include "mock/arithmetic.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <utility>
#include <vector>

#include "mock/text.h"

namespace baton::mock {
namespace {

constexpr std::size_t kLongest = 4096;

struct Token {
  char kind;  // 'n' a number, else the operator itself; 'r' square root; ' ' a word that is no part of a sum
  double value = 0;
};

std::string Spell(std::string text) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 26> kWords = {{
      {"square root of", " r "},
      {"racine carrée de", " r "},
      {"multiplied by", " * "},
      {"multiplié par", " * "},
      {"divided by", " / "},
      {"divisé par", " / "},
      {"to the power of", " ^ "},
      {"percent of", " % "},
      {"% of", " % "},
      {"% de", " % "},
      {"pour cent de", " % "},
      {"squared", " ^ 2 "},
      {"cubed", " ^ 3 "},
      {"plus", " + "},
      {"minus", " - "},
      {"moins", " - "},
      {"times", " * "},
      {"fois", " * "},
      {"over", " / "},
      {"×", " * "},
      {"÷", " / "},
      {"−", " - "},
      {"**", " ^ "},
      {"modulo", " m "},
      {"mod", " m "},
      {"·", " * "},
  }};
  for (const auto& [word, op] : kWords) {
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + op.size())) {
      text.replace(at, word.size(), op);
    }
  }
  return text;
}

std::vector<Token> Tokenise(const std::string& text) {
  std::vector<Token> tokens;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c >= '0' && c <= '9') {
      std::string digits;
      while (i < text.size() && ((text[i] >= '0' && text[i] <= '9') ||
                                 ((text[i] == '.' || text[i] == ',') && i + 1 < text.size() &&
                                  text[i + 1] >= '0' && text[i + 1] <= '9'))) {
        if (text[i] != ',') digits += text[i];
        ++i;
      }
      tokens.push_back({'n', std::strtod(digits.c_str(), nullptr)});
      continue;
    }
    std::size_t end = i + 1;
    const bool letter = (c >= 'a' && c <= 'z') || (static_cast<unsigned char>(c) & 0x80) != 0;
    if (letter) {
      while (end < text.size() && text[end] >= 'a' && text[end] <= 'z') ++end;
      const std::string_view word(text.data() + i, end - i);
      tokens.push_back({word == "r" || word == "m" ? word[0] : word == "x" ? '*' : ' '});
    } else if (std::string_view("+-*/^%()").find(c) != std::string_view::npos) {
      tokens.push_back({c});
    } else if (c != ' ') {
      tokens.push_back({' '});
    }
    i = end;
  }
  return tokens;
}

class Parser {
 public:
  Parser(const std::vector<Token>& tokens, std::size_t at) : tokens_(tokens), at_(at) {}

  std::optional<double> Run() {
    const double v = Add(0);
    if (!ok_ || operators_ == 0 || !std::isfinite(v) || std::fabs(v) > 1e15) return std::nullopt;
    return v;
  }
  std::size_t at() const { return at_; }
  const std::string& spelled() const { return spelled_; }

 private:
  char Peek() const { return at_ < tokens_.size() ? tokens_[at_].kind : ' '; }
  // A number, sign, root or parenthesis must follow an operator; otherwise the expression ended before it.
  bool OperandFollows() const {
    const char k = at_ + 1 < tokens_.size() ? tokens_[at_ + 1].kind : ' ';
    return k == 'n' || k == '(' || k == 'r' || k == '-';
  }
  char Take(std::string_view operators) {
    const char k = Peek();
    if (operators.find(k) == std::string_view::npos || !OperandFollows()) return 0;
    ++at_;
    ++operators_;
    spelled_ += k == 'm' ? " mod " : k == '%' ? "% of " : fmt::format(" {} ", k);
    return k;
  }

  double Add(int depth) {
    double v = Mul(depth);
    while (const char op = Take("+-")) v = op == '+' ? v + Mul(depth) : v - Mul(depth);
    return v;
  }
  double Mul(int depth) {
    double v = Power(depth);
    while (const char op = Take("*/%m")) {
      const double w = Power(depth);
      v = op == '*' ? v * w : op == '/' ? v / w : op == '%' ? v / 100 * w : std::fmod(v, w);
    }
    return v;
  }
  double Power(int depth) {
    const double v = Unit(depth);
    return Take("^") && depth < kDeepest ? std::pow(v, Power(depth + 1)) : v;
  }
  double Unit(int depth) {
    const char k = Peek();
    if (depth > kDeepest || (k != 'n' && k != '(' && k != 'r' && k != '-')) {
      ok_ = false;
      return 0;
    }
    const double value = tokens_[at_++].value;
    if (k == 'n') {
      spelled_ += fmt::format("{}", value);
      return value;
    }
    spelled_ += k == 'r' ? "sqrt " : std::string(1, k);
    if (k == '-') return -Unit(depth + 1);
    if (k == 'r') {
      ++operators_;
      return std::sqrt(Unit(depth + 1));
    }
    const double inside = Add(depth + 1);
    if (Peek() == ')') {
      ++at_;
      spelled_ += ')';
    } else {
      ok_ = false;
    }
    return inside;
  }

  static constexpr int kDeepest = 50;
  const std::vector<Token>& tokens_;
  std::size_t at_;
  int operators_ = 0;
  bool ok_ = true;
  std::string spelled_;
};

std::string Written(double v) {
  std::string s = fmt::format("{:.6f}", v);
  while (s.back() == '0') s.pop_back();
  if (s.back() == '.') s.pop_back();
  return s == "-0" ? "0" : s;
}

}  // namespace

std::optional<Sum> WorkOut(std::string_view text) {
  text = text.substr(0, kLongest);
  std::string lower = Lower(text);
  // "2026-11-04" and "555-1234567" are not subtractions.
  if (!FindDate(text).empty() || !FindPhone(text).empty()) {
    for (std::size_t i = 1; i + 1 < lower.size(); ++i) {
      if (lower[i] == '-' && lower[i - 1] != ' ' && lower[i + 1] != ' ') lower[i] = '_';
    }
  }
  const auto tokens = Tokenise(Spell(std::move(lower)));
  std::optional<Sum> best;
  std::size_t longest = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].kind == ' ' || (i > 0 && tokens[i - 1].kind == 'n' && tokens[i].kind == '-')) continue;
    Parser parser(tokens, i);
    const auto value = parser.Run();
    if (!value || parser.at() - i <= longest) continue;
    longest = parser.at() - i;
    best = Sum{parser.spelled(), Written(*value)};
  }
  return best;
}

}  // namespace baton::mock
