#include "rails/validators.h"

#include <array>
#include <cmath>
#include <cstdint>

namespace baton::rails {
namespace {

int D(char c) {
  return c - '0';
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
char Upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}
bool IsAlpha(char c) {
  return Upper(c) >= 'A' && Upper(c) <= 'Z';
}

bool AllDigits(std::string_view s) {
  for (char c : s) {
    if (!IsDigit(c)) return false;
  }
  return !s.empty();
}

// Two digits as a number.
int Two(std::string_view s, std::size_t at) {
  return D(s[at]) * 10 + D(s[at + 1]);
}

bool PlausibleDate(int month, int day) {
  return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

bool AllTheSame(std::string_view s) {
  return s.find_first_not_of(s[0]) == std::string_view::npos;
}

int WeightedSum(std::string_view digits, std::initializer_list<int> weights) {
  int sum = 0;
  std::size_t i = 0;
  for (int w : weights) sum += w * D(digits[i++]);
  return sum;
}

std::uint64_t Number(std::string_view digits) {
  std::uint64_t n = 0;
  for (char c : digits) n = n * 10 + static_cast<std::uint64_t>(D(c));
  return n;
}

// Leading digits and lengths of the networks in use. A row covers [low, high] of the first four digits.
struct Network {
  int low, high;
  std::size_t shortest, longest;
};
constexpr Network kNetworks[] = {
    {4000, 4999, 13, 19},  // Visa (13 and 16 in practice, 19 allowed)
    {5100, 5599, 16, 16},  // Mastercard
    {2221, 2720, 16, 16},  // Mastercard, second range
    {3400, 3499, 15, 15},  // American Express
    {3700, 3799, 15, 15},  // American Express
    {3000, 3059, 14, 19},  // Diners
    {3600, 3699, 14, 19},  // Diners
    {3800, 3999, 14, 19},  // Diners
    {6011, 6011, 16, 19},  // Discover
    {6440, 6599, 16, 19},  // Discover
    {3528, 3589, 16, 19},  // JCB
    {1800, 1800, 15, 15},  // JCB, old
    {2131, 2131, 15, 15},  // JCB, old
    {6200, 6299, 16, 19},  // UnionPay
    {5000, 5099, 12, 19},  // Maestro
    {5600, 5899, 12, 19},  // Maestro
    {6300, 6399, 12, 19},  // Maestro
    {6700, 6799, 12, 19},  // Maestro
    {8100, 8171, 16, 19},  // RuPay, UnionPay
};

struct IbanCountry {
  char a, b;
  int length;
};
constexpr IbanCountry kIban[] = {
    {'A', 'D', 24}, {'A', 'E', 23}, {'A', 'L', 28}, {'A', 'T', 20}, {'A', 'Z', 28}, {'B', 'A', 20},
    {'B', 'E', 16}, {'B', 'G', 22}, {'B', 'H', 22}, {'B', 'R', 29}, {'B', 'Y', 28}, {'C', 'H', 21},
    {'C', 'R', 22}, {'C', 'Y', 28}, {'C', 'Z', 24}, {'D', 'E', 22}, {'D', 'K', 18}, {'D', 'O', 28},
    {'E', 'E', 20}, {'E', 'G', 29}, {'E', 'S', 24}, {'F', 'I', 18}, {'F', 'O', 18}, {'F', 'R', 27},
    {'G', 'B', 22}, {'G', 'E', 22}, {'G', 'I', 23}, {'G', 'L', 18}, {'G', 'R', 27}, {'G', 'T', 28},
    {'H', 'R', 21}, {'H', 'U', 28}, {'I', 'E', 22}, {'I', 'L', 23}, {'I', 'Q', 23}, {'I', 'S', 26},
    {'I', 'T', 27}, {'J', 'O', 30}, {'K', 'W', 30}, {'K', 'Z', 20}, {'L', 'B', 28}, {'L', 'C', 32},
    {'L', 'I', 21}, {'L', 'T', 20}, {'L', 'U', 20}, {'L', 'V', 21}, {'L', 'Y', 25}, {'M', 'C', 27},
    {'M', 'D', 24}, {'M', 'E', 22}, {'M', 'K', 19}, {'M', 'R', 27}, {'M', 'T', 31}, {'M', 'U', 30},
    {'N', 'L', 18}, {'N', 'O', 15}, {'P', 'K', 24}, {'P', 'L', 28}, {'P', 'S', 29}, {'P', 'T', 25},
    {'Q', 'A', 29}, {'R', 'O', 24}, {'R', 'S', 22}, {'S', 'A', 24}, {'S', 'C', 31}, {'S', 'E', 24},
    {'S', 'I', 19}, {'S', 'K', 24}, {'S', 'M', 27}, {'S', 'V', 28}, {'T', 'L', 23}, {'T', 'N', 24},
    {'T', 'R', 26}, {'U', 'A', 29}, {'V', 'A', 22}, {'V', 'G', 24}, {'X', 'K', 20},
};

}  // namespace

bool Luhn(std::string_view digits) {
  int sum = 0;
  bool twice = false;
  for (std::size_t i = digits.size(); i-- > 0; twice = !twice) {
    int d = D(digits[i]) << (twice ? 1 : 0);
    sum += d > 9 ? d - 9 : d;
  }
  return sum % 10 == 0;
}

bool IsPaymentCard(std::string_view digits) {
  if (digits.size() < 13 || digits.size() > 19 || !AllDigits(digits)) return false;
  int head = Two(digits, 0) * 100 + Two(digits, 2);
  for (const auto& n : kNetworks) {
    if (head < n.low || head > n.high || digits.size() < n.shortest || digits.size() > n.longest) continue;
    return Luhn(digits) && !AllTheSame(digits);
  }
  return false;
}

int IbanLength(char first, char second) {
  first = Upper(first);
  second = Upper(second);
  for (const auto& c : kIban) {
    if (c.a == first && c.b == second) return c.length;
  }
  return 0;
}

bool IsIban(std::string_view text) {
  if (text.size() < 15 || static_cast<int>(text.size()) != IbanLength(text[0], text[1])) return false;
  if (!IsDigit(text[2]) || !IsDigit(text[3])) return false;
  std::uint32_t rest = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = Upper(text[(i + 4) % text.size()]);  // the first four characters are read last
    if (IsDigit(c)) {
      rest = (rest * 10 + static_cast<std::uint32_t>(D(c))) % 97;
    } else if (c >= 'A' && c <= 'Z') {
      rest = (rest * 100 + static_cast<std::uint32_t>(c - 'A' + 10)) % 97;
    } else {
      return false;
    }
  }
  return rest == 1;
}

bool IsUsSsn(std::string_view d) {
  if (d.size() != 9 || !AllDigits(d)) return false;
  int area = Two(d, 0) * 10 + D(d[2]);
  return area != 0 && area != 666 && area < 900 && Two(d, 3) != 0 && Number(d.substr(5)) != 0;
}

bool IsUkNino(std::string_view t) {
  if (t.size() != 9 || !AllDigits(t.substr(2, 6))) return false;
  char a = Upper(t[0]), b = Upper(t[1]), end = Upper(t[8]);
  if (!IsAlpha(a) || !IsAlpha(b) || end < 'A' || end > 'D') return false;
  if (std::string_view("DFIQUV").find(a) != std::string_view::npos) return false;
  if (std::string_view("DFIOQUV").find(b) != std::string_view::npos) return false;
  constexpr std::string_view kNever[] = {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"};
  for (auto n : kNever) {
    if (n[0] == a && n[1] == b) return false;
  }
  return true;
}

bool IsGermanTaxId(std::string_view d) {
  if (d.size() != 11 || !AllDigits(d) || d[0] == '0') return false;
  // Of the first ten digits one occurs twice or three times, all others once at most.
  std::array<int, 10> seen{};
  for (char c : d.substr(0, 10)) ++seen[static_cast<std::size_t>(D(c))];
  int repeated = 0, most = 0;
  for (int n : seen) {
    repeated += n > 1;
    most = n > most ? n : most;
  }
  if (repeated != 1 || most > 3) return false;
  int product = 10;
  for (char c : d.substr(0, 10)) {
    int sum = (D(c) + product) % 10;
    product = 2 * (sum == 0 ? 10 : sum) % 11;
  }
  return (11 - product) % 10 == D(d[10]);
}

bool IsFrenchNir(std::string_view t) {
  if (t.size() != 15) return false;
  std::array<char, 15> d;
  for (std::size_t i = 0; i < 15; ++i) d[i] = t[i];
  std::uint64_t minus = 0;  // Corsica's 2A is read as 19, 2B as 18
  if (Upper(d[6]) == 'A' && d[5] == '2') {
    d[6] = '0';
    minus = 1'000'000;
  } else if (Upper(d[6]) == 'B' && d[5] == '2') {
    d[6] = '0';
    minus = 2'000'000;
  }
  std::string_view digits(d.data(), 15);
  if (!AllDigits(digits)) return false;
  int month = Two(digits, 3);
  if (digits[0] == '0' || digits[0] == '9' || ((month < 1 || month > 12) && month < 20)) return false;
  std::uint64_t number = Number(digits.substr(0, 13)) - minus;
  return 97 - number % 97 == Number(digits.substr(13));
}

bool IsSpanishId(std::string_view t) {
  if (t.size() != 9 || !AllDigits(t.substr(1, 7)) || !IsAlpha(t[8])) return false;
  char first = Upper(t[0]);
  std::uint64_t lead = 0;
  if (IsDigit(first)) {
    lead = static_cast<std::uint64_t>(D(first));
  } else if (first >= 'X' && first <= 'Z') {
    lead = static_cast<std::uint64_t>(first - 'X');
  } else {
    return false;
  }
  std::uint64_t n = lead * 10'000'000 + Number(t.substr(1, 7));
  return "TRWAGMYFPDXBNJZSQVHLCKE"[n % 23] == Upper(t[8]);
}

bool IsItalianTaxCode(std::string_view t) {
  if (t.size() != 16) return false;
  constexpr std::string_view kShape = "LLLLLLDDLDDLDDDL";
  // Values of characters in odd places (counted from one), A..Z; a digit counts like the letter of its
  // number.
  constexpr int kOdd[] = {1,  0,  5, 7, 9, 13, 15, 17, 19, 21, 2,  4,  18,
                          20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23};
  int sum = 0;
  for (std::size_t i = 0; i < 16; ++i) {
    char c = Upper(t[i]);
    // In places of digits, letters L..V may stand for them where two people would share a code.
    bool ok = kShape[i] == 'L' ? IsAlpha(c) : IsDigit(c) || (c >= 'L' && c <= 'V');
    if (!ok) return false;
    if (i == 15) break;
    int value = IsDigit(c) ? D(c) : c - 'A';
    sum += i % 2 == 0 ? kOdd[value] : value;
  }
  return sum % 26 == Upper(t[15]) - 'A' &&
         std::string_view("ABCDEHLMPRST").find(Upper(t[8])) != std::string_view::npos;
}

bool IsDutchBsn(std::string_view d) {
  if (d.size() != 9 || !AllDigits(d) || AllTheSame(d)) return false;
  return WeightedSum(d, {9, 8, 7, 6, 5, 4, 3, 2, -1}) % 11 == 0;
}

bool IsPolishPesel(std::string_view d) {
  if (d.size() != 11 || !AllDigits(d)) return false;
  int month = Two(d, 2) % 20;  // the century is added to the month in steps of 20
  if (!PlausibleDate(month, Two(d, 4))) return false;
  return WeightedSum(d, {1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1}) % 10 == 0;
}

bool IsBelgianNumber(std::string_view d) {
  if (d.size() != 11 || !AllDigits(d) || !PlausibleDate(Two(d, 2), Two(d, 4))) return false;
  std::uint64_t head = Number(d.substr(0, 9)), key = Number(d.substr(9));
  return 97 - head % 97 == key || 97 - (head + 2'000'000'000) % 97 == key;
}

bool IsSwedishNumber(std::string_view d) {
  if (d.size() != 10 || !AllDigits(d)) return false;
  int day = Two(d, 4);
  return PlausibleDate(Two(d, 2), day > 60 ? day - 60 : day) && Luhn(d);
}

bool IsPortugueseNif(std::string_view d) {
  if (d.size() != 9 || !AllDigits(d) || std::string_view("123568").find(d[0]) == std::string_view::npos)
    return false;
  int check = 11 - WeightedSum(d, {9, 8, 7, 6, 5, 4, 3, 2}) % 11;
  return (check > 9 ? 0 : check) == D(d[8]);
}

bool IsBrazilianCpf(std::string_view d) {
  if (d.size() != 11 || !AllDigits(d) || AllTheSame(d)) return false;
  int first = WeightedSum(d, {10, 9, 8, 7, 6, 5, 4, 3, 2}) * 10 % 11 % 10;
  int second = WeightedSum(d, {11, 10, 9, 8, 7, 6, 5, 4, 3, 2}) * 10 % 11 % 10;
  return first == D(d[9]) && second == D(d[10]);
}

bool IsSwissAhv(std::string_view d) {
  if (d.size() != 13 || !AllDigits(d) || d.substr(0, 3) != "756") return false;
  return WeightedSum(d, {1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1}) % 10 == 0;
}

bool IsCanadianSin(std::string_view d) {
  return d.size() == 9 && AllDigits(d) && d[0] != '0' && d[0] != '8' && Luhn(d) && !AllTheSame(d);
}

bool IsIpv6(std::string_view t) {
  int groups = 0, digits = 0;
  bool gap = false;
  for (std::size_t i = 0; i < t.size(); ++i) {
    char c = t[i];
    if (c == ':') {
      bool second = i + 1 < t.size() && t[i + 1] == ':';
      if (second) {
        if (gap) return false;
        gap = true;
        groups += digits > 0;
        ++i;
      } else {
        if (digits == 0 || i + 1 == t.size()) return false;
        ++groups;
      }
      digits = 0;
    } else if (IsDigit(c) || (Upper(c) >= 'A' && Upper(c) <= 'F')) {
      if (++digits > 4) return false;
    } else {
      return false;
    }
  }
  groups += digits > 0;
  return gap ? groups < 8 : groups == 8;
}

double EntropyPerChar(std::string_view text) {
  if (text.empty()) return 0;
  std::array<int, 256> count{};
  for (char c : text) ++count[static_cast<unsigned char>(c)];
  double h = 0, n = static_cast<double>(text.size());
  for (int k : count) {
    if (k > 0) h -= k / n * std::log2(k / n);
  }
  return h;
}

}  // namespace baton::rails
