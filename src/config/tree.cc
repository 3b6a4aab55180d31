// YAML to tree, through yaml-cpp's event interface rather than its Node: events carry the place of
// everything, keys given twice can be seen (Node keeps one of them in silence), and aliases can be counted as
// they are expanded: nine lines of nested aliases otherwise make a billion nodes.

#include "config/tree.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <sstream>
#include <stdexcept>

namespace baton::config {
namespace {

constexpr std::size_t kMaxBytes = 4 * 1024 * 1024, kMaxNodes = 100'000, kMaxDepth = 32;

// Thrown inside yaml-cpp's callbacks only, caught in ReadTree.
struct Stop : std::runtime_error {
  Stop(Place p, const std::string& what) : std::runtime_error(what), place(std::move(p)) {}
  Place place;
};

std::size_t CountNodes(const Tree& t) {
  std::size_t n = 1;
  for (const auto& i : t.items) n += CountNodes(i);
  return n;
}

class Builder final : public YAML::EventHandler {
 public:
  Builder(std::shared_ptr<const std::string> file, Problems* problems)
      : file_(std::move(file)), problems_(problems) {}
  Tree Take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& m, YAML::anchor_t anchor) override {
    Add(Node(m, Tree::Kind::kNull), anchor);
  }
  void OnAlias(const YAML::Mark& m, YAML::anchor_t anchor) override {
    auto known = anchors_.find(anchor);
    if (known == anchors_.end()) throw Stop(At(m), "an alias inside the thing it stands for");
    nodes_ += CountNodes(known->second);
    CheckNodes(m);
    Add(known->second, 0);
  }
  void OnScalar(const YAML::Mark& m, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Tree t = Node(m, Tree::Kind::kScalar);
    t.scalar = value;
    t.quoted = tag == "!";
    bool null = !t.quoted && (value == "~" || value == "null" || value.empty());
    if (null) t.kind = Tree::Kind::kNull;
    Add(std::move(t), anchor);
  }
  void OnSequenceStart(const YAML::Mark& m, const std::string&, YAML::anchor_t a,
                       YAML::EmitterStyle::value) override {
    Open(Node(m, Tree::Kind::kList), a);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& m, const std::string&, YAML::anchor_t a,
                  YAML::EmitterStyle::value) override {
    Open(Node(m, Tree::Kind::kMap), a);
  }
  void OnMapEnd() override { Close(); }

 private:
  struct Level {
    Tree tree;
    YAML::anchor_t anchor;
    bool have_key = false;
  };

  Place At(const YAML::Mark& m) const { return {file_, m.line + 1, m.column + 1}; }
  Tree Node(const YAML::Mark& m, Tree::Kind kind) {
    ++nodes_;
    CheckNodes(m);
    Tree t;
    t.kind = kind;
    t.place = At(m);
    return t;
  }
  void CheckNodes(const YAML::Mark& m) const {
    if (nodes_ > kMaxNodes)
      throw Stop(At(m), fmt::format("more than {} entries (aliases expanded)", kMaxNodes));
  }
  void Open(Tree t, YAML::anchor_t anchor) {
    if (open_.size() >= kMaxDepth)
      throw Stop(t.place, fmt::format("nested more than {} levels deep", kMaxDepth));
    open_.push_back({std::move(t), anchor, false});
  }
  void Close() {
    Level level = std::move(open_.back());
    open_.pop_back();
    Add(std::move(level.tree), level.anchor);
  }
  void Add(Tree t, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = t;
    if (open_.empty()) {
      root_ = std::move(t);
      return;
    }
    Level& level = open_.back();
    if (level.tree.kind == Tree::Kind::kList) {
      level.tree.items.push_back(std::move(t));
    } else if (level.have_key) {
      level.tree.items.push_back(std::move(t));
      level.have_key = false;
    } else {
      AddKey(&level, t);
    }
  }
  void AddKey(Level* level, const Tree& t) {
    if (t.kind != Tree::Kind::kScalar) throw Stop(t.place, "a key must be a plain word");
    if (t.scalar == "<<")
      problems_->Add(t.place, "merge keys ('<<') are not supported: repeat the entries, or use include:");
    for (const auto& [key, place] : level->tree.keys) {
      if (key == t.scalar)
        problems_->Add(t.place, fmt::format("'{}' is given twice (first at line {})", key, place.line));
    }
    level->tree.keys.emplace_back(t.scalar, t.place);
    level->have_key = true;
  }

