#include "data_samples.h"

#include <fmt/format.h>

#include <functional>
#include <string_view>

#include "base/random.h"
#include "rails/validators.h"

namespace baton::data_samples {
namespace {

using Words = std::vector<std::string_view>;

std::string_view Pick(const Words& words, Random& r) {
  return words[r.Below(words.size())];
}

std::string Digits(int n, Random& r) {
  std::string out;
  for (int i = 0; i < n; ++i) out.push_back(static_cast<char>('0' + r.Below(10)));
  return out;
}

std::string Letters(std::string_view alphabet, int n, Random& r) {
  std::string out;
  for (int i = 0; i < n; ++i) out.push_back(alphabet[r.Below(alphabet.size())]);
  return out;
}
constexpr std::string_view kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kToken = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

template <class Draw, class Valid>
std::string Until(Draw draw, Valid valid) {
  for (;;) {
    std::string s = draw();
    if (valid(s)) return s;
  }
}

std::string Card(Random& r) {
  const std::string_view heads[] = {"4", "51", "55", "34", "37", "6011", "2221"};
  const std::string_view head = heads[r.Below(std::size(heads))];
  const int length = head == "34" || head == "37" ? 15 : 16;
  std::string digits =
      Until([&] { return std::string(head) + Digits(length - static_cast<int>(head.size()), r); },
            [](const std::string& s) { return rails::IsPaymentCard(s); });
  const auto form = r.Below(3);
  if (length != 16 || form == 0) return digits;
  const char sign = form == 1 ? ' ' : '-';
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && i % 4 == 0) out.push_back(sign);
    out.push_back(digits[i]);
  }
  return out;
}

std::string Iban(Random& r) {
  const std::string_view countries[] = {"DE", "NL", "FR", "ES", "GB", "AT", "CH"};
  const std::string_view c = countries[r.Below(std::size(countries))];
  const int length = rails::IbanLength(c[0], c[1]);
  std::string iban = Until(
      [&] {
        std::string body = Digits(length - 4, r);
        if (c == "NL" || c == "GB") body = Letters(kUpper, 4, r) + body.substr(4);
        return std::string(c) + Digits(2, r) + body;
      },
      [](const std::string& s) { return rails::IsIban(s); });
  if (r.Below(2) == 0) return iban;
  std::string out;
  for (std::size_t i = 0; i < iban.size(); ++i) {
    if (i > 0 && i % 4 == 0) out.push_back(' ');
    out.push_back(iban[i]);
  }
  return out;
}

std::string NationalId(Random& r) {
  switch (r.Below(8)) {
    case 0:
      return "Steuer-ID " +
             Until([&] { return Digits(11, r); }, [](const auto& s) { return rails::IsGermanTaxId(s); });
    case 1:
      return "DNI " + Until([&] { return Digits(8, r) + Letters(kUpper, 1, r); },
                            [](const auto& s) { return rails::IsSpanishId(s); });
    case 2:
      return "BSN " + Until([&] { return Digits(9, r); }, [](const auto& s) { return rails::IsDutchBsn(s); });
    case 3:
      return "PESEL " +
             Until([&] { return Digits(11, r); }, [](const auto& s) { return rails::IsPolishPesel(s); });
    case 4:
      return "CPF " +
             Until([&] { return Digits(11, r); }, [](const auto& s) { return rails::IsBrazilianCpf(s); });
    case 5:
      return "NIF " +
             Until([&] { return Digits(9, r); }, [](const auto& s) { return rails::IsPortugueseNif(s); });
    case 6:
      return "personnummer " +
             Until([&] { return Digits(10, r); }, [](const auto& s) { return rails::IsSwedishNumber(s); });
    default:
      return "national insurance number " +
             Until([&] { return Letters(kUpper, 2, r) + Digits(6, r) + Letters("ABCD", 1, r); },
                   [](const auto& s) { return rails::IsUkNino(s); });
  }
}

const Words kFirst = {"Maria", "Jonas",  "Aisha", "Pierre", "Olga",
                      "Tom",   "Ingrid", "Mateo", "Yuki",   "Fatima"};
const Words kLast = {"Lopez",  "Berg",    "Khan",  "Dupont", "Ivanova",
                     "Miller", "Nilsson", "Rossi", "Tanaka", "Okafor"};

std::string Email(Random& r) {
  const Words hosts = {"example.org", "mail.example.co.uk", "firma.example.de", "x.example.io"};
  return fmt::format("{}.{}{}@{}", Pick(kFirst, r), Pick(kLast, r), r.Below(90), Pick(hosts, r));
}

