// What kind of question is it? Learned answers for the fields that rules can match on (task, domain,
// complexity), beside those that words alone give (route/features.cc).
//
// One small network for each field, on the features that everything learned shares, trained on labelled
// public questions (docs/results/classifiers.md has the command and what it is right about). The result is
// part of the program: a hundred kilobytes in assets/.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "estimate/estimator.h"

namespace baton::estimate {

struct Guess {
  std::string_view label;  // lives as long as the classifier; empty: nothing known
  float confidence = 0;    // 0 to 1
};

// One field. Immutable, thread safe.
class Classifier {
 public:
  // `classes[i]` is the label of row i of x (rows x width), as an index into `labels`.
  static Result<Classifier> Train(std::string field, std::vector<std::string> labels,
                                  std::span<const float> x, std::size_t width,
                                  std::span<const std::size_t> classes, const FitOptions& options);
  // REQUIRES: x has the width it was trained with.
  Guess Classify(std::span<const float> x) const;
  const std::string& field() const { return field_; }
  const std::vector<std::string>& labels() const { return labels_; }

 private:
  friend class Classifiers;
  std::string field_;
  std::vector<std::string> labels_;
  std::shared_ptr<const Estimator> network_;
};

// All fields of one file.
class Classifiers {
 public:
  Classifiers() = default;
  Classifiers(std::string features, std::vector<Classifier> fields)
      : features_(std::move(features)), fields_(std::move(fields)) {}
  // kInvalidRequest: "not_classifiers", "classifiers_damaged".
  static Result<Classifiers> FromBytes(std::string_view bytes);
  std::string ToBytes() const;
  // Those that are part of the program; null when they were trained on other features than `features`.
  static std::shared_ptr<const Classifiers> BuiltIn(std::string_view features);

  // Null: no such field.
  const Classifier* Find(std::string_view field) const;
  const std::string& features() const { return features_; }

 private:
  std::string features_;  // Featurizer::id()
  std::vector<Classifier> fields_;
};

}  // namespace baton::estimate
