// Everything that is made of digits: cards, bank accounts, national ids, phones, IPv4.
//
// A pattern engine is poor at this: `\d(?:[ -]?\d){12,18}` keeps it busy at every figure of every table, and
// what it reports must be validated anyway. Here a digit that begins a group starts a *run*: groups of digits
// with one separator between them ("4111 1111 1111 1111", "+49 (0) 89 123-456"). Each window of a run is
// compared with shapes (lengths of groups and separators), and a shape that fits is validated. What remains
// unproved is left alone. Most text has no digits, so the usual cost is one table look-up per byte.
//
// A bare number of nine or eleven digits passes the weaker checksums by chance (1 in 10), so those rows want
// a word before it that says what it is ("BSN", "SIN", ...).

#include <array>
#include <string_view>

#include "rails/finding.h"
#include "rails/validators.h"

namespace baton::rails {
namespace {

constexpr int kMaxGroups = 12;
constexpr std::size_t kMaxDigits = 40;

struct Run {
  std::size_t begin = 0;  // of the first digit
  int groups = 0;
  std::array<std::size_t, kMaxGroups> at{}, length{},
      digit{};                               // place in the text, length, index into `digits`
  std::array<char, kMaxGroups> separator{};  // in front of the group; 0 for the first
  std::array<char, kMaxDigits> digits{};
  std::size_t total = 0;
  std::size_t next = 0;  // first byte behind the run
  bool decimal = false;  // part of "1,234.5": an amount

