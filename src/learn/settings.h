// What the operator says about learning from traffic; docs/promotion.md explains each.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "budget/money.h"

namespace baton::learn {

struct Settings {
  bool explore = false;  // now and then another worker than the best known
  budget::Nanos explore_usd_per_day{1'000'000'000}, shadow_usd_per_day{1'000'000'000};
  double explore_floor = 0.01;  // share of explored choices that fall evenly on all workers
  double half_life = 300;       // ratings until one counts half
  std::string single;  // the best single worker, which a canary is compared with; empty: no third arm
  std::set<std::string> opt_out_tenants, opt_out_classes;
  double tenant_ratings_per_day = 200;
  double upgrade_share = 1;          // of a caller's requests that may go to far dearer workers; 1: no limit
  std::int64_t least_rewards = 200;  // per slice, before a canary's gate judges it
  double margin = 0;                 // how much worse a slice may be and still pass
  std::uint64_t seed = 1;
};

}  // namespace baton::learn
