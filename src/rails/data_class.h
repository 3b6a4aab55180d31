// Data classes: how sensitive the text of a request is. Ordered only in so far as rules say so.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace baton::rails {

// "public", "internal", "personal", "secret", or a custom name from the config.
using DataClass = std::string;

// One finding, for the record and for redaction later. Holds no content.
struct Span {
  std::string type;      // "email", "card", "iban", "api_key", ...
  DataClass data_class;
  std::size_t message = 0, part = 0, begin = 0, end = 0;  // bytes in that part's text
};

struct Classification {
  std::set<DataClass> classes;  // never empty: at least the default class ("internal")
  std::vector<Span> spans;      // at most 1,000; `truncated` beyond
  bool truncated = false;
};

}  // namespace baton::rails
