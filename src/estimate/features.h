// From a question to the numbers that everything learned works on: where its text lies in meaning
// (text/static_table.h) and a few dozen facts about its form. The same function computes them for training
// rows and for live requests, so both see the same bits (features_test.cc).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/reading.h"
#include "text/static_table.h"

namespace baton::estimate {

// What is known of a question. Views point into the request.
struct Asked {
  text::Reading user;                   // of the last user message
  std::vector<std::string_view> texts;  // its texts
  std::int64_t context_bytes = 0;       // of everything else in the request
  std::int64_t turns = 1;               // user messages
  bool system = false, tools = false, media = false, structured = false;
};

// A bare prompt, as outcome matrices have it. The view must outlive the result.
Asked AskedOf(std::string_view prompt);

class Featurizer {
 public:
  // A null table leaves the facts alone: enough for tests, too little to route by.
  explicit Featurizer(std::shared_ptr<const text::StaticTable> table) : table_(std::move(table)) {}

  std::size_t width() const { return embedded() + kFacts; }
  // The first so many features are a vector of length 1 (Table::embedded).
  std::size_t embedded() const { return table_ ? table_->width() : 0; }
  // Names the layout and what the vector was made by: a model works with the features it was trained on only.
  std::string id() const;

  // REQUIRES: out.size() == width(). Pure, thread safe; about 10 microseconds for a 2 KB prompt.
  void Compute(const Asked& asked, std::span<float> out) const;
  // Rows of all prompts, one behind the other.
  std::vector<float> OfPrompts(std::span<const std::string_view> prompts) const;

  static constexpr std::size_t kFacts = 40;

 private:
  std::shared_ptr<const text::StaticTable> table_;
};

}  // namespace baton::estimate
