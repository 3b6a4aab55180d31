// What of an exchange's content outlives it: nothing, digests, the text with personal data hidden, or all of
// it, sealed; by the class of its data. docs/audit.md says what each is good for.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "audit/digest.h"
#include "audit/vault.h"
#include "base/metric.h"
#include "chat/types.h"
#include "rails/classifier.h"
#include "record/content.h"
#include "record/provenance.h"

namespace baton::exchange {

// Ordered: of several classes in one request the least is kept.
enum class Keep { kNone, kDigest, kRedacted, kFull };
std::optional<Keep> ParseKeep(std::string_view name);  // "none", "digest", "redacted", "full"

struct KeepRules {
  Keep standard = Keep::kNone;
  std::map<rails::DataClass, Keep> of;
  bool any() const;  // something more than kNone is ever kept
};

// Immutable; thread safe. What it refers to must outlive it.
class Keeper {
 public:
  // `key` of the digests: with it, and only with it, a text can be tried against one. `vault` null: nothing
  // can be kept in full, and redacted text lies in the clear.
  Keeper(KeepRules rules, const audit::Digest& key, audit::Vault* vault,
         std::shared_ptr<const rails::Classifier> classifier, Metrics* metrics);

  // "k1:" and 32 digits: of roles and texts, in order.
  std::string DigestOf(const std::vector<chat::Message>& messages) const;
  // The row to be stored after `record`'s; `answer` may be null. Nothing: nothing is kept, or it cannot be,
  // which is counted and never fails the exchange.
  std::optional<record::Content> ContentOf(const record::Provenance& record,
                                           const std::set<rails::DataClass>& classes,
                                           const chat::Request& request, const chat::Response* answer) const;

 private:
  Keep For(const std::set<rails::DataClass>& classes) const;
  std::string Text(Keep keep, const chat::Request& request, const chat::Response* answer) const;

  const KeepRules rules_;
  const audit::Digest key_;
  audit::Vault* const vault_;
  const std::shared_ptr<const rails::Classifier> classifier_;
  mutable Counter too_large_, unsealed_;
};

// The texts of a stored content, in the clear: for exports. `vault` may be null.
Result<std::string> OpenContent(const record::Content& content, audit::Vault* vault);

}  // namespace baton::exchange
