#include "rails/databases.h"

#include <fmt/format.h>
#include <hs/hs.h>

#include <algorithm>
#include <string_view>
#include <thread>

namespace baton::rails {
namespace {

struct CompileProblem {
  int expression = -1;
  std::string message;
};

CompileProblem Take(hs_compile_error_t* error) {
  CompileProblem p{error->expression, error->message};
  hs_free_compile_error(error);
  return p;
}

// Literal words for one database; ids are places in the order they were added.
struct Literals {
  std::vector<const char*> words;
  std::vector<unsigned> flags, ids;
  std::vector<std::size_t> lengths;

  // `word` must outlive Compile().
  void Add(std::string_view word, bool any_case) {
    words.push_back(word.data());  // the length says where it ends
    lengths.push_back(word.size());
    flags.push_back(any_case ? HS_FLAG_CASELESS : 0);
    ids.push_back(static_cast<unsigned>(ids.size()));
  }
  Result<Database> Compile(const char* what) const {
    hs_database_t* database = nullptr;
    hs_compile_error_t* error = nullptr;
    if (hs_compile_lit_multi(words.data(), flags.data(), ids.data(), lengths.data(),
                             static_cast<unsigned>(words.size()), HS_MODE_BLOCK, nullptr, &database,
                             &error) != HS_SUCCESS) {
      return Fail(Code::kInternal, fmt::format("{} cannot be compiled: {}", what, Take(error).message));
    }
    return Database(database);
  }
};

// How many states a pattern's counted repeats may unroll to: the product of nested bounds. Compiling beyond
// this takes minutes and gigabytes ("((a{1,300}b){1,300}c){1,300}" took 26 s to be refused), and a reload
// would wait for it.
constexpr double kMostStates = 200'000;

double StatesOf(std::string_view pattern) {
  std::vector<double> open = {0};  // states of each open group so far
  double atom = 0;                 // of the last atom, which a repeat multiplies
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '(') {
      open.push_back(0);
      atom = 0;
      continue;
    }
    if (c == ')' && open.size() > 1) {
      atom = std::max(open.back(), 1.0);
      open.pop_back();
      open.back() += atom;
      continue;
    }
    if (c == '{') {
      double most = 0, figure = 0;
      std::size_t p = i + 1;
      for (; p < pattern.size() && pattern[p] != '}' && p < i + 20; ++p) {
        figure = pattern[p] >= '0' && pattern[p] <= '9' ? figure * 10 + (pattern[p] - '0') : 0;
        most = std::max(most, figure);
      }
      open.back() += atom * std::max(0.0, most - 1);
      atom *= std::max(1.0, most);
      i = p;
      continue;
    }
    if (c == '\\') ++i;
    if (c == '[') {
      while (i + 1 < pattern.size() && pattern[i] != ']') i += pattern[i] == '\\' ? 2 : 1;
    }
    if (c == '*' || c == '+' || c == '?' || c == '|' || c == '^' || c == '$') continue;
    atom = 1;
    open.back() += 1;
  }
  double all = 0;
  for (const double n : open) all += n;
  return all;
}

}  // namespace

void FreeDatabase::operator()(hs_database* d) const {
  hs_free_database(d);
}
void FreeScratch::operator()(hs_scratch* s) const {
  hs_free_scratch(s);
}

ScratchSlots::~ScratchSlots() {
  for (auto& slot : slots_) hs_free_scratch(slot.load());
}

Scratch ScratchSlots::Take() const {
  std::size_t start = std::hash<std::thread::id>()(std::this_thread::get_id());
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    auto& slot = slots_[(start + i) % slots_.size()];
    if (hs_scratch_t* s = slot.exchange(nullptr, std::memory_order_acquire)) return Scratch(s);
  }
  hs_scratch_t* fresh = nullptr;
  return hs_clone_scratch(prototype_.get(), &fresh) == HS_SUCCESS ? Scratch(fresh) : nullptr;
}

void ScratchSlots::GiveBack(Scratch scratch) const {
  std::size_t start = std::hash<std::thread::id>()(std::this_thread::get_id());
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    hs_scratch_t* none = nullptr;
    auto& slot = slots_[(start + i) % slots_.size()];
    if (slot.compare_exchange_strong(none, scratch.get(), std::memory_order_release)) {
      (void)scratch.release();
      return;
    }
  }
}

Result<Database> CompileWords(const std::vector<Anchor>& anchors) {
  Literals words;
  for (const auto& a : anchors) words.Add(a.word, true);
  return words.Compile("the built-in word list");
}

Result<Database> CompileDictionaries(const std::vector<ClassifierOptions::Dictionary>& dictionaries,
                                     std::vector<Entry>* entries) {
  Literals words;
  for (std::size_t d = 0; d < dictionaries.size(); ++d) {
    for (const auto& word : dictionaries[d].words) {
      words.Add(word, dictionaries[d].any_case);
      entries->push_back({d, word.size()});
    }
  }
  return words.Compile("the dictionaries");
}

