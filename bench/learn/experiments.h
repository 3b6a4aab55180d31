// One experiment per function; each prints a page of Markdown to standard output. 0: done; 1: what it
// measured is outside the bounds it states.
#pragma once

#include <string>

namespace baton::learn::bench {

struct Settings {
  int runs = 0;  // 0: the experiment's own number
  std::string shared = "../shared/data";
};

int OffPolicyCoverage(const Settings& settings);
int CanaryErrors(const Settings& settings);
int Shift(const Settings& settings);
int Poison(const Settings& settings);
int Attack(const Settings& settings);

}  // namespace baton::learn::bench
