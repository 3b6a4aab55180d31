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

// Which text of a part (or of what stands beside the messages) is meant.
enum class Field : std::uint8_t { kText, kName, kFilename, kUrl, kArguments, kResult, kExtra, kContent };
std::string_view FieldName(Field field);

// One text of a request.
struct Place {
  // `message` of what stands in no message: tool descriptions, schemas, metadata, unknown fields.
  static constexpr std::size_t kOutside = std::numeric_limits<std::size_t>::max();

  std::size_t message = kOutside, part = 0;
  Field field = Field::kText;
  std::size_t item = 0;  // where a part, or the outside, has several texts of that field
  bool operator==(const Place&) const = default;
};

// One finding, for the record and for redaction. Holds no content.
struct Span {
  std::string type;  // "email", "card", "iban", "api_key", ...
  DataClass data_class;
  Place place;
  std::size_t begin = 0, end = 0;  // bytes in that text
};

struct Classification {
  // Never empty: the classes of what was found, or the default class ("internal") when nothing was.
  std::set<DataClass> classes;
  std::vector<Span> spans;  // at most kMaxSpans; `truncated` beyond. The classes are complete in either case.
  bool truncated = false;

  static constexpr std::size_t kMaxSpans = 1000;
};

}  // namespace baton::rails
