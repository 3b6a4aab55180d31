// Inside record/: how its SQLite files are opened.
#pragma once

#include <string>

#include "store/database.h"

namespace baton::record {

inline constexpr std::int32_t kStoreMark = 0x42744e31;  // "BtN1": SQLite's application id of our stores

inline store::OpenOptions StoreAt(const std::string& path, store::Mode mode,
                                  store::Faults* faults = nullptr) {
  store::OpenOptions o;
  o.path = path;
  o.mode = mode;
  o.mark = kStoreMark;
  o.faults = faults;
  return o;
}

}  // namespace baton::record
