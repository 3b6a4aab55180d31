// Data classes: how sensitive the text of a request is. Ordered only in so far as rules say so.
#pragma once

#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace baton::rails {

// "public", "internal", "personal", "secret", or a custom name from the config.
using DataClass = std::string;

// The classes that exist without any configuration.
inline constexpr std::string_view kBuiltInClasses[] = {"public", "internal", "personal", "secret"};

// One finding, for the record and for redaction later. Holds no content.
struct Span {
  // `message` of a finding that stands in no message: tool descriptions, schemas, metadata, unknown fields.
  static constexpr std::size_t kOutside = std::numeric_limits<std::size_t>::max();

  std::string type;  // "email", "card", "iban", "api_key", ...
  DataClass data_class;
  std::size_t message = 0, part = 0, begin = 0, end = 0;  // bytes in that part's text
};

struct Classification {
  // Never empty: the classes of what was found, or the default class ("internal") when nothing was.
  std::set<DataClass> classes;
  std::vector<Span> spans;  // at most kMaxSpans; `truncated` beyond. The classes are complete in either case.
  bool truncated = false;

  static constexpr std::size_t kMaxSpans = 1000;
};

}  // namespace baton::rails
