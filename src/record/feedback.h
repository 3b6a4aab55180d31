// What somebody said about an answer: a user's thumb, a validator's verdict, a reviewer's mark, a task's
// success. Rows of their own, joined by the exchange's id; they may come days after the answer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"

namespace baton::record {

struct Feedback {
  ExchangeId exchange = 0;
  // Tells it from others about the same exchange: a repeat with the same name is the same feedback.
  std::string name;
  std::string tenant;
  std::string by;                     // whose word, as far as known: a key's public name
  std::string source = "user";        // one of kFeedbackSources
  std::string label;                  // what was judged, "helpful"; the caller's own words are not kept
  std::int64_t score_millionths = 0;  // 0 (bad) to 1,000,000 (good)
  std::int64_t at_unix_ns = 0;
  double score() const { return static_cast<double>(score_millionths) * 1e-6; }
  bool operator==(const Feedback&) const = default;
};

inline constexpr std::string_view kFeedbackSources[] = {"user", "validator", "human", "task"};
inline constexpr std::size_t kMaxFeedbackText = 64;
// Per exchange; more is dropped and counted, so that nobody fills the store.
inline constexpr int kMaxFeedback = 64;

std::string Encode(const Feedback& feedback);
Result<Feedback> DecodeFeedback(std::string_view bytes);
// "fb_" and 16 digits made of exchange and name: the same for a repeat.
std::string FeedbackId(const Feedback& feedback);

}  // namespace baton::record
