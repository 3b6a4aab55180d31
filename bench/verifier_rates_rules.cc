// Error rates of the verifiers that look at form: schema, format, pattern, language, citations. Where
// recordings carry the form (ZeroEval asks for an object with reasoning and answer, Natural Questions has
// reference texts), the rate says how much an accepted form is worth as evidence that the answer is right.
// Where no recording has labels, a labelled set is made from real text, and its name begins with "made:":
//
// - language: translated messages of the programs installed on this machine (gettext catalogues), three in a
// row
//   as one answer; wanted is the catalogue's language (right) or another one of those known (wrong);
// - citations: the ideal answers of BIPIA with a mark that the conversation offers (right), one it does not
// offer
//   or none at all (wrong).
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/random.h"
#include "bench/verifier_rates.h"

namespace baton::verify {
namespace {

template <typename MakeFor>
void Each(const Settings& s, const std::string& name, const std::string& set, MakeFor&& make) {
  Counts c;
  for (const Row& row : ReadSet(s, set)) {
    const auto v = make(row);
    if (v == nullptr) continue;
    for (const Answer& a : row.answers) c.Add(a.right, Check(*v, row, a.text).verdict);
  }
  Print(name, set, c);
}

std::string Quoted(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (std::strchr(R"(\.+*?()|[]{}^$)", c) != nullptr && c != '\0') out += '\\';
    out += c;
  }
  return out;
}

// Any of a JSON list of reference texts as whole words.
std::shared_ptr<const Verifier> ReferencePattern(const Row& row) {
  const Json list = Json::parse(row.reference, nullptr, false);
  std::string any;
  if (!list.is_array()) return nullptr;
  for (const Json& one : list) {
    if (one.is_string() && !one.get<std::string>().empty())
      any += (any.empty() ? "" : "|") + Quoted(one.get<std::string>());
  }
  if (any.empty()) return nullptr;
  return Made({"regex", {{"pattern", "(^|\\W)(" + any + ")(\\W|$)"}, {"ignore_case", "yes"}}});
}

// Natural Questions keeps its references as a list; ReadSet takes texts only.
std::optional<Row> ParseListed(const std::string& line, const Settings& s) {
  auto row = ParseRow(line, s);
  if (!row) return row;
  const Json j = Json::parse(line, nullptr, false);
  if (j.contains("reference") && j["reference"].is_array()) row->reference = j["reference"].dump();
  return row;
}

void RegexRates(const Settings& s) {
  const std::string set = "llmrouter_nq6/nq_500";
  Counts c;
  for (const Row& row : ReadSet(s, set, ParseListed)) {
    const auto v = ReferencePattern(row);
    if (v == nullptr) continue;
    for (const Answer& a : row.answers) c.Add(a.right, Check(*v, row, a.text).verdict);
  }
  Print("regex (a reference as words)", set, c);
}

// The translations of one catalogue (GNU gettext's .mo, little endian), or nothing.
std::vector<std::string> Translations(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string all((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const auto number = [&](std::size_t at) {
    std::uint32_t v = 0;
    if (at + 4 <= all.size()) std::memcpy(&v, all.data() + at, 4);
    return std::size_t{v};
  };
  std::vector<std::string> out;
  if (number(0) != 0x950412de) return out;
  const std::size_t count = number(8), table = number(16);
  for (std::size_t i = 1; i < count && table + 8 * i + 8 <= all.size(); ++i) {
    const std::size_t length = number(table + 8 * i), at = number(table + 8 * i + 4);
    if (at > all.size() || length > all.size() - at) return {};
    // Plural forms follow each other with a zero between; the first will do.
    std::string text = all.substr(at, length);
    text.resize(std::strlen(text.c_str()));
    if (text.size() >= 60) out.push_back(std::move(text));
  }
  return out;
}

void LanguageRates(const Settings& s) {
  const std::vector<std::string> known = {"de", "fr", "es", "it", "pt", "nl", "sv", "da", "pl", "cs",
                                          "ro", "tr", "fi", "id", "ru", "uk", "el", "ja", "ko", "zh_CN"};
  const std::vector<std::string> programs = {"grep", "sed",  "make", "findutils", "coreutils", "tar",
                                             "git",  "bash", "wget", "diffutils", "gawk",      "glib20"};
  Random random(s.seed);
  Counts c;
  std::size_t languages = 0;
  for (const std::string& language : known) {
    bool any = false;
    for (const std::string& program : programs) {
      const auto texts = Translations(std::filesystem::path("/usr/share/locale") / language / "LC_MESSAGES" /
                                      (program + ".mo"));
      for (std::size_t i = 0; i + 3 <= texts.size(); i += 3) {
        const std::string answer = texts[i] + "\n" + texts[i + 1] + "\n" + texts[i + 2];
        if ((Hash(answer) % 2 == 1) != s.test_half) continue;
        any = true;
        const bool right = random.Below(2) == 0;
        std::string wanted = language;
        while (!right && wanted == language) wanted = known[random.Below(known.size())];
        const auto v = Made({"language", {{"language", wanted.substr(0, 2)}}});
        c.Add(right, Check(*v, Row{}, answer).verdict);
      }
    }
    languages += any ? 1 : 0;
  }
  Print("language", fmt::format("made: program messages in {} languages", languages), c);
}

void CitationRates(const Settings& s) {
  const auto parse = [](const std::string& line, const Settings& settings) -> std::optional<Row> {
    const Json j = Json::parse(line, nullptr, false);
    Row row;
    if (!j.is_object() || !j.contains("ideal") || !j["ideal"].is_string() || !j.contains("context") ||
        !j["context"].is_string())
      return std::nullopt;
    row.prompt = "Sources:\n[1] " + j["context"].get<std::string>() + "\n\n" + j.value("question", "");
    row.reference = j["ideal"].get<std::string>();
    if ((Hash(row.prompt) % 2 == 1) != settings.test_half || row.reference.empty()) return std::nullopt;
    return row;
  };
  const auto v = Made({"citations", {}});
  Counts c;
  for (const Row& row : ReadSet(s, "question_sets/bipia_contexts", parse)) {
    c.Add(true, Check(*v, row, row.reference + " [1]").verdict);
    c.Add(false, Check(*v, row, row.reference + " [37]").verdict);
    c.Add(false, Check(*v, row, row.reference).verdict);
  }
  Print("citations", "made: question_sets/bipia_contexts", c);
}

}  // namespace

void RunForms(const Settings& s) {
  const auto wanted = [&](const char* name) { return s.only.empty() || s.only == name; };
  const std::string schema =
      R"({"type":"object","required":["reasoning","answer"],"additionalProperties":false,)"
      R"("properties":{"reasoning":{"type":"string","minLength":1},"answer":{"type":["string","number"]}}})";
  for (const char* set : {"zeroeval/gsm8k", "zeroeval/math_level5", "zeroeval/cruxeval_o"}) {
    if (wanted("json_schema")) {
      const auto v = Made({"json_schema", {{"schema", schema}}});
      Each(s, "json_schema (reasoning, answer)", set, [&](const Row&) { return v; });
    }
    if (wanted("format")) {
      const auto v = Made({"format", {{"form", "json"}}});
      Each(s, "format (json)", set, [&](const Row&) { return v; });
    }
  }
  if (wanted("regex")) RegexRates(s);
  if (wanted("language")) LanguageRates(s);
  if (wanted("citations")) CitationRates(s);
}

}  // namespace baton::verify
