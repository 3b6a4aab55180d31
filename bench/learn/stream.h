// A policy living through a stream: decides, pays, hears about some of its answers, late.
#pragma once

#include <functional>
#include <vector>

#include "learn/bandit.h"
#include "learn/choice.h"
#include "learn/trust.h"
#include "learn/world.h"

namespace baton::learn::bench {

struct StreamOptions {
  bool adaptive = true;
  ChoiceSettings choice;
  BanditOptions bandit;
  TrustOptions trust{.per_day = 1e9};
  double feedback = 0.3;     // share of answers that somebody rates
  std::size_t delay = 50;    // requests until a rating arrives
  std::size_t publish = 20;  // ratings until the policy in use is replaced
  double explore_usd = 1;    // most that one exploring choice may cost beyond the greedy one
  std::uint64_t seed = 1;
  bool weigh = true;  // false: every rating counts one, whoever gives it
  // Who asks request i, and what they say of an answer that is worth `quality`. Null: one honest tenant.
  std::function<std::string(std::size_t)> tenant;
  std::function<double(std::size_t, std::size_t worker, double quality)> says;
};

// One request of a stream: which outcome, and the prices of that moment (a factor per worker).
struct Moment {
  Request request;
  std::vector<double> price;  // empty: all 1
};

struct StreamResult {
  std::vector<double> utility, quality, cost;  // per request
  std::vector<std::size_t> worker;
  double explored_usd = 0;
};

// `usual_cost`: what a call to each worker cost in training, at price factor 1.
StreamResult Live(const std::vector<Moment>& stream, const std::vector<std::string>& workers,
                  const LinearRouter& router, const std::vector<double>& usual_cost,
                  const StreamOptions& options);

}  // namespace baton::learn::bench
