// Our JSON reader against another one: both accept the same texts, but for what is stated here, and read the
// same values from them.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "provider/json_reader.h"

namespace {

using baton::provider::JsonDoc;
using baton::provider::JsonView;
using nlohmann::ordered_json;

void MustBe(bool fact) {
  if (!fact) std::abort();
}

void SameNumber(JsonView ours, const ordered_json& other) {
  MustBe(ours.is_number());
  const bool fits = !other.is_number_unsigned() || other.get<std::uint64_t>() <= INT64_MAX;
  if (other.is_number_integer() && fits) MustBe(ours.integer() == other.get<std::int64_t>());
  if (other.is_number_float()) MustBe(ours.number() == other.get<double>());
}

void Same(JsonView ours, const ordered_json& other) {
  if (other.is_object()) {
    MustBe(ours.is_object());
    // Of names that come twice both give the last.
    for (const auto& [key, value] : other.items()) Same(ours[key], value);
    for (const auto m : ours.members()) MustBe(other.contains(m.key));
  } else if (other.is_array()) {
    MustBe(ours.is_array() && ours.size() == other.size());
    std::size_t i = 0;
    for (const auto item : ours.items()) Same(item, other[i++]);
  } else if (other.is_string()) {
    MustBe(ours.is_string() && ours.str() == other.get_ref<const std::string&>());
  } else if (other.is_number()) {
    SameNumber(ours, other);
  } else if (other.is_boolean()) {
    MustBe(ours.is_bool() && ours.truth() == other.get<bool>());
  } else {
    MustBe(ours.is_null());
  }
}

// What the other reader cannot hold: a number beyond double.
bool HasHugeNumber(JsonView v) {
  if (v.is_number()) return !v.number();
  for (const auto m : v.members()) {
    if (HasHugeNumber(m.value)) return true;
  }
  for (const auto item : v.items()) {
    if (HasHugeNumber(item)) return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // It skips a byte order mark, which the RFC forbids to send, and takes a NUL for the end; we refuse both.
  if (text.starts_with("\xef\xbb\xbf") || text.find('\0') != text.npos) return 0;
  const auto doc = JsonDoc::Parse(text);
  const auto other = ordered_json::parse(text, nullptr, false);
  if (!doc) {
    MustBe(!doc.error().message.empty());
    MustBe(other.is_discarded() || doc.error().reason == "json_too_deep");
    return 0;
  }
  MustBe(doc->root().raw().size() <= size);
  if (other.is_discarded()) {
    MustBe(HasHugeNumber(doc->root()));
  } else {
    Same(doc->root(), other);
  }
  return 0;
}
