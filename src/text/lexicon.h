// The words that tell a task, a domain or a language, as one hash table.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace baton::text {

enum class Task : std::uint8_t {
  kCode,
  kMaths,
  kExtraction,
  kSummarisation,
  kTranslation,
  kSupport,
  kResearch,
  kCreative,
  kAnalysis,
  kAgentic,
  kChat
};
inline constexpr std::array<std::string_view, 11> kTaskNames = {
    "code",     "maths",    "extraction", "summarisation", "translation", "support",
    "research", "creative", "analysis",   "agentic",       "chat"};

enum class Domain : std::uint8_t { kCoding, kLegal, kMedical, kFinancial, kScience, kGeneral };
inline constexpr std::array<std::string_view, 6> kDomainNames = {"coding",    "legal",   "medical",
                                                                 "financial", "science", "general"};

// Latin-script languages told apart by their small words; others by their script.
enum class Lang : std::uint8_t { kEn, kDe, kFr, kEs, kIt, kPt, kNl, kPl, kSv, kTr };
inline constexpr std::array<std::string_view, 10> kLangNames = {"en", "de", "fr", "es", "it",
                                                                "pt", "nl", "pl", "sv", "tr"};

struct Scores {
  std::array<int, 11> task{};
  std::array<int, 6> domain{};
  std::array<int, 10> lang{};
  int hard = 0, easy = 0;  // words that ask for thought, or for little of it
  int json = 0;            // words that ask for JSON
  int tests = 0;           // words of given tests
  int words = 0;
};

// Adds what the words of `text` (any case, UTF-8) say. About 3 ns per byte.
void ScoreWords(std::string_view text, Scores* scores);

}  // namespace baton::text
