#include "rails/databases.h"

#include <fmt/format.h>
#include <hs/hs.h>

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
  std::vector<const char*> words;
  std::vector<unsigned> flags, ids;
  std::vector<std::size_t> lengths;
  for (const auto& a : anchors) {
    words.push_back(a.word.data());  // the length says where it ends
    lengths.push_back(a.word.size());
    flags.push_back(HS_FLAG_CASELESS);
    ids.push_back(static_cast<unsigned>(ids.size()));
  }
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  if (hs_compile_lit_multi(words.data(), flags.data(), ids.data(), lengths.data(),
                           static_cast<unsigned>(words.size()), HS_MODE_BLOCK, nullptr, &database,
                           &error) != HS_SUCCESS) {
    return Fail(Code::kInternal, "the built-in word list does not compile: " + Take(error).message);
  }
  return Database(database);
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
