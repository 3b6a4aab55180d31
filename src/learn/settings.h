// What the operator says about learning from traffic; docs/promotion.md explains each.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "budget/money.h"

namespace baton::learn {

struct Settings {
  bool adapt = false;    // ratings correct the router's estimates
  bool explore = false;  // now and then another worker than the best known
  budget::Nanos explore_usd_per_day{1'000'000'000}, shadow_usd_per_day{1'000'000'000};
  double explore_share = 0.1;   // of requests that may go to another worker than the best known, at most
  double explore_floor = 0.01;  // share of explored choices that fall evenly on all workers
  double half_life = 300;       // ratings until one counts half
  double shadow_share = 0.1;    // of the requests whose candidate decides otherwise: asked in the background
  std::string single;  // the best single worker, which a canary is compared with; empty: no third arm
  std::set<std::string> opt_out_tenants, opt_out_classes;
  double tenant_ratings_per_day = 200;
  double tenant_share = 0.25;        // of what was recently believed that one tenant may have said
  double upgrade_share = 1;          // of a caller's requests that may go to far dearer workers; 1: no limit
  double upgrade_burst = 20;         // such requests in a row that are free
  double upgrade_factor = 3;         // dearer than the cheapest by this: far dearer
  std::int64_t least_rewards = 200;  // per slice, before a canary's gate judges it
  double margin = 0;                 // how much worse a slice may be and still pass
  // Data classes of requests whose feature vectors are kept in their records, for replay and training; others
  // never. A vector tells something of the words it was made from.
  std::set<std::string> vector_classes;
  std::uint64_t seed = 1;
};

}  // namespace baton::learn
