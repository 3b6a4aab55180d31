// How fast each worker has been of late, for whoever weighs waiting: time to the first byte and tokens per
// second, as this process has seen them. What no call has shown yet nobody guesses here.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/mutex.h"

namespace baton::route {

// Thread safe; kept over reloads, by the workers' names.
class Pace {
 public:
  struct Seen {
    double first_byte_s = 0, tokens_per_s = 0;  // moving averages; 0: not known yet
  };
  // An answer that came well: zero `first_byte` or no tokens teach that part nothing.
  void Add(std::string_view worker, Duration first_byte, Duration whole, std::int64_t output_tokens);
  // Zeros before the third answer.
  Seen Of(std::string_view worker) const;

 private:
  struct Averages {
    double first_byte_s = 0, tokens_per_s = 0;
    int calls = 0, timed = 0;
  };
  mutable Mutex m_;
  std::map<std::string, Averages, std::less<>> of_ GUARDED_BY(m_);
};

}  // namespace baton::route
