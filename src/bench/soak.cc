#include "bench/soak.h"

#include <fmt/format.h>

#include <algorithm>

#include "bench/load.h"
#include "bench/servers.h"

namespace baton::bench {

Result<SoakResult> RunSoak(const std::string& baton, double seconds, double rate,
                           void (*say)(const std::string&)) {
  StayOffProxyCore();
  TRY(auto servers, StartServers(baton));
  constexpr int kSlices = 40;
  SoakResult result;
  for (int i = 0; i < kSlices; ++i) {
    LoadOptions load;
    load.port = servers->baton_port;
    load.seconds = seconds / kSlices;
    load.streamed = i % 5 == 4;
    load.rate = load.streamed ? rate / 10 : rate;
    load.request = ChatRequest("baton", load.streamed);
    TRY(auto slice, Load(load));
    result.replies += slice.replies;
    result.errors += slice.errors;
    result.resident.push_back(servers->baton.ResidentBytes());
    say(fmt::format("{:3.0f} %  {} replies, {} errors, {:.1f} MB", 100.0 * (i + 1) / kSlices, result.replies,
                    result.errors, static_cast<double>(result.resident.back()) / 1e6));
  }
  const auto quarter = [&](std::size_t q) {
    const auto begin = result.resident.begin() + static_cast<std::ptrdiff_t>(q * kSlices / 4);
    return static_cast<double>(*std::max_element(begin, begin + kSlices / 4));
  };
  result.growth = quarter(3) / quarter(1);
  return result;
}

}  // namespace baton::bench
