// Inside config/: a YAML file as a tree that remembers where everything stood. No yaml-cpp type leaves
// tree.cc.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace baton::config {

// Where something stands in a file. Lines and columns count from one; 0: the file as a whole.
struct Place {
  std::shared_ptr<const std::string> file;
  int line = 0, column = 0;
  // "config.yaml:12:5"
  std::string Text() const;
};

struct Tree {
  enum class Kind { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  Place place;
  std::string scalar;
  bool quoted = false;                              // a quoted scalar is a text, whatever it looks like
  std::vector<Tree> items;                          // of a list; values of a map
  std::vector<std::pair<std::string, Place>> keys;  // of a map, same order as `items`
  // Null when absent.
  const Tree* Find(std::string_view key) const;
};

// The tree as JSON; scalars that are not quoted and read as a number, true, false or null are those.
std::string ToJson(const Tree& tree);

// What was found wrong or worth saying, in the order it was found.
class Problems {
 public:
  void Add(const Place& place, std::string message);
  void Warn(const Place& place, std::string message);
  bool any() const { return count_ > 0; }
  // The list, one per line, bounded.
  std::string Text() const;
  std::vector<std::string>& warnings() { return warnings_; }

 private:
  std::vector<std::string> errors_, warnings_;
  std::size_t count_ = 0;
};

// The one document of `yaml`. False when it is unusable (said in `problems`): not text, not YAML, too large
// or too deep, more than one document. An empty file gives an empty map. Anchors and aliases work, within the
// limit on nodes; merge keys ("<<") and keys given twice are problems.
bool ReadTree(std::string_view yaml, std::shared_ptr<const std::string> file, Problems* problems, Tree* tree);

}  // namespace baton::config
