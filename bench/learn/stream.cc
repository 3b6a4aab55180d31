#include "learn/stream.h"

#include <algorithm>
#include <deque>

namespace baton::learn::bench {
namespace {

struct Rating {
  std::size_t at;
  std::string tenant;
  Observation observation;
};

std::vector<Option> OptionsAt(const Moment& m, const std::vector<std::string>& workers,
                              const LinearRouter& router, const std::vector<double>& usual_cost,
                              const Correction* correction, const std::array<float, kCompact>& x) {
  std::vector<Option> options;
  for (std::size_t a = 0; a < workers.size(); ++a) {
    const double price = m.price.empty() ? 1 : m.price[a];
    Option o{router.Quality(a, m.request.x), 0, usual_cost[a] * price};
    if (correction) {
      const Corrected c = correction->Of(workers[a], x);
      o.quality = std::clamp(o.quality + c.quality, 0.0, 1.0);
      o.spread = c.spread;
    }
    options.push_back(o);
  }
  return options;
}

}  // namespace

StreamResult Live(const std::vector<Moment>& stream, const std::vector<std::string>& workers,
                  const LinearRouter& router, const std::vector<double>& usual_cost,
                  const StreamOptions& options) {
  StreamResult out;
  Bandit bandit(options.bandit);
  Trust trust(options.trust);
  auto correction = bandit.Snapshot();
  std::deque<Rating> waiting;
  Random random(options.seed);
  std::size_t since_published = 0;
  for (std::size_t i = 0; i < stream.size(); ++i) {
    for (; !waiting.empty() && waiting.front().at <= i; waiting.pop_front()) {
      Rating& r = waiting.front();
      r.observation.weight = options.weigh ? trust.Take(r.tenant, 0) : 1;
      bandit.Observe(r.observation);
      if (++since_published % options.publish == 0) correction = bandit.Snapshot();
    }
    const Moment& m = stream[i];
    const Compact x = Compact::Project(m.request.x, 1);
    const auto work =
        OptionsAt(m, workers, router, usual_cost, options.adaptive ? correction.get() : nullptr, x.Values());
    const Choice c =
        Choose(work, options.choice, options.adaptive ? options.explore_usd : -1, MixKeys(options.seed, i));
    const std::size_t a = c.picked;
    const double quality = static_cast<double>(m.request.quality[a]);
    const double cost = static_cast<double>(m.request.cost[a]) * (m.price.empty() ? 1 : m.price[a]);
    out.worker.push_back(a);
    out.quality.push_back(quality);
    out.cost.push_back(cost);
    out.utility.push_back(quality - cost / options.choice.value_usd);
    out.explored_usd += c.extra_usd;
    if (!options.adaptive || random.Unit() >= options.feedback) continue;
    Rating r{i + options.delay, options.tenant ? options.tenant(i) : "one", {}};
    r.observation.worker = workers[a];
    r.observation.x = x;
    r.observation.expected = router.Quality(a, m.request.x);
    r.observation.reward = options.says ? options.says(i, a, quality) : quality;
    waiting.push_back(std::move(r));
  }
  return out;
}

}  // namespace baton::learn::bench