std::string Phone(Random& r) {
  switch (r.Below(6)) {
    case 0:
      return "+49 89 " + Digits(7, r);
    case 1:
      return fmt::format("({}) {}-{}", 200 + r.Below(700), 200 + r.Below(700), Digits(4, r));
    case 2:
      return fmt::format("06 {} {} {} {}", Digits(2, r), Digits(2, r), Digits(2, r), Digits(2, r));
    case 3:
      return "0171/" + Digits(7, r);
    case 4:
      return "+1-" + fmt::format("{}-{}-{}", 200 + r.Below(700), 200 + r.Below(700), Digits(4, r));
    default:
      return fmt::format("{} {}", 200 + r.Below(700), Digits(4, r));
  }
}

std::string Name(Random& r) {
  return fmt::format("{} {}", Pick(kFirst, r), Pick(kLast, r));
}

std::string Address(Random& r) {
  const auto n = 1 + r.Below(200);
  switch (r.Below(5)) {
    case 0:
      return fmt::format("{} Baker Street", n);
    case 1:
      return fmt::format(
          "Hauptstra\xc3\x9f"
          "e {}",
          n);
    case 2:
      return fmt::format("{} rue de la Paix", n);
    case 3:
      return fmt::format("Calle Mayor {}", n);
    default:
      return fmt::format("{} Puruntie", n);
  }
}

