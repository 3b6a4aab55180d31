// What a policy may know about a request, computed by code from the request alone, the same way offline and
// live.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chat/types.h"
#include "estimate/classifier.h"
#include "estimate/features.h"
#include "rails/rails.h"

namespace baton::route {

struct Features {
  // code, maths, extraction, summarisation, translation, support, research, creative, analysis, chat, agentic
  std::string task = "chat";
  std::string complexity = "medium";  // low, medium, high
  std::string domain = "general";     // general, coding, legal, medical, financial, science
  std::string language = "en";        // ISO 639-1 of the user's own words; "und" when it cannot be told
  std::string format = "text";        // text, json, json_schema
  bool has_code = false, has_tests = false, has_images = false, has_audio = false, has_files = false;
  bool has_tools = false, stream = false, reasoning_asked = false;
  std::int64_t turns = 1;  // user messages
  std::int64_t input_chars = 0;
  std::int64_t input_tokens = 0;       // estimate, never below what common tokenizers give by more than 20 %
  std::int64_t max_tokens = 0;         // 0: not said
  std::set<std::string> data;          // data classes from the Permit
  std::int64_t latency_budget_ms = 0;  // from baton-deadline-ms; 0: none
  // What learned policies decide by (estimate/features.h); empty where nothing learned is installed.
  std::vector<float> vector;
};

// Pure; about 15 microseconds for a 2 KB prompt, 25 with a featurizer (may be
// null: no vector; classifiers too: words alone tell task, domain and complexity). Of each text
// at most 6 KB are read for task, domain and language (its first 4 KB and its last 2 KB); lengths and tokens
// are those of everything.
Features Compute(const chat::Request& request, const rails::Permit& permit,
                 const estimate::Featurizer* featurizer = nullptr,
                 const estimate::Classifiers* classifiers = nullptr);
// The values a text field may take ("task", "complexity", "domain", "format"); empty for the others.
std::vector<std::string_view> KnownValues(std::string_view field);
// The same as JSON for `baton route`, the record and tests.
std::string ToJson(const Features& features);

// The same object with the vector beside its fields, exact to the bit: so a decision can be made again by
// another model. About 1,250 bytes. `json` itself where there is no vector.
std::string WithVector(std::string json, std::span<const float> vector);
// What WithVector() wrote as the value of "vector"; nullopt: it is not that.
std::optional<std::vector<float>> VectorFromText(std::string_view text);

}  // namespace baton::route
