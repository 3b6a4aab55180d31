// Small readings of plain text that the built-in answers are made from. Pure, deterministic, bounded by the
// text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace baton::mock {

// ASCII letters in lower case, other bytes as they are.
std::string Lower(std::string_view text);
// `word` (lower case) occurs in `lower` with no letter or digit beside it.
bool HasWord(std::string_view lower, std::string_view word);
bool HasAny(std::string_view lower, std::initializer_list<std::string_view> words);

// Lower-case words of letters and digits; UTF-8 letters beyond ASCII count as letters.
std::vector<std::string> Words(std::string_view text);
// Runs of capitalised words ("New York"), without the ones that merely begin a sentence or are common words.
std::vector<std::string> ProperNouns(std::string_view text);
// Numbers as written ("12", "-3.5", "1,200" gives "1200"), in order.
std::vector<std::string> Numbers(std::string_view text);
// The first e-mail address, ISO date or telephone number; empty: none.
std::string FindEmail(std::string_view text);
std::string FindDate(std::string_view text);
std::string FindPhone(std::string_view text);
std::vector<std::string> Sentences(std::string_view text);

bool IsFrench(std::string_view text);

// At most `most` bytes from the front, never ending inside a UTF-8 sequence.
std::string_view CutUtf8(std::string_view text, std::size_t most);

// The text cut into what a stream sends one by one: words with the space before them. Never splits a UTF-8
// sequence; the pieces joined give the text.
std::vector<std::string_view> Pieces(std::string_view text);
// The mock's token: one per piece, and one more per further six bytes of a long word.
std::int64_t CountTokens(std::string_view text);

// FNV-1a, for everything that must look random and be the same on every run.
std::uint64_t Hash(std::string_view text);

}  // namespace baton::mock
