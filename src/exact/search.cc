// Full-text search, sentence by sentence. Asked again in the same conversation it goes on from what it found:
// the words of its last finding join the query, and nothing is said twice; so two searches answer a question
// whose second half only the first answer makes possible to ask.
#include <fmt/format.h>

#include <array>
#include <cctype>
#include <set>

#include "exact/sql_engine.h"
#include "exact/worker.h"

namespace baton::exact {
namespace {

constexpr std::size_t kMostTerms = 24;
constexpr int kCandidates = 8;
constexpr std::array<std::string_view, 33> kCommon = {
    "the", "a",     "an",   "of",   "in",   "is",   "are", "was", "were", "what", "which",
    "who", "where", "when", "how",  "does", "do",   "did", "to",  "for",  "and",  "or",
    "on",  "at",    "by",   "with", "that", "this", "it",  "its", "from", "has",  "tell"};

std::vector<std::string> Sentences(std::string_view text) {
  std::vector<std::string> out;
  std::string one;
  for (std::size_t i = 0; i < text.size(); ++i) {
    one.push_back(text[i] == '\n' ? ' ' : text[i]);
    const bool stop = text[i] == '.' || text[i] == '!' || text[i] == '?';
    const bool ends = (stop && (i + 1 == text.size() || text[i + 1] == ' ' || text[i + 1] == '\n')) ||
                      (text[i] == '\n' && i + 1 < text.size() && text[i + 1] == '\n');
    if (!ends && one.size() < 600) continue;
    const auto first = one.find_first_not_of(' ');
    if (first != std::string::npos) out.push_back(one.substr(first));
    one.clear();
  }
  const auto first = one.find_first_not_of(' ');
  if (first != std::string::npos) out.push_back(one.substr(first));
  return out;
}

bool Common(const std::string& word) {
  for (const auto w : kCommon) {
    if (w == word) return true;
  }
  return word.size() < 2;
}

void AddTerms(std::string_view text, std::set<std::string>* terms) {
  std::string word;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const auto c = i < text.size() ? static_cast<unsigned char>(text[i]) : ' ';
    if (std::isalnum(c) != 0 || c >= 0x80) {
      word.push_back(static_cast<char>(std::tolower(c)));
      continue;
    }
    if (!Common(word) && terms->size() < kMostTerms && word.size() <= 40) terms->insert(word);
    word.clear();
  }
}

// Quoted, so that nothing in a question is read as the engine's own syntax.
std::string Match(const std::set<std::string>& terms) {
  std::string out;
  for (const auto& t : terms) out += (out.empty() ? "\"" : " OR \"") + t + "\"";
  return out;
}

class Search : public Answerer {
 public:
  explicit Search(std::unique_ptr<SqlEngine> engine) : engine_(std::move(engine)) {}

  Task<std::string> Answer(const Reading& reading, Loop&, Cancel*) override {
    std::set<std::string> terms;
    if (!reading.notes.empty()) AddTerms(reading.notes.back().text, &terms);
    AddTerms(reading.question, &terms);
    std::string out;
    if (terms.empty()) co_return out;
    const std::string match = Match(terms);
    const auto found = engine_->Query(
        "SELECT body FROM sentences WHERE sentences MATCH $1 ORDER BY rank, rowid", kCandidates, &match);
    if (!found) co_return out;
    for (const auto& sentence : *found) {
      if (Said(reading, sentence)) continue;
      out = sentence;
      break;
    }
    co_return out;
  }
  std::string_view ability() const override { return "I find sentences in my documents."; }

 private:
  static bool Said(const Reading& reading, const std::string& sentence) {
    for (const auto& note : reading.notes) {
      if (note.text.find(sentence) != std::string::npos) return true;
    }
    return false;
  }
  const std::unique_ptr<SqlEngine> engine_;
};

}  // namespace

Result<std::unique_ptr<Answerer>> NewSearch(const std::vector<Document>& documents) {
  TRY(auto engine, SqlEngine::Create());
  TRY_VOID(engine->Exec(
      "CREATE VIRTUAL TABLE sentences USING fts5(body, document UNINDEXED, tokenize = 'porter unicode61')"));
  TRY_VOID(engine->Exec("BEGIN"));
  for (const Document& d : documents) {
    for (const auto& s : Sentences(d.text))
      TRY_VOID(engine->Insert("INSERT INTO sentences VALUES(?, ?)", {s, d.name}));
  }
  TRY_VOID(engine->Exec("COMMIT"));
  engine->Lock();
  return std::unique_ptr<Answerer>(new Search(std::move(engine)));
}

}  // namespace baton::exact
