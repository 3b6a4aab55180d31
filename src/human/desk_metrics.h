// What the operator sees of the desk. Handles without a registry count nothing.
#pragma once

#include "base/metric.h"
#include "human/case.h"

namespace baton::human {

struct DeskMetrics {
  explicit DeskMetrics(Metrics* m) {
    if (!m) return;
    waiting = m->GetGauge("baton_human_waiting", "Cases that wait for a person, claimed ones included.");
    asked = m->GetCounter("baton_human_cases_total", "Cases laid on the desk.");
    const auto refused = [m](const char* why) {
      return m->GetCounter("baton_human_refused_total", "Cases the desk did not take.", {{"reason", why}});
    };
    refused_full = refused("queue_full");
    refused_busy = refused("desk_busy");
    store_failures = m->GetCounter("baton_human_store_failures_total", "Operations the store failed.");
    seconds = m->GetHistogram("baton_human_resolution_seconds", "From a case's arrival to its end.",
                              {1, 5, 15, 60, 300, 900, 3600, 14400, 86400});
    for (int i = 0; i < 6; ++i) {
      const State state = static_cast<State>(i);
      if (human::Ended(state))
        ended[i] = m->GetCounter("baton_human_resolved_total", "Cases that ended.",
                                 {{"end", std::string(StateName(state))}});
    }
  }
  void Ended(const Case& c) const {
    ended[static_cast<int>(c.state)].Add();
    seconds.Observe(static_cast<double>(c.resolved_unix_ns - c.created_unix_ns) / 1e9);
  }

  Gauge waiting;
  Counter asked, refused_full, refused_busy, store_failures;
  Counter ended[6];
  Histogram seconds;
};

}  // namespace baton::human