std::string ApiKey(Random& r) {
  switch (r.Below(6)) {
    case 0:
      return "sk-" + Letters(kToken, 40, r);
    case 1:
      return "ghp_" + Letters(kToken, 36, r);
    case 2:
      return "AKIA" + Letters("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16, r);
    case 3:
      return "glpat-" + Letters(kToken, 20, r);
    case 4:
      return "xoxb-" + Digits(11, r) + "-" + Letters(kToken, 24, r);
    default:
      return "AIza" + Letters(kToken, 35, r);
  }
}

std::string Password(Random& r) {
  return std::string(Pick({"Tr0ub4dor", "Winter", "qX7", "s3cret", "Pass"}, r)) + Letters(kToken, 3, r) +
         Digits(2, r) + "!";
}

struct Kind {
  std::string_view type;
  std::string (*make)(Random&);
  Words around;  // {} is the value; the label's words are not all among those the finders know
};

const std::vector<Kind>& Kinds() {
  static const std::vector<Kind> kKinds = {
      {"card",
       Card,
       {"Pay with {} please.", "The card {} was declined.", "{}", "Visa {}, valid until 09/28"}},
      {"iban", Iban, {"Transfer it to {}.", "IBAN: {}", "account {} at the bank", "{}"}},
      {"us_ssn",
       [](Random& r) {
         return Until([&] { return Digits(9, r); }, [](const auto& s) { return rails::IsUsSsn(s); })
             .insert(5, "-")
             .insert(3, "-");
       },
       {"SSN {}", "my social is {}", "the number on the form reads {}."}},
      {"national_id", NationalId, {"{} is on file.", "The form says {}.", "please check {}"}},
      {"email", Email, {"Write to {}.", "<{}>", "mailto:{}?subject=x", "My address is {}, thanks"}},
      {"phone", Phone, {"Call me at {}.", "Tel. {}", "ring {} after six", "mobile: {}"}},
      {"ip",
       [](Random& r) {
         return fmt::format("{}.{}.{}.{}", 11 + r.Below(80), r.Below(256), r.Below(256), 1 + r.Below(250));
       },
       {"request from {} at noon", "blocked {}", "host={} port=22"}},
      {"name",
       Name,
       {"My name is {}.", "Kind regards,\n{}", "the patient {} came in", "I met {} yesterday.",
        "ask {} about it"}},
      {"address",
       Address,
       {"I live at {}.", "Deliver it to {}, thanks.", "the house {} burned", "Adresse: {}"}},
      {"birth_date",
       [](Random& r) { return fmt::format("{} March {}", 1 + r.Below(28), 1940 + r.Below(70)); },
       {"born on {}", "DOB: {}", "her birthday is {}", "date of birth {}"}},
      {"document_id",
       [](Random& r) { return Letters(kUpper, 1, r) + Digits(8, r); },
       {"passport number {}", "driver's license {}", "MRN {}", "my permit {} expires"}},
      {"health",
       [](Random& r) {
         return std::string(Pick({"diabetes", "asthma", "depression", "epilepsy", "psoriasis"}, r));
       },
       {"I was diagnosed with {} last year.", "my {} got worse", "the patient has {}",
        "she suffers from {}"}},
      {"api_key", ApiKey, {"use {}", "export KEY={}", "Authorization: Bearer {}", "\"key\": \"{}\","}},
      {"credential", Password, {"password: {}", "the password is {}", "pwd={}", "login bob / {}"}},
      {"jwt",
       [](Random& r) {
         return "eyJ" + Letters(kToken, 20, r) + ".eyJ" + Letters(kToken, 40, r) + "." +
                Letters(kToken, 30, r);
       },
       {"token {}", "cookie: session={}", "{}"}},
      {"url_credentials",
       [](Random& r) { return "app:" + Letters(kToken, 10, r); },
       {"postgres://{}@db.example.internal/x", "https://{}@git.example.org/repo.git"}},
  };
  return kKinds;
}

// Looks like data and is none.
const std::vector<std::pair<std::string_view, std::string (*)(Random&)>>& Misses() {
  static const std::vector<std::pair<std::string_view, std::string (*)(Random&)>> kMisses = {
      {"wrong card",
       [](Random& r) {
         return "order 4" +
                Until([&] { return Digits(15, r); }, [](const auto& s) { return !rails::Luhn("4" + s); }) +
                " shipped";
       }},
      {"wrong iban",
       [](Random& r) {
         return "DE" +
                Until([&] { return Digits(20, r); }, [](const auto& s) { return !rails::IsIban("DE" + s); }) +
                " is a part number";
       }},
      {"date",
       [](Random& r) {
         return fmt::format("on {:02}-{:02}-{} at {:02}:{:02}", 1 + r.Below(28), 1 + r.Below(12),
                            1990 + r.Below(40), r.Below(24), r.Below(60));
       }},
      {"version",
       [](Random& r) {
         return fmt::format("version {}.{}.{}.{} is out", r.Below(20), r.Below(20), r.Below(20), r.Below(20));
       }},
      {"amount",
       [](Random& r) {
         return fmt::format("it costs ${},{}.{} in total", 1 + r.Below(900), Digits(3, r), Digits(2, r));
       }},
      {"hash", [](Random& r) { return "commit " + Letters("0123456789abcdef", 40, r); }},
      {"uuid",
       [](Random& r) {
         return "id " + Letters("0123456789abcdef", 8, r) + "-" + Letters("0123456789abcdef", 4, r) + "-4" +
                Letters("0123456789abcdef", 3, r) + "-a" + Letters("0123456789abcdef", 3, r) + "-" +
                Letters("0123456789abcdef", 12, r);
       }},
      {"placeholder",
       [](Random& r) {
         return std::string(Pick({"password: <your-password>", "api_key = os.environ['API_KEY']",
                                  "key: ${SECRET_KEY}", "sk-your-key-here", "token: xxxxxxxxxxxxxxxx"},
                                 r));
       }},
      {"private address",
       [](Random& r) { return fmt::format("ping 192.168.{}.{}", r.Below(256), 1 + r.Below(250)); }},
      {"number in prose",
       [](Random& r) {
         return fmt::format("{} people and {} boats in {} years", Digits(4, r), Digits(3, r), Digits(2, r));
       }},
      {"health in general",
       [](Random& r) {
         return fmt::format("What causes {}?", Pick({"diabetes", "asthma", "a stroke"}, r));
       }},
      {"code",
       [](Random& r) {
         return fmt::format("x[{}] = f({}, {}) % {}", r.Below(99), Digits(3, r), Digits(5, r), r.Below(99));
       }},
  };
  return kMisses;
}

}  // namespace

std::vector<Sample> Make(int count, std::uint64_t seed) {
  Random r(seed);
  std::vector<Sample> out;
  for (const Kind& kind : Kinds()) {
    for (int i = 0; i < count; ++i) {
      const std::string value = kind.make(r);
      const std::string_view around = Pick(kind.around, r);
      const auto at = around.find("{}");
      Sample s;
      s.text = std::string(around.substr(0, at)) + value + std::string(around.substr(at + 2));
      s.type = kind.type;
      s.begin = at;
      s.end = at + value.size();
      out.push_back(std::move(s));
    }
  }
  for (const auto& [name, make] : Misses()) {
    for (int i = 0; i < count; ++i) out.push_back({make(r), "", 0, 0});
  }
  return out;
}

}  // namespace baton::data_samples
