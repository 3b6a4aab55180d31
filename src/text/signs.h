// What the form of a text shows, line by line: code, tests, formulas; and the script it is written in.
#pragma once

#include <cstdint>
#include <string_view>

namespace baton::text {

struct Signs {
  int lines = 0;
  int code_lines = 0;   // lines that look like source code
  bool fenced = false;  // ``` blocks, doc strings
  bool tests = false;   // assertions, test functions, expected input and output
  int latex = 0;        // \frac, $...$, \( ... \)
  int sums = 0;         // "12 + 7", "3*4": figures with an operator between
  int numbers = 0;      // groups of digits
  int questions = 0;    // '?' and its cousins
  bool Code() const { return fenced || code_lines >= 2; }
};

// About 1 ns per byte.
Signs ReadSigns(std::string_view text);

// ISO 639-1 by script alone ("ja", "ru", "ar", ...); empty: mostly Latin, or nothing to tell by.
std::string_view LanguageOfScript(std::string_view text);

}  // namespace baton::text
