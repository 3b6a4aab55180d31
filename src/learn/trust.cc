// Feedback comes from those it benefits. One tenant that answers everything with "bad" (or floods a worker
// with "good") must move what others get by a bounded amount only.
//
// Options: detect liars (an arms race), medians over groups of tenants (a fifth of the data in each group:
// slower for everybody, and one tenant in five is a group of its own), or bound the *influence*: weight per
// tenant and day, and share of what was recently believed. A linear model whose mass comes to at most a
// quarter from one tenant moves at most a quarter of the way that tenant wants, and the correction itself is
// bounded (learn/bandit.h). Measured: docs/results/robustness.md.
#include "learn/trust.h"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace baton::learn {
namespace {

constexpr std::size_t kMaxTenants = 10'000;

}  // namespace

double Trust::Faded(double weight, std::uint64_t since) const {
  return weight * std::exp2(-static_cast<double>(now_ - since) / options_.half_life);
}

// Whoever has nothing recent is a stranger again.
void Trust::Forget() {
  if (known_.size() < kMaxTenants) return;
  auto least = known_.begin();
  for (auto at = known_.begin(); at != known_.end(); ++at) {
    if (Faded(at->second.recent, at->second.at) < Faded(least->second.recent, least->second.at)) least = at;
  }
  known_.erase(least);
}

// Those who have said something of late. Few of them get larger shares: two tenants with a quarter each would
// teach nothing.
std::size_t Trust::Speakers() const {
  std::size_t n = 0;
  for (const auto& [name, t] : known_) n += Faded(t.recent, t.at) >= 1;
  return std::max<std::size_t>(n, 1);
}

double Trust::Take(std::string_view tenant, std::int64_t day) {
  all_ *= std::exp2(-1 / options_.half_life);
  ++now_;
  auto at = known_.find(tenant);
  if (at == known_.end()) {
    Forget();
    at = known_.emplace(std::string(tenant), Tenant{}).first;
  }
  Tenant& t = at->second;
  // A day in the past (feedback that comes late) counts with the newest day seen: it opens no second purse.
  if (day > t.day) t.day = day, t.today = 0;
  t.recent = Faded(t.recent, t.at);
  t.at = now_;
  double weight = std::clamp(options_.per_day - t.today, 0.0, 1.0);
  const double share = std::max(options_.share, 1.25 / static_cast<double>(Speakers()));
  if (share < 1) {
    // w with recent + w <= share * (all + w), or within what is free.
    const double room = (share * all_ - t.recent) / (1 - share);
    weight = std::min(weight, std::max({0.0, room, options_.alone - t.recent}));
  }
  t.today += weight;
  t.recent += weight;
  all_ += weight;
  return weight;
}

std::string Trust::Save() const {
  std::ostringstream out;
  out.precision(17);
  out << "trust 1 " << now_ << ' ' << all_ << ' ' << known_.size() << '\n';
  for (const auto& [name, t] : known_)
    out << name.size() << ' ' << t.day << ' ' << t.today << ' ' << t.recent << ' ' << t.at << ' ' << name
        << '\n';
  return out.str();
}

Result<Trust> Trust::Load(std::string_view text, TrustOptions options) {
  std::istringstream in{std::string(text)};
  Trust trust(options);
  std::string word;
  int version = 0;
  std::size_t count = 0;
  in >> word >> version >> trust.now_ >> trust.all_ >> count;
  bool fine = in && word == "trust" && version == 1 && count <= kMaxTenants && std::isfinite(trust.all_);
  for (std::size_t i = 0; fine && i < count; ++i) {
    Tenant t;
    std::size_t length = 0;
    in >> length >> t.day >> t.today >> t.recent >> t.at;
    fine = in && in.get() == ' ' && length <= 4096 && t.at <= trust.now_ && std::isfinite(t.recent);
    std::string name(fine ? length : 0, '\0');
    fine = fine && in.read(name.data(), static_cast<std::streamsize>(length)) && in.get() == '\n';
    if (fine) trust.known_[name] = t;
  }
  if (fine && trust.known_.size() == count) return trust;
  return Fail(Code::kInvalidRequest, "the text is not a state of trust", "state_malformed");
}

}  // namespace baton::learn