  std::size_t End(int group) const {
    auto g = static_cast<std::size_t>(group);
    return at[g] + length[g];
  }
  std::size_t Length(int group) const { return length[static_cast<std::size_t>(group)]; }
  std::size_t Count(int from, int to) const {  // digits in groups [from, to)
    std::size_t n = 0;
    for (int g = from; g < to; ++g) n += Length(g);
    return n;
  }
  std::string_view Digits(int from, int to) const {
    return {digits.data() + digit[static_cast<std::size_t>(from)], Count(from, to)};
  }
};

// Length of the separator at `p` and the character that stands for it; 0: none.
std::size_t SeparatorAt(std::string_view t, std::size_t p, char* kind) {
  auto at = [&](std::size_t i) { return i < t.size() ? t[i] : '\0'; };
  char c = at(p);
  if (c == ')' || c == '(' || (c == ' ' && at(p + 1) == '(')) {  // ")", ") ", ")-", " (", "("
    *kind = ')';
    std::size_t n = c == ' ' ? 2 : 1;
    if (c == ')' && (at(p + 1) == ' ' || at(p + 1) == '-' || at(p + 1) == '.')) n = 2;
    return n;
  }
  if (c == ' ' || c == '-' || c == '.' || c == '/') {
    *kind = c;
    return 1;
  }
  if (c == '\xc2' && at(p + 1) == '\xa0') return *kind = ' ', 2;                         // no-break space
  if (c == '\xe2' && at(p + 1) == '\x80' && at(p + 2) == '\xaf') return *kind = ' ', 3;  // narrow one
  if (c == '\xe2' && at(p + 1) == '\x80' &&
      (at(p + 2) == '\x90' || at(p + 2) == '\x91' || at(p + 2) == '\x93')) {
    return *kind = '-', 3;  // typographic hyphens
  }
  return 0;
}

Run ReadRun(std::string_view t, std::size_t at) {
  Run run;
  run.begin = at;
  std::size_t p = at;
  char separator = 0;
  while (run.groups < kMaxGroups) {
    std::size_t start = p;
    while (p < t.size() && IsDigit(t[p])) ++p;
    if (run.total + (p - start) > kMaxDigits) break;
    auto g = static_cast<std::size_t>(run.groups++);
    run.at[g] = start;
    run.length[g] = p - start;
    run.digit[g] = run.total;
    run.separator[g] = separator;
    for (std::size_t i = start; i < p; ++i) run.digits[run.total++] = t[i];
    std::size_t n = SeparatorAt(t, p, &separator);
    if (n == 0 || p + n >= t.size() || !IsDigit(t[p + n])) break;
    p += n;
  }
  while (p < t.size() && IsDigit(t[p])) ++p;  // the tail of a number longer than any we know
  run.next = p;
  run.decimal = (at >= 2 && t[at - 1] == ',' && IsDigit(t[at - 2])) ||
                (p + 1 < t.size() && t[p] == ',' && IsDigit(t[p + 1]));
  return run;
}

// ---- shapes ----

struct Shape {
  const char* type;
  std::array<std::uint8_t, 7> lengths;  // of the groups, 0-terminated
  const char* separators;               // one per gap; or one set in brackets: "[ -]", the same in every gap
  bool (*valid)(std::string_view digits);
  const char* context;  // words of which one must stand shortly before; null: none needed
};

bool SwedishWithCentury(std::string_view d) {
  return (d[0] == '1' || d[0] == '2') && IsSwedishNumber(d.substr(2));
}

constexpr const char* kSsn = "ssn|social security|social sec";
constexpr const char* kSteuer = "steuer|idnr|tax id|tin";
constexpr const char* kBsn = "bsn|burgerservice|sofi";
constexpr const char* kNif = "nif|contribuinte";
constexpr const char* kSin = "sin |sin:|social insurance|assurance sociale";
constexpr const char* kRrn = "rijksregister|registre national|national number|nationaal nummer|insz|niss";

constexpr Shape kShapes[] = {
    {"card", {4, 4, 4, 4}, "[ -]", IsPaymentCard, nullptr},
    {"card", {4, 4, 4, 4, 3}, "[ -]", IsPaymentCard, nullptr},
    {"card", {4, 6, 5}, "[ -]", IsPaymentCard, nullptr},
    {"card", {4, 6, 4}, "[ -]", IsPaymentCard, nullptr},
    {"national_id", {1, 2, 2, 2, 3, 3, 2}, "[ ]", IsFrenchNir, nullptr},
    {"national_id", {13, 2}, "[ ]", IsFrenchNir, nullptr},
    {"national_id", {15}, "", IsFrenchNir, nullptr},
    {"national_id", {3, 4, 4, 2}, "[.]", IsSwissAhv, nullptr},
    {"national_id", {13}, "", IsSwissAhv, nullptr},
    {"national_id", {3, 3, 3, 2}, "..-", IsBrazilianCpf, nullptr},
    {"national_id", {11}, "", IsBrazilianCpf, "cpf"},
    {"national_id", {2, 2, 2, 3, 2}, "..-.", IsBelgianNumber, nullptr},
    {"national_id", {11}, "", IsBelgianNumber, kRrn},
    {"national_id", {2, 3, 3, 3}, "[ ]", IsGermanTaxId, nullptr},
    {"national_id", {11}, "", IsGermanTaxId, kSteuer},
    {"national_id", {11}, "", IsPolishPesel, "pesel"},
    {"national_id", {6, 4}, "-", IsSwedishNumber, nullptr},
    {"national_id", {8, 4}, "-", SwedishWithCentury, nullptr},
    {"national_id", {4, 2, 3}, "[.]", IsDutchBsn, nullptr},
    {"national_id", {9}, "", IsDutchBsn, kBsn},
    {"national_id", {9}, "", IsPortugueseNif, kNif},
    {"national_id", {3, 3, 3}, "[ ]", IsPortugueseNif, kNif},
    {"national_id", {3, 3, 3}, "[ -]", IsCanadianSin, kSin},
    {"national_id", {9}, "", IsCanadianSin, kSin},
    {"us_ssn", {3, 2, 4}, "[-. ]", IsUsSsn, nullptr},
    {"us_ssn", {9}, "", IsUsSsn, kSsn},
};

// Number of groups of `run` from `from` on that the shape covers; 0: it does not fit.
int Fits(const Shape& shape, const Run& run, int from) {
  int n = 0;
  for (; n < 7 && shape.lengths[static_cast<std::size_t>(n)] != 0; ++n) {
    if (from + n >= run.groups || run.Length(from + n) != shape.lengths[static_cast<std::size_t>(n)])
      return 0;
  }
  std::string_view want = shape.separators;
  bool set = !want.empty() && want[0] == '[';
  char first = n > 1 ? run.separator[static_cast<std::size_t>(from + 1)] : '\0';
  if (set && n > 1 && want.find(first) == std::string_view::npos) return 0;
  for (int g = 1; g < n; ++g) {
    char have = run.separator[static_cast<std::size_t>(from + g)];
    if (have != (set ? first : want[static_cast<std::size_t>(g - 1)])) return 0;
  }
  return n;
}

int TryShapes(std::string_view t, const Run& run, int from, Findings* out) {
  auto f = static_cast<std::size_t>(from);
  std::size_t length = run.Length(from);
  if (length >= 13 && length <= 19 && IsPaymentCard(run.Digits(from, from + 1))) {
    out->push_back({"card", Sensitivity::kPersonal, run.at[f], run.End(from)});
    return 1;
  }
  for (const auto& shape : kShapes) {
    if (shape.lengths[0] != length) continue;
    int n = Fits(shape, run, from);
    if (n == 0 || !shape.valid(run.Digits(from, from + n))) continue;
    if (shape.context != nullptr && !HasWordBefore(t, run.at[f], 48, shape.context)) continue;
    out->push_back({shape.type, Sensitivity::kPersonal, run.at[f], run.End(from + n - 1)});
    return n;
  }
  return 0;
}

// ---- IPv4 ----

int Value(std::string_view digits) {
  int v = 0;
  for (char c : digits) v = v * 10 + (c - '0');
  return v;
}

// Loopback, private, link-local, multicast and reserved addresses say nothing about a person.
bool IsPublicIpv4(int a, int b) {
  if (a == 0 || a == 10 || a == 127 || a >= 224) return false;
  if (a == 172 && b >= 16 && b < 32) return false;
  if ((a == 192 && b == 168) || (a == 169 && b == 254)) return false;
  return !(a == 100 && b >= 64 && b < 128);
}

int TryIpv4(std::string_view t, const Run& run, int from, Findings* out) {
  if (from + 4 > run.groups || (from > 0 && run.separator[static_cast<std::size_t>(from)] == '.')) return 0;
  int part[4];
  for (int g = 0; g < 4; ++g) {
    if (run.Length(from + g) > 3) return 0;
    if (g > 0 && run.separator[static_cast<std::size_t>(from + g)] != '.') return 0;
    part[g] = Value(run.Digits(from + g, from + g + 1));
    if (part[g] > 255 || (part[g] > 0 && run.Digits(from + g, from + g + 1)[0] == '0')) return 0;
  }
  if (from + 4 < run.groups && run.separator[static_cast<std::size_t>(from + 4)] == '.') return 0;
  std::size_t begin = run.at[static_cast<std::size_t>(from)];
  if (HasWordBefore(t, begin, 12, "version|release|ver.|build")) return 0;
  out->push_back({"ip", IsPublicIpv4(part[0], part[1]) ? Sensitivity::kPersonal : Sensitivity::kInternal,
                  begin, run.End(from + 3)});
  return 4;
}

// ---- phones ----

constexpr std::string_view kPhoneWords =
    "phone|tel|mobile|cell|call|fax|whatsapp|sms|text "
    "me|handy|rufnummer|portable|appele|num\xc3\xa9ro|m\xc3\xb3vil|"
    "llama|celular|cellulare|telem\xc3\xb3vel|bel me|nummer|contact|reach me|number is";

bool LooksLikeDate(const Run& run, int from) {
  if (from + 3 > run.groups) return false;
  std::size_t a = run.Length(from), b = run.Length(from + 1), c = run.Length(from + 2);
  if (a == 4 && b <= 2 && c <= 2) return true;
  if (a > 2 || b > 2 || c == 3 || c > 4) return false;
  if (c == 4) return true;
  // "03-12-84", but not the beginning of "06.12.34.56.78".
  auto f = static_cast<std::size_t>(from);
  char sign = run.separator[f + 1];
  bool goes_on = from + 3 < run.groups && run.separator[f + 3] == sign;
  return sign != ' ' && sign == run.separator[f + 2] && !goes_on;
}

// Groups of an international number behind '+' or 00: as many as fit 15 digits.
int International(std::string_view t, const Run& run, int from) {
  std::size_t begin = run.at[static_cast<std::size_t>(from)];
  bool plus = begin > 0 && t[begin - 1] == '+' && (begin < 2 || !IsAlnum(t[begin - 2]));
  std::string_view head = run.Digits(from, from + 1);
  bool zeros = head.size() >= 3 && head.substr(0, 2) == "00" && head[2] != '0';
  if (!plus && !zeros) return 0;
  if (plus && head[0] == '0') return 0;
  std::size_t limit = zeros ? 17 : 15, sum = 0;
  int n = 0;
  while (from + n < run.groups && n < 8 && sum + run.Length(from + n) <= limit) sum += run.Length(from + n++);
  return sum >= (zeros ? 11u : 8u) ? n : 0;
}

// (555) 123-4567, 555-123-4567, 1-555-123-4567.
int NorthAmerican(const Run& run, int from) {
  int lead = run.Length(from) == 1 && run.Digits(from, from + 1) == "1" ? 1 : 0;
  if (from + lead + 3 > run.groups) return 0;
  int g = from + lead;
  if (run.Length(g) != 3 || run.Length(g + 1) != 3 || run.Length(g + 2) != 4) return 0;
  bool spaces = run.separator[static_cast<std::size_t>(g + 1)] == ' ' &&
                run.separator[static_cast<std::size_t>(g + 2)] == ' ';
  if (spaces && (run.Digits(g, g + 1)[0] < '2' || run.Digits(g + 1, g + 2)[0] < '2')) return 0;
  return lead + 3;
}

// 06 12 34 56 78, 089/123456, 020 7946 0958: a zero in front, two groups or more, nine to twelve digits.
int National(const Run& run, int from) {
  std::string_view head = run.Digits(from, from + 1);
  if (head[0] != '0' || head.size() < 2 || head.size() > 5 || LooksLikeDate(run, from)) return 0;
  std::size_t sum = 0;
  int n = 0;
  while (from + n < run.groups && n < 6 && sum + run.Length(from + n) <= 12) sum += run.Length(from + n++);
  return n >= 2 && sum >= 9 ? n : 0;
}

// Any seven to fifteen digits after a word that announces a phone number.
int Announced(std::string_view t, const Run& run, int from) {
  std::size_t sum = 0;
  int n = 0;
  while (from + n < run.groups && n < 7 && sum + run.Length(from + n) <= 15) sum += run.Length(from + n++);
  if (sum < 7 || LooksLikeDate(run, from)) return 0;
  return HasWordBefore(t, run.at[static_cast<std::size_t>(from)], 32, kPhoneWords) ? n : 0;
}

// "x123", " ext. 123".
std::size_t WithExtension(std::string_view t, std::size_t end) {
  std::size_t p = end;
  if (p < t.size() && t[p] == ' ') ++p;
  for (std::string_view word : {"extension ", "ext. ", "ext ", "ext.", "x"}) {
    if (t.substr(p, word.size()) != word) continue;
    std::size_t q = p + word.size();
    while (q < t.size() && q < p + word.size() + 6 && IsDigit(t[q])) ++q;
    if (q > p + word.size()) return q;
  }
  return end;
}

int TryPhone(std::string_view t, const Run& run, int from, Findings* out) {
  std::size_t begin = run.at[static_cast<std::size_t>(from)];
  bool money = begin > 0 && (t[begin - 1] == '$' || t[begin - 1] == '\xac' || t[begin - 1] == '\xa3');
  if (run.decimal || money) return 0;
  int n = International(t, run, from);
  if (n == 0) n = NorthAmerican(run, from);
  if (n == 0) n = National(run, from);
  if (n == 0) n = Announced(t, run, from);
  if (n == 0) return 0;
  if (begin > 0 && (t[begin - 1] == '+' || t[begin - 1] == '(')) --begin;
  if (begin > 0 && t[begin] == '(' && t[begin - 1] == '+') --begin;
  out->push_back({"phone", Sensitivity::kPersonal, begin, WithExtension(t, run.End(from + n - 1))});
  return n;
}

// ---- tokens of letters and digits ----

// Copies the letters and digits from `at`, skipping single spaces, until `want` are there. Returns where it
// ended; 0 when they are not there or more follow.
std::size_t Compact(std::string_view t, std::size_t at, std::size_t want, char* buffer) {
  std::size_t n = 0, p = at;
  for (; p < t.size() && n < want; ++p) {
    if (IsDigit(t[p]) || IsLower(t[p]) || IsUpper(t[p])) {
      buffer[n++] = t[p];
    } else if (t[p] != ' ' || n == 0 || t[p - 1] == ' ') {
      return 0;
    }
  }
  return n == want && BoundaryAfter(t, p) ? p : 0;
}

bool TryToken(std::string_view t, std::size_t begin, std::size_t want, const char* type,
              bool (*valid)(std::string_view), Findings* out, std::size_t* next) {
  char buffer[40];
  std::size_t end = Compact(t, begin, want, buffer);
  if (end == 0 || !valid({buffer, want})) return false;
  out->push_back({type, Sensitivity::kPersonal, begin, end});
  *next = end;
  return true;
}

// Digits with letters in front of them: IBAN, NINO, NIE, codice fiscale.
std::size_t FindLettered(std::string_view t, std::size_t at, std::size_t letters, Findings* out) {
  std::size_t next = at + 1, begin = at - letters;
  if (!BoundaryBefore(t, begin)) return next;
  if (letters == 2) {
    auto iban = static_cast<std::size_t>(IbanLength(t[begin], t[begin + 1]));
    if (iban > 0 && TryToken(t, begin, iban, "iban", IsIban, out, &next)) return next;
    if (TryToken(t, begin, 9, "national_id", IsUkNino, out, &next)) return next;
  }
  if (letters == 1 && TryToken(t, begin, 9, "national_id", IsSpanishId, out, &next)) return next;
  if (letters == 6 && TryToken(t, begin, 16, "national_id", IsItalianTaxCode, out, &next)) return next;
  return next;
}

// "AB 12 34 56 C": the one form in which a space follows the letters. 0: not that.
std::size_t FindSpacedNino(std::string_view t, std::size_t at, Findings* out) {
  std::size_t next = 0;
  if (at < 3 || t[at - 1] != ' ' || !IsUpper(t[at - 2]) || !IsUpper(t[at - 3]) || !BoundaryBefore(t, at - 3))
    return 0;
  return TryToken(t, at - 3, 9, "national_id", IsUkNino, out, &next) ? next : 0;
}

// Digits with letters behind them: DNI, Corsica's NIR. Anything else with letters is no number.
std::size_t FindTrailed(std::string_view t, std::size_t at, std::size_t digits, Findings* out) {
  std::size_t next = at + digits;
  if (digits == 8 && TryToken(t, at, 9, "national_id", IsSpanishId, out, &next)) return next;
  if (digits == 6 && TryToken(t, at, 15, "national_id", IsFrenchNir, out, &next)) return next;
  return next;
}

}  // namespace

std::size_t FindNumber(std::string_view t, std::size_t at, Findings* out) {
  std::size_t letters = 0;
  while (letters < 7 && letters < at && (IsLower(t[at - letters - 1]) || IsUpper(t[at - letters - 1])))
    ++letters;
  if (letters > 0) return FindLettered(t, at, letters, out);
  if (at > 0 && (t[at - 1] == '_' || IsDigit(t[at - 1]))) return at + 1;
  if (std::size_t next = FindSpacedNino(t, at, out); next != 0) return next;

  Run run = ReadRun(t, at);
  std::size_t last = run.next;
  bool trailed =
      last < t.size() && (IsLower(t[last]) || IsUpper(t[last]) || t[last] == '_') && t[last] != 'x';
  if (trailed) {
    std::size_t digits = run.Length(run.groups - 1);
    std::size_t next = FindTrailed(t, last - digits, digits, out);
    if (--run.groups == 0) return next;
    last = next;
  }
  for (int g = 0; g < run.groups;) {
    int taken = TryIpv4(t, run, g, out);
    if (taken == 0) taken = TryShapes(t, run, g, out);
    if (taken == 0) taken = TryPhone(t, run, g, out);
    g += taken > 0 ? taken : 1;
  }
  return last;
}

}  // namespace baton::rails
