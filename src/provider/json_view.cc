// Reading the values of a parsed document.
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "provider/json_nodes.h"

namespace baton::provider {

std::string_view JsonKindName(JsonKind kind) {
  switch (kind) {
    case JsonKind::kMissing:
      return "nothing";
    case JsonKind::kNull:
      return "null";
    case JsonKind::kBool:
      return "a boolean";
    case JsonKind::kNumber:
      return "a number";
    case JsonKind::kString:
      return "a string";
    case JsonKind::kArray:
      return "an array";
    case JsonKind::kObject:
      return "an object";
  }
  return "nothing";
}

JsonKind JsonView::kind() const {
  return buffers_ ? buffers_->nodes[node_].kind : JsonKind::kMissing;
}
std::uint32_t JsonView::Begin() const {
  return buffers_->nodes[node_].begin;
}
std::uint32_t JsonView::End() const {
  return buffers_->nodes[node_].end;
}
std::size_t JsonView::offset() const {
  return buffers_ ? Begin() : 0;
}

std::string_view JsonView::raw() const {
  if (!buffers_) return {};
  return buffers_->text.substr(Begin(), End() - Begin());
}

std::string_view JsonView::str() const {
  if (kind() != JsonKind::kString) return {};
  const JsonNode& n = buffers_->nodes[node_];
  if (n.escaped) return std::string_view(buffers_->arena).substr(n.text, n.text_size);
  return buffers_->text.substr(n.begin + 1, n.end - n.begin - 2);
}

bool JsonView::truth() const {
  return kind() == JsonKind::kBool && buffers_->text[Begin()] == 't';
}

std::optional<double> JsonView::number() const {
  if (kind() != JsonKind::kNumber) return {};
  double value = 0;
  const std::string_view r = raw();
  const auto got = std::from_chars(r.data(), r.data() + r.size(), value);
  // Out of range leaves `value` alone and does not say which side: strtod does (zero, or infinity).
  if (got.ec == std::errc::result_out_of_range) value = std::strtod(std::string(r).c_str(), nullptr);
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::optional<std::int64_t> JsonView::integer() const {
  if (kind() != JsonKind::kNumber) return {};
  const std::string_view r = raw();
  std::int64_t value = 0;
  const auto got = std::from_chars(r.data(), r.data() + r.size(), value);
  if (got.ec == std::errc() && got.ptr == r.data() + r.size()) return value;
  const auto d = number();
  if (!d || *d != std::floor(*d) || std::abs(*d) > 9007199254740992.0) return {};
  return static_cast<std::int64_t>(*d);
}

JsonView JsonView::Next() const {
  return {buffers_, buffers_->nodes[node_].next};
}

JsonView::Iterator& JsonView::Iterator::operator++() {
  if (object_) ++at_.node_;  // the name is one node, then the value
  at_ = at_.Next();
  return *this;
}

JsonView::Member JsonView::Members::It::operator*() const {
  JsonView key = at_;
  return {key.str(), key.Next()};
}

JsonView::Members JsonView::members() const {
  if (!is_object()) return {{{}, true}, {{}, true}};
  return {{JsonView(buffers_, node_ + 1), true}, {Next(), true}};
}

JsonView::Items JsonView::items() const {
  if (!is_array()) return {{{}, false}, {{}, false}};
  return {{JsonView(buffers_, node_ + 1), false}, {Next(), false}};
}

std::size_t JsonView::size() const {
  std::size_t n = 0;
  if (is_object()) {
    for (auto it = members().begin(); it != members().end(); ++it) ++n;
  } else {
    for (auto it = items().begin(); it != items().end(); ++it) ++n;
  }
  return n;
}

bool JsonView::empty() const {
  return !buffers_ || buffers_->nodes[node_].next == node_ + 1;
}

// Codecs look up dozens of names per document, so this walks the nodes themselves.
JsonView JsonView::operator[](std::string_view key) const {
  if (!is_object()) return {};
  const JsonNode* nodes = buffers_->nodes.data();
  const char* text = buffers_->text.data();
  const std::uint32_t end = nodes[node_].next;
  std::uint32_t found = 0;
  for (std::uint32_t at = node_ + 1; at < end; at = nodes[at + 1].next) {
    const JsonNode& name = nodes[at];
    const bool same = name.escaped ? JsonView(buffers_, at).str() == key
                                   : name.end - name.begin - 2 == key.size() &&
                                         std::memcmp(text + name.begin + 1, key.data(), key.size()) == 0;
    if (same) found = at + 1;
  }
  return found == 0 ? JsonView() : JsonView(buffers_, found);
}

}  // namespace baton::provider
