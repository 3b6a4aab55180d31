// How good the classifier is, on labelled texts that are not part of the repository. Prints the table that
// docs/data_classes.md quotes; the floors below only catch a change for the worse.
//   BATON_SHARED_DATA=... build/release/src/rails_test --gtest_filter='Quality.*'
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "rails/classifier.h"

namespace baton::rails {
namespace {

std::string DataFolder() {
  const char* folder = std::getenv("BATON_SHARED_DATA");
  return folder != nullptr ? folder : "../shared/data";
}

// The lines of a .jsonl.zst file; empty when it or the zstd program is absent.
std::vector<nlohmann::json> Rows(const std::string& name) {
  std::vector<nlohmann::json> rows;
  std::string path = DataFolder() + "/question_sets/" + name + ".jsonl.zst";
  if (!std::filesystem::exists(path)) return rows;
  FILE* pipe = popen(("zstd -dc '" + path + "' 2>/dev/null").c_str(), "r");
  if (pipe == nullptr) return rows;
  std::string text;
  char buffer[65536];
  for (std::size_t n = 0; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, n);
  pclose(pipe);
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = std::min(text.find('\n', i), text.size());
    rows.push_back(nlohmann::json::parse(text.substr(i, end - i)));
    i = end + 1;
  }
  return rows;
}

const Classifier& Subject() {
  static const auto c = Classifier::Build({}).value();
  return *c;
}

// Labels count characters, spans count bytes.
std::size_t ByteOf(const std::string& text, std::size_t character) {
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80 && character-- == 0) break;
  }
  return i;
}

struct Tally {
  int labelled = 0, caught = 0, reported = 0, right = 0;
  double Precision() const { return reported == 0 ? 0 : 1.0 * right / reported; }
  double Recall() const { return labelled == 0 ? 0 : 1.0 * caught / labelled; }
  double F1() const {
    return Precision() + Recall() == 0 ? 0 : 2 * Precision() * Recall() / (Precision() + Recall());
  }
};

const std::map<std::string, std::string> kTypes = {{"EMAIL_ADDRESS", "email"},
                                                   {"CREDIT_CARD", "card"},
                                                   {"IBAN_CODE", "iban"},
                                                   {"US_SSN", "us_ssn"},
                                                   {"PHONE_NUMBER", "phone"},
                                                   {"IP_ADDRESS", "ip"},
                                                   {"PERSON", "name"},
                                                   {"STREET_ADDRESS", "address"},
                                                   {"ADDRESS", "address"},
                                                   {"LOCATION", "address"},
                                                   {"US_DRIVER_LICENSE", "document_id"}};

using Place = std::pair<std::size_t, std::size_t>;
bool Overlap(Place a, Place b) {
  return a.first < b.second && b.first < a.second;
}

void Count(const nlohmann::json& row, std::map<std::string, Tally>* tallies) {
  std::string text = row["prompt"];
  std::map<std::string, std::vector<Place>> gold, found;
  for (const auto& s : row["spans"]) {
    auto type = kTypes.find(s["type"]);
    // Towns and countries are labelled LOCATION: no address, but no mistake to touch either.
    if (type != kTypes.end())
      gold[s["type"] == "LOCATION" ? "(place)" : type->second].emplace_back(ByteOf(text, s["start"]),
                                                                            ByteOf(text, s["end"]));
  }
  for (const auto& s : Subject().ClassifyText(text).spans) found[s.type].emplace_back(s.begin, s.end);
  for (const auto& [type, places] : gold) {
    for (auto p : places) {
      auto& t = (*tallies)[type];
      ++t.labelled;
      t.caught += std::any_of(found[type].begin(), found[type].end(), [&](Place f) { return Overlap(p, f); });
    }
  }
  for (const auto& [type, places] : found) {
    for (auto p : places) {
      auto& t = (*tallies)[type];
      ++t.reported;
      bool right = std::any_of(gold[type].begin(), gold[type].end(), [&](Place g) { return Overlap(p, g); });
      if (type == "address")
        right = right || std::any_of(gold["(place)"].begin(), gold["(place)"].end(),
                                     [&](Place g) { return Overlap(p, g); });
      t.right += right;
      if (!right && std::getenv("BATON_SHOW_MISTAKES") != nullptr)
        printf("  wrong %s: %s\n", type.c_str(), text.substr(p.first, p.second - p.first).c_str());
    }
  }
}

