// Checks that tell a real number from digits that look like one. Pure, allocation free, a few nanoseconds
// each.
//
// All take bare digits (separators already removed) unless said otherwise.
#pragma once

#include <string_view>

namespace baton::rails {

// Payment card: 13 to 19 digits, a network's leading digits and length, Luhn's check digit.
bool IsPaymentCard(std::string_view digits);
// Luhn (ISO/IEC 7812-1) over any number of digits.
bool Luhn(std::string_view digits);

// IBAN without spaces, any case: country, that country's length, remainder 1 modulo 97.
bool IsIban(std::string_view text);
// Length of an IBAN of this country; 0: the country has none.
int IbanLength(char first, char second);

// US social security number, 9 digits: no area 000, 666 or 9xx, no group 00, no serial 0000.
bool IsUsSsn(std::string_view digits);

// UK national insurance number, 9 characters (AB123456C).
bool IsUkNino(std::string_view text);
// German tax id, 11 digits: ISO 7064 mod 11,10 and the rule on repeated digits.
bool IsGermanTaxId(std::string_view digits);
// French NIR, 15 characters (2A and 2B stand for Corsica): month, and key = 97 - number mod 97.
bool IsFrenchNir(std::string_view text);
// Spanish DNI (12345678Z) or NIE (X1234567L).
bool IsSpanishId(std::string_view text);
// Italian codice fiscale, 16 characters with its check letter.
bool IsItalianTaxCode(std::string_view text);
// Dutch BSN, 9 digits, the eleven test.
bool IsDutchBsn(std::string_view digits);
// Polish PESEL, 11 digits: a date and a weighted check digit.
bool IsPolishPesel(std::string_view digits);
// Belgian national number, 11 digits: a date and a remainder of 97 (with the 2 in front for those born since
// 2000).
bool IsBelgianNumber(std::string_view digits);
// Swedish personnummer, 10 digits: a date and Luhn.
bool IsSwedishNumber(std::string_view digits);
// Portuguese NIF, 9 digits, modulo 11.
bool IsPortugueseNif(std::string_view digits);
// Brazilian CPF, 11 digits with two check digits.
bool IsBrazilianCpf(std::string_view digits);
// Swiss AHV number, 13 digits beginning with 756, EAN-13 check digit.
bool IsSwissAhv(std::string_view digits);
// Canadian SIN, 9 digits, Luhn, not beginning with 0 or 8.
bool IsCanadianSin(std::string_view digits);

// IPv6 address in full or compressed form (RFC 4291), no zone, no embedded IPv4.
bool IsIpv6(std::string_view text);

// Bits of Shannon entropy per character; random base64 of 20 or more characters has above 3.5, words
// below 3.2.
double EntropyPerChar(std::string_view text);

}  // namespace baton::rails
