#include "route/pace.h"

#include <algorithm>
#include <chrono>

namespace baton::route {
namespace {

constexpr int kEnough = 3;              // answers before their average is believed
constexpr double kNewest = 0.1;         // weight of one answer once there are many
constexpr std::size_t kMost = 4096;     // names; workers come from a configuration, which has fewer
constexpr double kShortestTail = 1e-3;  // an answer that came in one piece says nothing of its speed

double Seconds(Duration d) {
  return std::chrono::duration<double>(d).count();
}

void Move(double& average, double value, int n) {
  average += (value - average) * std::max(kNewest, 1.0 / n);
}

}  // namespace

void Pace::Add(std::string_view worker, Duration first_byte, Duration whole, std::int64_t output_tokens) {
  MutexLock lock(m_);
  auto at = of_.find(worker);
  if (at == of_.end()) {
    if (of_.size() >= kMost) return;
    at = of_.emplace(std::string(worker), Averages{}).first;
  }
  Averages& a = at->second;
  if (first_byte > Duration::zero()) Move(a.first_byte_s, Seconds(first_byte), ++a.calls);
  // Whole replies come at once: then all of the time was writing.
  const double tail = Seconds(whole) - Seconds(first_byte);
  const double writing = tail > kShortestTail ? tail : Seconds(whole);
  if (output_tokens > 0 && writing > kShortestTail)
    Move(a.tokens_per_s, static_cast<double>(output_tokens) / writing, ++a.timed);
}

Pace::Seen Pace::Of(std::string_view worker) const {
  MutexLock lock(m_);
  const auto at = of_.find(worker);
  if (at == of_.end()) return {};
  const Averages& a = at->second;
  return {a.calls >= kEnough ? a.first_byte_s : 0, a.timed >= kEnough ? a.tokens_per_s : 0};
}

}  // namespace baton::route
