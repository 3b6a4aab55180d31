// Finds personal data and secrets in every text of a request: built-in patterns with validators, the
// operator's patterns and dictionaries, and what stands behind common disguises.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "chat/types.h"
#include "rails/data_class.h"

namespace baton::rails {

struct ClassifierOptions {
  DataClass default_class = "internal";
  // Look behind disguises too (rails/disguise.h).
  bool unmask = true;
  struct Custom {
    std::string name, pattern;
    DataClass data_class;
  };
  std::vector<Custom> custom;  // from the config; a pattern that does not compile is a config error
  // Whole words, as they stand or in any case (ASCII).
  struct Dictionary {
    std::string name;
    DataClass data_class;
    std::vector<std::string> words;
    bool any_case = true;
  };
  std::vector<Dictionary> dictionaries;

  static constexpr std::size_t kMaxPatterns = 200, kMaxPattern = 1000;
  static constexpr std::size_t kMaxWords = 20'000, kMaxWord = 200;  // of all dictionaries; bytes
};

class Classifier {
 public:
  // kInvalidRequest naming the custom pattern or dictionary at fault.
  static Result<std::shared_ptr<const Classifier>> Build(const ClassifierOptions& options);
  // The same checks on patterns and dictionaries alone, without building anything that scans.
  static Status CheckPatterns(const ClassifierOptions& options);
  virtual ~Classifier() = default;
  // Scans system, user, assistant and tool texts, tool arguments and results, file names and text files, and
  // what stands beside the messages; also where two messages of the same side meet. Thread safe; cost is
  // linear in the text. What it catches and misses is listed in docs/data_classes.md.
  virtual Classification Classify(const chat::Request& request) const = 0;
  virtual Classification ClassifyText(std::string_view text) const = 0;
};

}  // namespace baton::rails