TEST(Quality, PrecisionAndRecallOnLabelledSpans) {
  std::map<std::string, Tally> tallies;
  int rows = 0, personal = 0, flagged = 0;
  for (const char* name : {"pii_presidio_synth_v2", "pii_presidio_generated_large"}) {
    for (const auto& row : Rows(name)) {
      ++rows;
      Count(row, &tallies);
      bool holds = std::any_of(row["spans"].begin(), row["spans"].end(), [](const auto& s) {
        return kTypes.count(s["type"]) && s["type"] != "LOCATION";
      });
      personal += holds;
      flagged += holds && Subject().ClassifyText(row["prompt"].get<std::string>()).classes.count("personal");
    }
  }
  if (rows == 0)
    GTEST_SKIP() << "no labelled texts under " << DataFolder()
                 << " (set BATON_SHARED_DATA), or no zstd program";
  printf("| type | labelled | reported | precision | recall | F1 |\n|---|---|---|---|---|---|\n");
  for (const auto& [type, t] : tallies) {
    if (t.labelled == 0 || t.reported == 0) continue;
    printf("| %s | %d | %d | %.2f | %.2f | %.2f |\n", type.c_str(), t.labelled, t.reported, t.Precision(),
           t.Recall(), t.F1());
  }
  printf("%d texts; of %d with a labelled person, address or number, %d (%.0f %%) are classed personal\n",
         rows, personal, flagged, 100.0 * flagged / personal);
  EXPECT_GE(tallies["email"].F1(), 0.97);
  EXPECT_GE(tallies["card"].F1(), 0.95);
  EXPECT_GE(tallies["iban"].F1(), 0.95);
  EXPECT_GE(tallies["us_ssn"].F1(), 0.9);
  EXPECT_GE(tallies["phone"].Precision(), 0.85);
  EXPECT_GE(tallies["name"].Precision(), 0.85);
}

TEST(Quality, HarmlessQuestionsAreRarelyCalledPersonal) {
  int all = 0;
  printf("| set | questions | called personal | called secret |\n|---|---|---|---|\n");
  for (const char* name : {"gsm8k_test", "math500", "humaneval", "mbpp", "mt_bench", "mmlu_test",
                           "arc_challenge_test", "arena_hard_v2.0", "banking77_test", "xstest_prompts"}) {
    int n = 0, personal = 0, secret = 0;
    for (const auto& row : Rows(name)) {
      ++n;
      auto c = Subject().ClassifyText(row["prompt"].get<std::string>());
      personal += c.classes.count("personal") != 0;
      secret += c.classes.count("secret") != 0;
      if (std::getenv("BATON_SHOW_MISTAKES") != nullptr) {
        for (const auto& s : c.spans)
          printf("  %s %s: %s\n", name, s.type.c_str(),
                 row["prompt"]
                     .get<std::string>()
                     .substr(s.begin, std::min<std::size_t>(s.end - s.begin, 80))
                     .c_str());
      }
    }
    if (n == 0) continue;
    all += n;
    printf("| %s | %d | %.1f %% | %.1f %% |\n", name, n, 100.0 * personal / n, 100.0 * secret / n);
    EXPECT_LT(personal, n / 10) << name;
  }
  if (all == 0)
    GTEST_SKIP() << "no questions under " << DataFolder() << " (set BATON_SHARED_DATA), or no zstd program";
}

}  // namespace
}  // namespace baton::rails
