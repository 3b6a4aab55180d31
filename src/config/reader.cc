// The loop that reads every object of the file by its rows.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/nearest.h"
#include "config/rows.h"
#include "config/scalars.h"

namespace baton::config {
namespace {

std::vector<std::string_view> SplitWords(std::string_view words) {
  std::vector<std::string_view> out;
  while (!words.empty()) {
    std::size_t bar = std::min(words.find('|'), words.size());
    out.push_back(words.substr(0, bar));
    words = words.substr(std::min(bar + 1, words.size()));
  }
  return out;
}

std::string KindOf(const Tree& t) {
  switch (t.kind) {
    case Tree::Kind::kNull:
      return "nothing";
    case Tree::Kind::kScalar:
      return "a single value";
    case Tree::Kind::kList:
      return "a list";
    case Tree::Kind::kMap:
      return "a map";
  }
  return "";
}

const Row* FindRow(const Shape& shape, std::string_view key) {
  for (const auto& row : shape.rows) {
    if (row.key == key) return &row;
  }
  return nullptr;
}

void UnknownKey(const Shape& shape, const std::string& key, const Place& place, Problems* problems) {
  std::vector<std::string_view> known;
  for (const auto& row : shape.rows) known.push_back(row.key);
  std::string shown = key.size() > 40 ? key.substr(0, 40) + "..." : key;
  std::string message = fmt::format("unknown key '{}' in {}", shown, shape.name);
  std::string_view near = Nearest(key, known);
  if (!near.empty()) {
    message += fmt::format("; did you mean '{}'?", near);
  } else {
    message += fmt::format("; known: {}", fmt::join(known, ", "));
  }
  problems->Add(place, message);
}

std::string CheckWord(std::string_view words, std::string_view text) {
  auto known = SplitWords(words);
  if (std::find(known.begin(), known.end(), text) != known.end()) return "";
  std::string_view near = Nearest(text, known);
  std::string hint = near.empty() ? fmt::format("known: {}", fmt::join(known, ", "))
                                  : fmt::format("did you mean '{}'?", near);
  return fmt::format("'{}' is not known here; {}", text.substr(0, 40), hint);
}

std::string CheckBounds(const Row& row, double value) {
  if (row.max == 0 || (value >= row.min && value <= row.max)) return "";
  std::string_view unit = row.kind == Kind::kDuration ? "s" : row.kind == Kind::kSize ? " bytes" : "";
  return fmt::format("must be between {}{} and {}{}", row.min, unit, row.max, unit);
}

// Reads one scalar by kind; a sentence on failure.
std::string ReadScalar(const Row& row, const std::string& text, Value* v) {
  std::string wrong;
  v->text = text;
  switch (row.kind) {
    case Kind::kText:
      return text.empty() ? "must not be empty" : "";
    case Kind::kFlag:
      return ReadFlag(text, &v->flag);
    case Kind::kInteger:
      wrong = ReadInteger(text, &v->integer);
      return wrong.empty() ? CheckBounds(row, static_cast<double>(v->integer)) : wrong;
    case Kind::kNumber:
      wrong = ReadNumber(text, &v->number);
      return wrong.empty() ? CheckBounds(row, v->number) : wrong;
    case Kind::kDuration:
      wrong = ReadDuration(text, &v->duration);
      return wrong.empty() ? CheckBounds(row, std::chrono::duration<double>(v->duration).count()) : wrong;
    case Kind::kSize:
      wrong = ReadSize(text, &v->integer);
      return wrong.empty() ? CheckBounds(row, static_cast<double>(v->integer)) : wrong;
    case Kind::kMoney:
      return ReadMoney(text, &v->money);
    case Kind::kDate:
      return ReadDate(text, &v->integer);
    case Kind::kWord:
      return CheckWord(row.words, text);
    default:
      return "";
  }
}

void ReadTexts(const Row& row, const Tree& tree, Node* object, Problems* problems) {
  Value v;
  v.place = tree.place;
  auto add = [&](const Tree& item) {
    std::string wrong = item.kind != Tree::Kind::kScalar ? fmt::format("must be a text, not {}", KindOf(item))
                        : row.kind == Kind::kWords       ? CheckWord(row.words, item.scalar)
                                                         : "";
    if (!wrong.empty()) return problems->Add(item.place, fmt::format("{}: {}", row.key, wrong));
    v.texts.push_back(item.scalar);
  };
  if (tree.kind == Tree::Kind::kScalar) {
    add(tree);
  } else if (tree.kind == Tree::Kind::kList) {
    for (const auto& item : tree.items) add(item);
  } else {
    return problems->Add(tree.place, fmt::format("{} must be a list, not {}", row.key, KindOf(tree)));
  }
  row.set(object, v);
}

void ReadList(const Row& row, const Tree& tree, Node* object, Problems* problems) {
  const Shape& child = row.child();
  if (tree.kind == Tree::Kind::kMap && row.kind == Kind::kOneOrList) {
    return ReadObject(child, tree, row.open(object), problems);
  }
  if (tree.kind != Tree::Kind::kList) {
    return problems->Add(tree.place,
                         fmt::format("{} must be a list of {} entries (lines that begin with '- '), not {}",
                                     row.key, child.name, KindOf(tree)));
  }
  for (const auto& item : tree.items) {
    if (item.kind == Tree::Kind::kMap) {
      ReadObject(child, item, row.open(object), problems);
    } else {
      problems->Add(item.place, fmt::format("each {} is a map of keys, not {}", child.name, KindOf(item)));
    }
  }
}

void ReadRow(const Row& row, const Tree& tree, Node* object, Problems* problems) {
  switch (row.kind) {
    case Kind::kCustom:
      return row.custom(object, tree, problems);
    case Kind::kWords:
    case Kind::kTexts:
      return ReadTexts(row, tree, object, problems);
    case Kind::kList:
    case Kind::kOneOrList:
      return ReadList(row, tree, object, problems);
    case Kind::kMap:
      if (tree.kind == Tree::Kind::kMap) return ReadObject(row.child(), tree, row.open(object), problems);
      return problems->Add(tree.place,
                           fmt::format("{} must be a map of keys, not {}", row.key, KindOf(tree)));
    default:
      break;
  }
  if (tree.kind != Tree::Kind::kScalar) {
    return problems->Add(tree.place, fmt::format("{} must be a single value, not {}", row.key, KindOf(tree)));
  }
  Value v;
  v.place = tree.place;
  std::string wrong = ReadScalar(row, tree.scalar, &v);
  if (!wrong.empty()) return problems->Add(tree.place, fmt::format("{}: {}", row.key, wrong));
  row.set(object, v);
}

}  // namespace

void ReadObject(const Shape& shape, const Tree& tree, Node* object, Problems* problems) {
  object->place = tree.place;
  for (std::size_t i = 0; i < tree.keys.size() && i < tree.items.size(); ++i) {
    const auto& [key, place] = tree.keys[i];
    if (key == "<<") continue;  // told already
    const Row* row = FindRow(shape, key);
    if (row == nullptr) {
      UnknownKey(shape, key, place, problems);
      continue;
    }
    if (tree.items[i].kind == Tree::Kind::kNull) {
      problems->Add(place, fmt::format("{} has no value", key));
      continue;
    }
    object->at.emplace(key, tree.items[i].place);
    ReadRow(*row, tree.items[i], object, problems);
  }
  for (const auto& row : shape.rows) {
    if (row.required && tree.Find(row.key) == nullptr) {
      problems->Add(tree.place, fmt::format("{} needs a '{}'", shape.name, row.key));
    }
  }
}

}  // namespace baton::config
