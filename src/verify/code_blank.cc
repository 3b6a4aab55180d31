// Questions that show code and leave the value of one assertion blank, "assert f([1, 2]) == ??". The code is
// the caller's; what the answer adds is a literal, read as one and never evaluated, so that an answer which
// calls the function, or redefines how values compare, proves nothing.
#include <nlohmann/json.hpp>

#include "verify/code_text.h"
#include "verify/final_answer.h"
#include "verify/text.h"

namespace baton::verify {
namespace {

constexpr std::size_t kLongestValue = 4000;  // bytes
constexpr std::string_view kHole = "??";
// A text may be given without its quotes; for any other value what is no literal raises, and says nothing.
constexpr std::string_view kSame = R"PY(def baton_same(value, text):
    import ast
    if isinstance(value, str) and value == text:
        return True
    try:
        return value == ast.literal_eval(text)
    except Exception:
        if isinstance(value, str):
            return False
        raise
)PY";

bool BeginsCode(std::string_view line) {
  for (std::string_view start : {"def ", "class ", "import ", "from ", "@", "async def "}) {
    if (line.starts_with(start)) return true;
  }
  return false;
}

}  // namespace

std::optional<FilledBlank> FillBlank(std::string_view question, std::string_view answer) {
  const auto lines = Lines(question);
  std::size_t at = lines.size(), from = lines.size();
  std::string_view left;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (from == lines.size() && BeginsCode(lines[i])) from = i;
    const std::string_view line = Trim(lines[i]);
    if (!line.starts_with("assert ") || !line.ends_with(kHole)) continue;
    const std::string_view head = Trim(line.substr(0, line.size() - kHole.size()));
    if (!head.ends_with("==")) continue;
    at = i;
    left = Trim(head.substr(7, head.size() - 9));
  }
  if (at == lines.size() || from >= at || left.empty()) return std::nullopt;
  FilledBlank out;
  for (std::size_t i = from; i < at; ++i) {
    out.code.source += lines[i];
    out.code.source += '\n';
  }
  std::string value = FindFinalAnswer(answer).text;
  // "assert f(1) == 2": the assertion given back whole.
  if (const std::size_t same = value.rfind("=="); value.starts_with("assert") && same != std::string::npos)
    value = value.substr(same + 2);
  if (value.size() > kLongestValue) return std::nullopt;
  // A JSON string is a Python string, but for characters beyond the first plane, which are left as they are.
  const std::string quoted =
      nlohmann::json(std::string(Trim(value))).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  out.tests.asserts.push_back(std::string(kSame) + "assert baton_same((" + std::string(left) + "), " +
                              quoted + ")");
  return out;
}

}  // namespace baton::verify
