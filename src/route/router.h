// The learned router: which of the workers that may answer is worth most for this request.
//
// Worth is quality times its value, less cost, less waiting. Quality and length come from a trained model
// (route/score.h), prices from the catalogue at the moment of the decision, the value of a right answer from
// the caller (`baton-quality`) or the operator; what traffic taught corrects the model (learn/live.h). A
// worker the model never saw enters with what its price and family let expect. The router proposes; what it
// may choose from has passed the rails already.
//
// Now and then the choice is drawn: to explore, or because a candidate policy is tried on a share of the
// traffic. What is drawn comes with its exact probability, which goes into the record.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/snapshot.h"
#include "learn/live.h"
#include "route/score.h"

namespace baton::route {

// What the process has learned and been given while it serves; replaced as a whole.
struct Learnt {
  learn::Regime regime;
  // Policies beside the configured one (candidates, promoted ones), by their version.
  std::map<std::string, std::shared_ptr<const estimate::RouterModel>, std::less<>> models;
};

// What all configurations and loops of one process share about learned routing.
struct LearnedShare {
  LearnedShare(Learnt first, const learn::Live::Caps& caps)
      : learnt(std::make_shared<const Learnt>(std::move(first))), live(caps) {}
  Snapshot<Learnt> learnt;
  learn::Live live;
  Pace pace;
};

// For what a decision is made. A dry run draws nothing and is in no experiment; a replay draws as the live
// decision of the same exchange did, with purses full.
struct Asking {
  enum class How { kDry, kReplay, kLive } how = How::kDry;
  std::uint64_t exchange = 0;
};

class Router {
 public:
  // `catalogue` is the configuration's, and so is the life of the result. `model` null: nothing is
  // configured, only candidates and promoted policies decide. `share` null: what is configured decides alone.
  // REQUIRES: CheckFeatures() passed for all models and the featurizer that makes Features::vector.
  Router(std::shared_ptr<const estimate::RouterModel> model, RouterSettings settings,
         const rails::Catalogue& catalogue, const Clock& clock,
         std::shared_ptr<LearnedShare> share = nullptr);

  struct Choice {
    bool decided = false;        // false: nothing that was learned decides this; of the rest only what is
                                 // below `policy` may be set
    std::vector<Scored> ranked;  // the chosen one first, then by falling worth
    double propensity = 1;       // with which the first was chosen
    std::string reason;          // "cheapest worker with P(correct) above 0.90 (0.94, about $0.0004); ..."
    std::string policy;          // whose decision it is: a model's version, or "single"
    // For the record: what learning needs (learn/teacher.h). Empty: nothing can be learned of it.
    std::string learned;
    // Whom the candidate in shadow would have asked instead of the chosen one, and which candidate.
    const pool::Worker* shadow = nullptr;
    std::string candidate;
  };
  // REQUIRES: able is not empty and f.vector is. Thread safe; microseconds.
  Choice Choose(std::span<const pool::Worker* const> able, const Features& f, const rails::Permit& permit,
                const Asking& asking = {}) const;

  // Somebody could decide something: a model is configured, or a candidate or promoted policy is at hand.
  bool Knows() const;
  const std::shared_ptr<LearnedShare>& share() const { return share_; }

  // P(correct) of each, by the policy in place for this request; empty where nothing learned knows.
  std::vector<double> Expect(std::span<const pool::Worker* const> able, const Features& f) const;

 private:
  // The scorers of one Learnt, made for this catalogue.
  struct Board {
    std::shared_ptr<const Learnt> learnt;  // null: none
    std::map<std::string, std::unique_ptr<const Scorer>, std::less<>> scorers;
    const Scorer* Find(std::string_view policy) const;
  };
  struct Deciders;
  struct Request;
  std::shared_ptr<const Board> Now() const;
  Deciders DecidersFor(const Board& board, const Features& f) const;
  void Decide(const Request& request, const Deciders& deciders, Choice* choice) const;
  std::string Reason(const Choice& choice, double value) const;

  const RouterSettings settings_;
  const rails::Catalogue& catalogue_;
  const Clock& clock_;
  const std::shared_ptr<LearnedShare> share_;
  std::unique_ptr<const Scorer> configured_;  // null: none
  mutable Mutex m_;
  mutable std::shared_ptr<const Board> board_ GUARDED_BY(m_);
};

}  // namespace baton::route