Result<Database> CompileCustom(const std::vector<ClassifierOptions::Custom>& custom) {
  std::vector<const char*> patterns;
  std::vector<unsigned> flags, ids;
  for (const auto& p : custom) {
    patterns.push_back(p.pattern.c_str());
    flags.push_back(HS_FLAG_SINGLEMATCH);
    ids.push_back(static_cast<unsigned>(ids.size()));
  }
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  if (hs_compile_multi(patterns.data(), flags.data(), ids.data(), static_cast<unsigned>(patterns.size()),
                       HS_MODE_BLOCK, nullptr, &database, &error) != HS_SUCCESS) {
    CompileProblem p = Take(error);
    std::string who = p.expression >= 0
                          ? fmt::format("pattern '{}'", custom[static_cast<std::size_t>(p.expression)].name)
                          : std::string("the patterns");
    return Fail(Code::kInvalidRequest, fmt::format("{} cannot be used: {}", who, p.message), "bad_pattern");
  }
  return Database(database);
}

Status CheckCustom(const std::vector<ClassifierOptions::Custom>& custom) {
  if (custom.size() > ClassifierOptions::kMaxPatterns)
    return Fail(Code::kInvalidRequest, "at most 200 patterns are allowed", "bad_pattern");
  for (const auto& p : custom) {
    if (p.name.empty() || p.data_class.empty()) {
      return Fail(Code::kInvalidRequest, "a pattern needs a name and a class", "bad_pattern");
    }
    if (StatesOf(p.pattern) > kMostStates) {
      return Fail(
          Code::kInvalidRequest,
          fmt::format("pattern '{}' cannot be used: its counted repeats stand for more than {:.0f} states",
                      p.name, kMostStates),
          "bad_pattern");
    }
    if (p.pattern.empty() || p.pattern.size() > ClassifierOptions::kMaxPattern ||
        p.pattern.find('\0') != std::string::npos) {
      return Fail(Code::kInvalidRequest, fmt::format("pattern '{}' must have 1 to 1000 characters", p.name),
                  "bad_pattern");
    }
  }
  return {};
}

Status CheckDictionaries(const std::vector<ClassifierOptions::Dictionary>& dictionaries) {
  std::size_t words = 0;
  for (const auto& d : dictionaries) {
    if (d.name.empty() || d.data_class.empty() || d.words.empty()) {
      return Fail(Code::kInvalidRequest, "a dictionary needs a name, a class and words", "bad_dictionary");
    }
    words += d.words.size();
    for (const auto& w : d.words) {
      if (w.size() >= 2 && w.size() <= ClassifierOptions::kMaxWord && w.find('\0') == std::string::npos)
        continue;
      return Fail(Code::kInvalidRequest,
                  fmt::format("dictionary '{}': a word must have 2 to 200 bytes", d.name), "bad_dictionary");
    }
  }
  if (words <= ClassifierOptions::kMaxWords) return {};
  return Fail(Code::kInvalidRequest,
              fmt::format("dictionaries: {} words are more than the {} that are allowed in all", words,
                          ClassifierOptions::kMaxWords),
              "bad_dictionary");
}

Result<Database> CompileSigns(const std::vector<std::string>& patterns) {
  std::vector<const char*> texts;
  std::vector<unsigned> flags, ids;
  for (const auto& p : patterns) {
    texts.push_back(p.c_str());
    flags.push_back(HS_FLAG_CASELESS | HS_FLAG_SINGLEMATCH | HS_FLAG_DOTALL);
    ids.push_back(static_cast<unsigned>(ids.size()));
  }
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  if (hs_compile_multi(texts.data(), flags.data(), ids.data(), static_cast<unsigned>(texts.size()),
                       HS_MODE_BLOCK, nullptr, &database, &error) != HS_SUCCESS) {
    const CompileProblem p = Take(error);
    return Fail(Code::kInternal, fmt::format("expression {} does not compile: {}", p.expression, p.message));
  }
  return Database(database);
}

Database CompileWithStart(const std::string& pattern) {
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  if (hs_compile(pattern.c_str(), HS_FLAG_SOM_LEFTMOST, HS_MODE_BLOCK, nullptr, &database, &error) !=
      HS_SUCCESS) {
    hs_free_compile_error(error);
    return nullptr;
  }
  return Database(database);
}

bool MakeScratch(const Database& database, Scratch* scratch) {
  hs_scratch_t* raw = scratch->release();
  bool ok = hs_alloc_scratch(database.get(), &raw) == HS_SUCCESS;
  scratch->reset(raw);
  return ok;
}

bool CpuFits() {
  return hs_valid_platform() == HS_SUCCESS;
}

}  // namespace baton::rails
