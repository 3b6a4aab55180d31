// The constant replies of --fast: encoded once per dialect at start, so that a load test measures what stands
// before the mock and not the mock.
#pragma once

#include <map>
#include <string_view>

#include "mock/breakage.h"
#include "mock/paths.h"

namespace baton::mock {

class FastReplies {
 public:
  // `bytes`: size of the whole reply's body (at least that of an empty answer). `chunks`: content chunks of a
  // stream of the same text.
  FastReplies(std::size_t bytes, int chunks);
  // Never decodes `body`: looks for "stream":true in it. Lives as long as this.
  const Prepared& Find(const Call& call, std::string_view body) const;

 private:
  struct Pair {
    Prepared whole, stream;
  };
  std::map<chat::Dialect, Pair> replies_;
};

}  // namespace baton::mock
