// The find guards' look at one text. Internal to guard/.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "guard/rule.h"

namespace baton::guard {

// What must go, by place; sorted, not overlapping.
struct Cut {
  std::size_t begin, end;
  std::string mark;  // what stands there instead
};
struct Judged {
  std::vector<Cut> cuts;
  const Rule* blocked = nullptr;                          // the first guard that withholds the text
  std::size_t blocked_at = 0;                             // where what it found begins
  bool fault = false;                                     // `blocked` because nothing could be told
  std::vector<std::pair<const Rule*, std::string>> seen;  // guard and type, each once
};

// What the find guards say of what is found in `text` from `from` on.
Judged Look(const Rules& rules, std::string_view text, std::size_t from);
// `text` with what must go replaced.
std::string Apply(std::string_view text, const std::vector<Cut>& cuts);

}  // namespace baton::guard
