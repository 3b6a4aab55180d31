#include "rails/validators.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace baton::rails {
namespace {

// Every validator must accept known good numbers, and refuse the same number with one digit changed.
struct Case {
  const char* name;
  bool (*valid)(std::string_view);
  std::vector<std::string> good;
};

const Case kCases[] = {
    {"card",
     IsPaymentCard,
     {"4111111111111111", "5555555555554444", "378282246310005", "6011111111111117", "3530111333300000",
      "30569309025904"}},
    {"iban",
     IsIban,
     {"DE89370400440532013000", "GB82WEST12345698765432", "FR1420041010050500013M02606", "NL91ABNA0417164300",
      "CH9300762011623852957", "NO9386011117947"}},
    {"de", IsGermanTaxId, {"86095742719", "47036892816", "65929970489"}},
    {"fr", IsFrenchNir, {"255081416802538", "180126955222380"}},
    {"es", IsSpanishId, {"12345678Z", "X1234567L", "00000000T"}},
    {"it", IsItalianTaxCode, {"RSSMRA85T10A562S", "MRTMTT91D08F205J"}},
    {"nl", IsDutchBsn, {"111222333", "123456782"}},
    {"pl", IsPolishPesel, {"44051401359", "02070803628"}},
    {"be", IsBelgianNumber, {"93051822361", "00012556777"}},
    {"se", IsSwedishNumber, {"8112189876", "6408233234"}},
    {"pt", IsPortugueseNif, {"123456789", "501964843"}},
    {"br", IsBrazilianCpf, {"52998224725", "11144477735"}},
    {"ch", IsSwissAhv, {"7569217076985"}},
    {"ca", IsCanadianSin, {"130692544"}},
};

TEST(Validators, KnownGoodNumbersPass) {
  for (const auto& c : kCases) {
    for (const auto& g : c.good) EXPECT_TRUE(c.valid(g)) << c.name << " " << g;
  }
}

TEST(Validators, OneWrongDigitIsNoticed) {
  for (const auto& c : kCases) {
    for (const auto& g : c.good) {
      std::string bad = g;
      std::size_t at = g.size() - 3;
      while (bad[at] < '0' || bad[at] > '9') --at;
      bad[at] = static_cast<char>('0' + (bad[at] - '0' + 1) % 10);
      EXPECT_FALSE(c.valid(bad)) << c.name << " " << bad;
    }
  }
}

TEST(Validators, WrongLengthsAndLettersAreRefusedWithoutReadingBeyondTheEnd) {
  for (const auto& c : kCases) {
    for (std::string_view s : {"", "1", "12", "ABCDEFGHI", "000000000", "99999999999999999999999999999"}) {
      EXPECT_FALSE(c.valid(s)) << c.name << " " << s;
    }
  }
}

TEST(Validators, SsnRefusesAreasThatWereNeverIssued) {
  EXPECT_TRUE(IsUsSsn("536904399"));
  for (std::string_view s : {"000123456", "666123456", "900123456", "123001234", "123450000"})
    EXPECT_FALSE(IsUsSsn(s)) << s;
}

TEST(Validators, NinoKnowsItsForbiddenPrefixes) {
  EXPECT_TRUE(IsUkNino("AB123456C"));
  for (std::string_view s : {"GB123456A", "QQ123456C", "AO123456C", "AB123456E"})
    EXPECT_FALSE(IsUkNino(s)) << s;
}

TEST(Validators, CorsicanNumbersHaveALetter) {
  // The key of 1 85 02 2A 008 018, computed by hand: 1850219008018 mod 97.
  const std::uint64_t number = 1850219008018ULL;
  std::string key = std::to_string(97 - number % 97);
  if (key.size() == 1) key = "0" + key;
  EXPECT_TRUE(IsFrenchNir("185022A008018" + key));
}

TEST(Validators, Ipv6FormsOfTheStandard) {
  for (std::string_view s :
       {"2001:db8::1", "fe80::1:2", "2001:0db8:0000:0000:0000:ff00:0042:8329", "::1", "a:b:c:d:e:f:1:2"}) {
    EXPECT_TRUE(IsIpv6(s)) << s;
  }
  for (std::string_view s :
       {"1:2:3", "2001:db8::1::2", "12345::1", "a:b:c:d:e:f:1:2:3", "1:2:3:4:5:6:7:", ":1", "g::1"}) {
    EXPECT_FALSE(IsIpv6(s)) << s;
  }
}

TEST(Validators, EntropyTellsTokensFromWords) {
  EXPECT_GT(EntropyPerChar("q7Zp1XvB9mKd3LtR5sWc"), 4.0);
  EXPECT_LT(EntropyPerChar("aaaaaaaaaaaa"), 0.1);
  EXPECT_EQ(EntropyPerChar(""), 0.0);
}

}  // namespace
}  // namespace baton::rails
