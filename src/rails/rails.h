// Rails: fixed rules applied before any choice. What they leave open is a Permit; nobody else can make one.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/principal.h"
#include "base/clock.h"
#include "base/metric.h"
#include "base/result.h"
#include "budget/lease.h"
#include "chat/types.h"
#include "pool/worker.h"
#include "rails/attack.h"
#include "rails/classifier.h"
#include "rails/data_class.h"
#include "rails/data_rules.h"
#include "rails/redact.h"

namespace baton::rails {

// Who asks. Without tenants everybody is the local operator.
struct Caller {
  std::string tenant = "local";
  std::string peer;
  // What the caller's key or token stands for; null without tenants.
  std::shared_ptr<const access::Principal> principal;
};

// What the caller says about the request beside its content: headers or metadata keys baton-*.
struct Controls {
  std::optional<budget::Nanos> max_cost;
  std::optional<std::int64_t> max_tokens;  // input and output of all calls together
  std::optional<Duration> deadline;
  std::optional<double> quality;  // dollars per point of quality
  std::string task;               // overrides the computed one
  std::string session;
  // false: no part of experiments (exploring, canaries, shadow runs).
  bool explore = true;
};

struct Catalogue {
  std::vector<std::shared_ptr<const pool::Worker>> workers;
  // Null when there is none of that name.
  const pool::Worker* Find(std::string_view name) const;
};

// A request as workers may see it, where rules hide something of it. Holds the values: never log it.
struct Veil {
  Marks marks;
  chat::Request chat;  // one of the two
  chat::EmbedRequest embed;
};

// What one exchange may do. Moves along the path; holds the lease, so it must outlive every call.
class Permit {
 public:
  Permit(Permit&&) = default;
  Permit& operator=(Permit&&) = delete;

  const std::string& tenant() const { return caller_.tenant; }
  const Caller& caller() const { return caller_; }
  budget::Lease& lease() { return *lease_; }
  const budget::Lease& lease() const { return *lease_; }
  Deadline deadline() const { return lease_->ceiling().deadline; }
  // In the catalogue's order; never empty.
  const std::vector<const pool::Worker*>& workers() const { return workers_; }
  bool Allows(const pool::Worker& worker) const;
  // Why it does not, of a worker that it does not allow: "may not see personal".
  std::string WhyNot(const pool::Worker& worker) const;
  // Only cheaper workers are left, because a budget runs low.
  bool low_budget() const { return !tier_.empty(); }
  // May see the request and, beside it, text of these classes (what earlier steps of a workflow brought in).
  bool Allows(const pool::Worker& worker, const std::set<DataClass>& also) const;
  // Of the request as workers see it.
  const Classification& data() const { return data_; }
  // Of the request as it came; the same where nothing is hidden.
  const std::set<DataClass>& found() const { return found_; }
  // Null: nothing is hidden, workers see the request itself.
  const Veil* veil() const { return veil_.get(); }
  const Controls& controls() const { return controls_; }
  // Signs of a prompt attack; such a request has a lower ceiling, where the operator gave one.
  const Suspicion& suspicion() const { return suspicion_; }
  // One line per rule that narrowed something, in words: "data class personal: only smol may see it".
  const std::vector<std::string>& reasons() const { return reasons_; }

 private:
  friend class Rails;
  Permit() = default;
  Caller caller_;
  Controls controls_;
  std::unique_ptr<budget::Lease> lease_;
  std::vector<const pool::Worker*> workers_;
  Classification data_;
  std::set<DataClass> found_;
  std::unique_ptr<Veil> veil_;
  Suspicion suspicion_;
  std::vector<std::string> reasons_;
  std::string tier_;  // why only some workers are open to this budget; empty: it is not low
};

struct RailsOptions {
  Duration default_deadline = std::chrono::minutes(10);
  std::optional<budget::Nanos>
      max_cost_per_request;  // the operator's own ceiling; a caller can only lower it
  std::vector<DataRule> data_rules;
  AttackOptions attacks;
};

// The request with marks in place of what is of class secret: for people and files, which keep what they see.
chat::Request WithoutSecrets(const Classifier& classifier, const chat::Request& request);

class Rails {
 public:
  // `detector` null: nobody looks for attacks. `metrics` may be null; outlives this, as `clock` does, which
  // tells token limits the time.
  Rails(RailsOptions options, std::shared_ptr<const Classifier> classifier,
        std::shared_ptr<const AttackDetector> detector = nullptr, Metrics* metrics = nullptr,
        const Clock& clock = SystemClock());

  // The names of the rails in the order in which they are applied; the reasons stand in rails.cc.
  static std::vector<std::string_view> Order();

  // kInvalidRequest for a deadline that is not positive or a negative ceiling (0: free workers only).
  // kPermissionDenied "model_not_allowed" for a name that the caller's key may not ask for.
  // kPermissionDenied with a message that names the class (never the content): "policy_violation" when no
  // worker may see the data, "data_blocked" and "needs_review" when a rule says so. `received` is when the
  // request's head arrived. A caller can lower the operator's ceilings and shorten the deadline, never the
  // other way round. The Permit points into `catalogue`, which must outlive it. Thread safe.
  Result<Permit> Admit(const Caller& caller, const Controls& controls, const chat::Request& request,
                       const Catalogue& catalogue, TimePoint received) const;
  // The data classes of a request, also of one that Admit() refuses. Thread safe.
  std::set<DataClass> ClassesOf(const chat::Request& request) const;
  const Classifier& classifier() const { return *classifier_; }
  // For embeddings: same rules over the texts.
  Result<Permit> Admit(const Caller& caller, const Controls& controls, const chat::EmbedRequest& request,
                       const Catalogue& catalogue, TimePoint received) const;

 private:
  struct Draft;
  struct Rail;
  static const std::vector<Rail>& List();
  Result<Permit> Apply(Draft draft) const;

  void Count(const Draft& draft) const;

  RailsOptions options_;
  std::shared_ptr<const Classifier> classifier_;
  std::shared_ptr<const AttackDetector> detector_;
  std::map<std::string, Counter, std::less<>> attacks_, acts_;  // by sign, by act of a data rule
  const Clock& clock_;
};

}  // namespace baton::rails
