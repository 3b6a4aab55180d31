// Where learning is kept: tables of its own in the server's store. One keeper per store, on one thread; every
// call is one transaction, so a killed process finds what was true before or after a step, never between.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "learn/daily_cap.h"
#include "learn/promotion.h"
#include "store/database.h"

namespace baton::learn {

inline constexpr int kKeepSchema = 1;
inline constexpr std::size_t kMaxPolicyBytes = std::size_t{64} << 20;

// What the online learner knows and how far it has read the feedback: they change together.
struct Learned {
  std::map<std::string, std::string> bandits;  // by policy, as saved by those
  std::string trust;
  std::int64_t feedback_seen = 0;    // the last row of feedback that is in them
  std::vector<std::string> damaged;  // keys whose bytes are not what was written; loaded as if absent
};

class Keep {
 public:
  // Creates or checks the tables; those of a newer Baton are refused ("store_newer").
  static Result<std::unique_ptr<Keep>> Open(std::unique_ptr<store::Database> db);

  // kInternal "state_damaged": the bytes are not what was written. The same of everything that loads.
  Result<Promotion> LoadPromotion();
  // The state and what led to it.
  Status Save(const Promotion& promotion, const PromotionEvent& event);
  // The state alone: rewards that came in, with how far feedback was read.
  Status Save(const Promotion& promotion, const Learned& learned);
  Result<Learned> LoadLearned();

  // A policy's file, by the hash of its bytes. Keeping one twice is no error.
  Status PutPolicy(const std::string& hash, const std::string& name, std::string_view bytes,
                   std::int64_t now);
  struct Policy {
    std::string name, bytes;
  };
  Result<Policy> GetPolicy(const std::string& hash);  // kNotFound "policy_not_found"
  struct Kept {
    std::string hash, name;
    std::int64_t bytes = 0, kept_unix_ns = 0;
  };
  Result<std::vector<Kept>> Policies();  // newest first
  // Drops policies that neither `promotion` nor any of the last `keep` names.
  Status DropPolicies(const Promotion& promotion, int keep);

  Status SaveGrant(std::string_view purse, const DailyCap::Grant& grant);
  Result<DailyCap::Grant> LoadGrant(std::string_view purse);

  // Newest first.
  Result<std::vector<PromotionEvent>> Events(int limit);

 private:
  explicit Keep(std::unique_ptr<store::Database> db) : db_(std::move(db)) {}
  Status Put(std::string_view key, std::string_view text);
  Result<std::string> Get(std::string_view key);
  static Result<std::string> Checked(std::string_view key, std::string_view kept);
  Status PutPromotion(const Promotion& promotion);
  std::unique_ptr<store::Database> db_;
};

}  // namespace baton::learn
