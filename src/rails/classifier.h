// Finds personal data and secrets in every text of a request: first set of patterns, with validators.
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
  struct Custom {
    std::string name, pattern;
    DataClass data_class;
  };
  std::vector<Custom> custom;  // from the config; a pattern that does not compile is a config error
};

class Classifier {
 public:
  // kInvalidRequest naming the custom pattern at fault.
  static Result<std::shared_ptr<const Classifier>> Build(const ClassifierOptions& options);
  // The same checks on the custom patterns alone, without building anything.
  static Status CheckPatterns(const ClassifierOptions& options);
  virtual ~Classifier() = default;
  // Scans system, user, assistant and tool texts, tool arguments and file names. Thread safe; cost is linear
  // in the text. What it catches and misses is listed in docs/data_classes.md.
  virtual Classification Classify(const chat::Request& request) const = 0;
  virtual Classification ClassifyText(std::string_view text) const = 0;
};

}  // namespace baton::rails
