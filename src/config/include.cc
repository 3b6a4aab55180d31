#include "config/include.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "config/draft.h"

namespace baton::config {
namespace {

constexpr std::size_t kMaxDepth = 8, kMaxFiles = 64;

class Includer {
 public:
  Includer(const Env& env, Problems* problems) : env_(env), problems_(problems) {}

  bool Read(std::string_view yaml, const std::string& path, Tree* tree) {
    chain_.push_back(Canonical(path));
    bool fine = ReadTree(yaml, std::make_shared<const std::string>(path), problems_, tree);
    if (fine) {
      if (const Tree* include = tree->Find("include")) {
        Tree list = *include;
        ReadIncluded(list, tree);
      }
    }
    chain_.pop_back();
    return fine;
  }

 private:
  static std::string Canonical(const std::string& path) {
    return std::filesystem::path(path).lexically_normal().string();
  }

  void ReadIncluded(const Tree& list, Tree* tree) {
    if (list.kind == Tree::Kind::kScalar) return ReadOne(list, tree);
    if (list.kind != Tree::Kind::kList)
      return problems_->Add(list.place, "include must be a path or a list of paths");
    // Backwards, because each is put in front of what is there.
    for (std::size_t i = list.items.size(); i-- > 0;) ReadOne(list.items[i], tree);
  }

  void ReadOne(const Tree& item, Tree* tree) {
    if (item.kind != Tree::Kind::kScalar || item.scalar.empty())
      return problems_->Add(item.place, "an include is a path");
    std::string path = ResolvePath(item.place, item.scalar);
    if (chain_.size() >= kMaxDepth)
      return problems_->Add(item.place, fmt::format("includes are nested more than {} deep", kMaxDepth));
    if (++files_ > kMaxFiles)
      return problems_->Add(item.place, fmt::format("more than {} files are included", kMaxFiles));
    for (const auto& open : chain_) {
      if (open == Canonical(path)) return problems_->Add(item.place, fmt::format("{} includes itself", path));
    }
    if (!env_.read_file) return problems_->Add(item.place, "includes cannot be read here");
    auto content = env_.read_file(path);
    if (!content) return problems_->Add(item.place, content.error().message);
    Tree included;
    if (Read(*content, path, &included)) Join(std::move(included), tree);
  }

  void Join(Tree from, Tree* into) {
    for (std::size_t i = 0; i < from.keys.size() && i < from.items.size(); ++i) {
      auto& [key, place] = from.keys[i];
      if (key == "include") continue;
      Tree& value = from.items[i];
      Tree* there = const_cast<Tree*>(std::as_const(*into).Find(key));  // `into` is ours
      if (there == nullptr) {
        into->keys.emplace_back(key, place);
        into->items.push_back(std::move(value));
      } else if (there->kind == Tree::Kind::kList && value.kind == Tree::Kind::kList) {
        there->items.insert(there->items.begin(), std::make_move_iterator(value.items.begin()),
                            std::make_move_iterator(value.items.end()));
      } else if (there->kind == Tree::Kind::kMap && value.kind == Tree::Kind::kMap) {
        Join(std::move(value), there);
      } else {
        problems_->Add(place, fmt::format("'{}' is given here and at {}", key, there->place.Text()));
      }
    }
  }

  const Env& env_;
  Problems* problems_;
  std::vector<std::string> chain_;
  std::size_t files_ = 0;
};

}  // namespace

bool ReadWithIncludes(std::string_view yaml, const std::string& path, const Env& env, Problems* problems,
                      Tree* tree) {
  return Includer(env, problems).Read(yaml, path, tree);
}

std::string ResolvePath(const Place& place, const std::string& path) {
  std::filesystem::path p(path);
  if (p.is_absolute() || !place.file) return path;
  return (std::filesystem::path(*place.file).parent_path() / p).lexically_normal().string();
}

}  // namespace baton::config
