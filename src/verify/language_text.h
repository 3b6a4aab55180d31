// Which natural language a text is in. Pure; looks at the first 8 KB.
#pragma once

#include <string>
#include <string_view>

namespace baton::verify {

// ISO 639-1 code ("en", "de", "ja"), or empty: too short (fewer than four words in Latin script), mixed, or a
// language not known here. Code blocks, links and formulas are left out.
std::string DetectLanguage(std::string_view text);
// The language a question asks the answer to be in ("Reply in French", "Antworte auf Deutsch"), or empty.
std::string LanguageAsked(std::string_view question);
// The code for a code or a name ("de", "German", "Deutsch"); empty when unknown.
std::string LanguageCode(std::string_view name);

}  // namespace baton::verify
