// Inside config/: the table of rows. A row says what a key is called, what it holds, between which bounds,
// what it is for and where its value goes. Reading, suggestions, the JSON Schema and docs/config.md are loops
// over the rows; adding a key is adding a row (in rows_*.cc).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/clock.h"
#include "budget/money.h"
#include "config/tree.h"

namespace baton::config {

// What a row's value is read into before it goes to its field.
struct Value {
  Place place;
  std::string text;
  bool flag = false;
  std::int64_t integer = 0;  // also bytes
  double number = 0;
  Duration duration{};
  budget::Nanos money;
  std::vector<std::string> texts;
};

// Base of every object that rows fill: remembers where it and its keys stood, for the checks that come later.
struct Node {
  Place place;
  std::map<std::string, Place, std::less<>> at;
  bool Has(std::string_view key) const { return at.find(key) != at.end(); }
  Place At(std::string_view key) const {
    auto i = at.find(key);
    return i == at.end() ? place : i->second;
  }
};

enum class Kind {
  kText,       // any text that is not empty
  kFlag,       // true, false
  kInteger,    // min..max
  kNumber,     // min..max
  kDuration,   // "1500ms"; min..max in seconds
  kSize,       // "32MB"; min..max in bytes
  kMoney,      // USD, read from the text exactly
  kDate,       // YYYY-MM-DD, as unix seconds
  kWord,       // one of `words`
  kWords,      // a list of `words`
  kTexts,      // a list of texts, or one text
  kMap,        // an object of shape `child`
  kList,       // a list of objects of shape `child`
  kOneOrList,  // the same, or one object alone
  kCustom,     // read by `custom`, described by `schema`
};

struct Shape;

struct Row {
  std::string_view key;
  Kind kind = Kind::kText;
  std::string_view doc;
  std::string_view standard;  // the default, as text; empty: none
  bool required = false;
  double min = 0, max = 0;  // max 0: no bounds
  std::string_view words;   // "a|b|c"
  void (*set)(Node*, const Value&) = nullptr;
  Node* (*open)(Node*) = nullptr;  // the object to fill for kMap, or a new one at the end of the list
  const Shape& (*child)() = nullptr;
  void (*custom)(Node*, const Tree&, Problems*) = nullptr;
  std::string_view schema;  // JSON of a kCustom row
  std::string_view form;    // how docs call it; empty: by kind

  constexpr Row& Default(std::string_view text) { return standard = text, *this; }
  constexpr Row& Required() { return required = true, *this; }
  constexpr Row& Between(double low, double high) { return min = low, max = high, *this; }
};

struct Shape {
  std::string_view name;  // "worker": for messages and headings
  std::string_view doc;
  std::vector<Row> rows;
};

// The whole file.
const Shape& RootShape();

// Fills `object` from a map by the shape's rows. Problems are added, never thrown; a wrong value leaves its
// field alone.
void ReadObject(const Shape& shape, const Tree& tree, Node* object, Problems* problems);

// ---- how rows are written ----

inline void Assign(bool& to, const Value& v) {
  to = v.flag;
}
inline void Assign(double& to, const Value& v) {
  to = v.number;
}
inline void Assign(Duration& to, const Value& v) {
  to = v.duration;
}
inline void Assign(budget::Nanos& to, const Value& v) {
  to = v.money;
}
inline void Assign(std::string& to, const Value& v) {
  to = v.text;
}
inline void Assign(std::vector<std::string>& to, const Value& v) {
  to = v.texts;
}
inline void Assign(std::set<std::string>& to, const Value& v) {
  to = {v.texts.begin(), v.texts.end()};
}
template <class T>
  requires std::is_integral_v<T>
void Assign(T& to, const Value& v) {
  to = static_cast<T>(v.integer);
}
template <class T>
void Assign(std::optional<T>& to, const Value& v) {
  Assign(to.emplace(), v);
}

template <class>
struct MemberOf;
template <class C, class T>
struct MemberOf<T C::*> {
  using Object = C;
};

// Into<&WorkerDraft::name>, or a member of a member: Into<&LimitsDraft::v, &net::ServerLimits::idle>.
template <auto First, auto... Rest>
void Into(Node* node, const Value& v) {
  auto* object = static_cast<typename MemberOf<decltype(First)>::Object*>(node);
  if constexpr (sizeof...(Rest) == 0) {
    Assign(object->*First, v);
  } else {
    Assign(((object->*First).*....*Rest), v);
  }
}

template <auto Member>
Node* Inside(Node* node) {
  return &(static_cast<typename MemberOf<decltype(Member)>::Object*>(node)->*Member);
}
template <auto Member>
Node* Append(Node* node) {
  return &(static_cast<typename MemberOf<decltype(Member)>::Object*>(node)->*Member).emplace_back();
}

using Setter = void (*)(Node*, const Value&);
constexpr Row MakeRow(Kind kind, std::string_view key, Setter set, std::string_view doc) {
  Row r;
  r.kind = kind;
  r.key = key;
  r.set = set;
  r.doc = doc;
  return r;
}
constexpr Row MakeWords(Kind kind, std::string_view key, std::string_view words, Setter set,
                        std::string_view doc) {
  Row r = MakeRow(kind, key, set, doc);
  r.words = words;
  return r;
}
constexpr Row MakeChild(Kind kind, std::string_view key, Node* (*open)(Node*), const Shape& (*child)(),
                        std::string_view doc) {
  Row r = MakeRow(kind, key, nullptr, doc);
  r.open = open;
  r.child = child;
  return r;
}
constexpr Row MakeCustom(std::string_view key, void (*custom)(Node*, const Tree&, Problems*),
                         std::string_view form, std::string_view schema, std::string_view doc) {
  Row r = MakeRow(Kind::kCustom, key, nullptr, doc);
  r.custom = custom;
  r.form = form;
  r.schema = schema;
  return r;
}

}  // namespace baton::config
