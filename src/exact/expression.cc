#include "exact/expression.h"

#include <array>
#include <cctype>
#include <string>
#include <vector>

namespace baton::exact {
namespace {

using verify::Rational;

constexpr std::size_t kMostText = 4096;
constexpr int kDeepest = 32;
constexpr int kMostPower = 64;

struct Token {
  enum class Kind { kNumber, kSign, kOther } kind = Kind::kOther;
  Rational number;
  char sign = 0;  // + - * / ^ ( ) %
};

struct Word {
  std::string_view word;
  char sign;
};
constexpr std::array kWords = std::to_array<Word>({
    {"plus", '+'},
    {"minus", '-'},
    {"times", '*'},
    {"x", '*'},
    {"over", '/'},
    {"divided by", '/'},
    {"percent", '%'},
    {"of", 'o'},
    {"multiplied by", '*'},
    {"to the power of", '^'},
});
// Characters of more than one byte that mean a sign.
constexpr std::array kSymbols = std::to_array<Word>({{"×", '*'}, {"÷", '/'}, {"−", '-'}, {"**", '^'}});

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsLetter(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}
  std::vector<Token> All() {
    while (at_ < text_.size()) Next();
    return std::move(out_);
  }

 private:
  void Push(Token::Kind kind, char sign = 0, Rational number = {}) { out_.push_back({kind, number, sign}); }

  bool TakeList(const auto& list, bool words) {
    for (const auto& row : list) {
      if (!text_.substr(at_).starts_with(row.word)) continue;
      const std::size_t end = at_ + row.word.size();
      if (words && end < text_.size() && IsLetter(text_[end])) continue;
      Push(Token::Kind::kSign, row.sign);
      at_ = end;
      return true;
    }
    return false;
  }

  void Number() {
    std::string digits;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      const bool group = c == ',' && at_ + 3 < text_.size() && IsDigit(text_[at_ + 1]) &&
                         IsDigit(text_[at_ + 2]) && IsDigit(text_[at_ + 3]);
      const bool point = c == '.' && at_ + 1 < text_.size() && IsDigit(text_[at_ + 1]) &&
                         digits.find('.') == std::string::npos;
      if (IsDigit(c) || point)
        digits.push_back(c);
      else if (!group)
        break;
    }
    const auto value = Rational::OfDecimal(digits);
    if (value)
      Push(Token::Kind::kNumber, 0, *value);
    else
      Push(Token::Kind::kOther);
  }

  void Next() {
    const char c = text_[at_];
    if (IsDigit(c)) return Number();
    if (TakeList(kSymbols, false)) return;
    if (std::string_view("+-*/^()%").find(c) != std::string_view::npos) {
      Push(Token::Kind::kSign, c);
      ++at_;
      return;
    }
    const bool starts = IsLetter(c) && (at_ == 0 || !IsLetter(text_[at_ - 1]));
    if (starts && TakeList(kWords, true)) return;
    // A currency sign and spaces may stand inside an expression; everything else ends it.
    if (c != ' ' && c != '$') Push(Token::Kind::kOther);
    ++at_;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Token> out_;
};

// Recursive descent over the tokens from a given place; stops where the expression does.
class Parser {
 public:
  Parser(const std::vector<Token>& tokens, std::size_t at) : tokens_(tokens), at_(at) {}
  std::optional<Rational> Sum(int depth) {
    auto left = Product(depth);
    while (left && (Is('+') || Is('-'))) {
      const std::size_t before = at_;
      const char sign = tokens_[at_++].sign;
      const auto right = Product(depth);
      if (!right) return Back(before, left);
      ++operators;
      left = sign == '+' ? Rational::Add(*left, *right) : Rational::Subtract(*left, *right);
    }
    return left;
  }
  std::size_t at() const { return at_; }
  int operators = 0;

 private:
  bool Is(char sign) const {
    return at_ < tokens_.size() && tokens_[at_].kind == Token::Kind::kSign && tokens_[at_].sign == sign;
  }
  // An operator without a right side belongs to the text, not to the expression.
  std::optional<Rational> Back(std::size_t to, std::optional<Rational> value) {
    at_ = to;
    return value;
  }

  std::optional<Rational> Product(int depth) {
    auto left = Power(depth);
    while (left && (Is('*') || Is('/') || Is('o'))) {
      const std::size_t before = at_;
      const char sign = tokens_[at_++].sign;
      if (sign == 'o' && !percent_) return Back(before, left);
      const auto right = Power(depth);
      if (!right) return Back(before, left);
      ++operators;
      left = sign == '/' ? Rational::Divide(*left, *right) : Rational::Multiply(*left, *right);
    }
    return left;
  }

  std::optional<Rational> Power(int depth) {
    auto base = Unary(depth);
    if (!base || !Is('^')) return base;
    const std::size_t before = at_++;
    const auto exponent = Unary(depth);
    if (!exponent) return Back(before, base);
    if (!exponent->whole() || exponent->negative() || exponent->ToDouble() > kMostPower) return std::nullopt;
    ++operators;
    std::optional<Rational> value = Rational(1);
    for (int i = static_cast<int>(exponent->ToDouble()); i > 0 && value; --i)
      value = Rational::Multiply(*value, *base);
    return value;
  }

  std::optional<Rational> Unary(int depth) {
    if (depth > kDeepest || at_ >= tokens_.size()) return std::nullopt;
    percent_ = false;
    if (Is('-')) {
      ++at_;
      const auto value = Unary(depth + 1);
      return value ? std::optional(value->Negated()) : std::nullopt;
    }
    if (Is('(')) {
      ++at_;
      const auto value = Sum(depth + 1);
      if (!value || !Is(')')) return std::nullopt;
      ++at_;
      percent_ = false;
      return value;
    }
    if (tokens_[at_].kind != Token::Kind::kNumber) return std::nullopt;
    const Rational number = tokens_[at_++].number;
    if (!Is('%')) return number;
    ++at_;
    percent_ = true;
    ++operators;
    return Rational::Divide(number, Rational(100));
  }

  const std::vector<Token>& tokens_;
  std::size_t at_;
  bool percent_ = false;  // the value just read is a share: "15% of 80"
};

bool Begins(const std::vector<Token>& tokens, std::size_t at) {
  const auto is = [&](std::size_t i, std::string_view signs) {
    return tokens[i].kind == Token::Kind::kSign && signs.find(tokens[i].sign) != std::string_view::npos;
  };
  const auto number = [&](std::size_t i) { return tokens[i].kind == Token::Kind::kNumber; };
  if (!number(at) && !is(at, "(-")) return false;
  // The rest of an expression that overflowed or did not parse is no expression of its own.
  const bool inside = at >= 2 && is(at - 1, "+-*/^o") && (number(at - 2) || is(at - 2, ")"));
  return !inside;
}

}  // namespace

std::optional<Computed> FindExpression(std::string_view text) {
  const std::vector<Token> tokens = Lexer(text.substr(0, kMostText)).All();
  std::optional<Computed> best;
  for (std::size_t i = 0; i < tokens.size();) {
    if (!Begins(tokens, i)) {
      ++i;
      continue;
    }
    Parser parser(tokens, i);
    const auto value = parser.Sum(0);
    if (value && parser.operators > 0 && (!best || parser.operators >= best->operators))
      best = Computed{*value, parser.operators};
    i = value ? std::max(parser.at(), i + 1) : i + 1;
  }
  return best;
}

}  // namespace baton::exact
