// Citations, code, tests, forms and languages are looked for in any text.
#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>

#include "verify/agreement.h"
#include "verify/citation_text.h"
#include "verify/code_text.h"
#include "verify/format_text.h"
#include "verify/language_text.h"
#include "verify/text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace baton::verify;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto c = FindCitations(text);
  if (c.marks.size() > 1000 || c.links.size() > 200) __builtin_trap();
  std::set<int> offered;
  AddOffered(text, &offered);
  for (const auto& f : Fences(text)) {
    if (f.body.data() < text.data() || f.body.data() + f.body.size() > text.data() + size) __builtin_trap();
  }
  const auto tests = FindTests(text);
  if (tests.asserts.size() > 50 || tests.doctests.size() > 50 || tests.calls.size() > 50 ||
      tests.programs.size() > 10) {
    __builtin_trap();
  }
  TestsAsJson(tests, false);
  FindCode(text);
  ReadReports(text, "mark", 3);
  FormatProblem(ReadFormat(text), text);
  DetectLanguage(text);
  LanguageAsked(text);
  const auto g = Group({text, text.substr(size / 2)}, Sameness::kAuto);
  if (g.of.size() != 2) __builtin_trap();
  return 0;
}