  std::shared_ptr<const std::string> file_;
  Problems* problems_;
  Tree root_;
  std::vector<Level> open_;
  std::map<YAML::anchor_t, Tree> anchors_;
  std::size_t nodes_ = 0;
};

// Says why the bytes cannot be a configuration at all; empty: they may be.
std::string NotText(std::string_view yaml) {
  if (yaml.size() > kMaxBytes)
    return fmt::format("the file has {} bytes; a configuration may have {} at most", yaml.size(), kMaxBytes);
  for (char c : yaml) {
    auto u = static_cast<unsigned char>(c);
    if (u == 0 || (u < 0x20 && c != '\n' && c != '\r' && c != '\t') || u == 0x7f) {
      return "this is not a text file (it holds control characters); a configuration is YAML in UTF-8";
    }
  }
  return {};
}

// yaml-cpp's own message about tabs does not say "tab".
int LineIndentedByTab(std::string_view yaml) {
  int line = 1;
  for (std::size_t i = 0; i < yaml.size(); ++line) {
    std::size_t end = std::min(yaml.find('\n', i), yaml.size());
    std::size_t text = yaml.find_first_not_of(" \t\r", i);
    std::size_t tab = yaml.find('\t', i);
    if (text < end && tab < text && yaml[text] != '#') return line;
    i = end + 1;
  }
  return 0;
}

}  // namespace

std::string Place::Text() const {
  std::string name = file ? *file : std::string("config");
  return line == 0 ? name : fmt::format("{}:{}:{}", name, line, column);
}

const Tree* Tree::Find(std::string_view key) const {
  for (std::size_t i = 0; i < keys.size() && i < items.size(); ++i) {
    if (keys[i].first == key) return &items[i];
  }
  return nullptr;
}

void Problems::Add(const Place& place, std::string message) {
  if (++count_ <= 100) errors_.push_back(place.Text() + ": " + message);
}

void Problems::Warn(const Place& place, std::string message) {
  if (warnings_.size() < 100) warnings_.push_back(place.Text() + ": " + message);
}

std::string Problems::Text() const {
  std::string out;
  for (const auto& e : errors_) out += (out.empty() ? "" : "\n") + e;
  if (count_ > errors_.size()) out += fmt::format("\n... and {} more", count_ - errors_.size());
  return out;
}

bool ReadTree(std::string_view yaml, std::shared_ptr<const std::string> file, Problems* problems,
              Tree* tree) {
  Place whole{file, 0, 0};
  if (std::string why = NotText(yaml); !why.empty()) return problems->Add(whole, why), false;
  if (int line = LineIndentedByTab(yaml); line != 0) {
    problems->Add({file, line, 1}, "indented with a tab; YAML wants spaces");
    return false;
  }
  try {
    std::istringstream in{std::string(yaml)};
    YAML::Parser parser(in);
    Builder builder(file, problems);
    bool some = parser.HandleNextDocument(builder);
    *tree = builder.Take();
    if (!some || tree->kind == Tree::Kind::kNull) {
      *tree = Tree{};
      tree->kind = Tree::Kind::kMap;
      tree->place = {file, 1, 1};
    }
    Builder second(file, problems);
    if (some && parser.HandleNextDocument(second)) {
      problems->Add(second.Take().place,
                    "a second document ('---') begins here; a configuration is one document");
      return false;
    }
  } catch (const Stop& stop) {
    return problems->Add(stop.place, stop.what()), false;
  } catch (const YAML::Exception& e) {
    return problems->Add({file, e.mark.line + 1, e.mark.column + 1}, "this is not YAML: " + e.msg), false;
  } catch (const std::exception& e) {
    return problems->Add(whole, fmt::format("cannot be read as YAML: {}", e.what())), false;
  }
  if (tree->kind == Tree::Kind::kMap) return true;
  problems->Add(tree->place, "a configuration is a map of keys (`workers:`, `routes:`, ...)");
  return false;
}

namespace {

void AppendText(std::string_view text, std::string* out) {
  out->push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') out->push_back('\\');
    if (static_cast<unsigned char>(c) < 0x20) {
      *out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out->push_back(c);
    }
  }
  out->push_back('"');
}

// As JSON writes numbers: what YAML would also read as one (octal, infinity) stays a text.
bool LooksLikeNumber(std::string_view s) {
  if (s.empty() || s == "-" || s.back() == '.' || s.front() == '.' || s.front() == '+') return false;
  if (s.find_first_not_of("-0123456789.eE+") != std::string_view::npos) return false;
  double v = 0;
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), v);
  return error == std::errc() && end == s.data() + s.size();
}

void AppendJson(const Tree& tree, std::string* out) {
  switch (tree.kind) {
    case Tree::Kind::kNull:
      *out += "null";
      return;
    case Tree::Kind::kScalar: {
      const std::string& s = tree.scalar;
      const bool plain = !tree.quoted && (s == "true" || s == "false" || s == "null" || LooksLikeNumber(s));
      if (plain) {
        *out += s;
      } else {
        AppendText(s, out);
      }
      return;
    }
    case Tree::Kind::kList:
    case Tree::Kind::kMap:
      break;
  }
  const bool map = tree.kind == Tree::Kind::kMap;
  out->push_back(map ? '{' : '[');
  for (std::size_t i = 0; i < tree.items.size(); ++i) {
    if (i > 0) out->push_back(',');
    if (map && i < tree.keys.size()) {
      AppendText(tree.keys[i].first, out);
      out->push_back(':');
    }
    AppendJson(tree.items[i], out);
  }
  out->push_back(map ? '}' : ']');
}

}  // namespace

std::string ToJson(const Tree& tree) {
  std::string out;
  AppendJson(tree, &out);
  return out;
}

}  // namespace baton::config
