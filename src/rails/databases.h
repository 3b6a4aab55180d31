// Inside rails/: Vectorscan's databases and scratch space, owned. Its own header is seen by the .cc files
// only.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "rails/classifier.h"
#include "rails/finding.h"

struct hs_database;
struct hs_scratch;

namespace baton::rails {

struct FreeDatabase {
  void operator()(hs_database* d) const;
};
struct FreeScratch {
  void operator()(hs_scratch* s) const;
};
using Database = std::unique_ptr<hs_database, FreeDatabase>;
using Scratch = std::unique_ptr<hs_scratch, FreeScratch>;

// A few spaces ready to use; clones are made when more threads scan at once and are kept while there is room.
// Thread safe, without a lock.
class ScratchSlots {
 public:
  explicit ScratchSlots(Scratch prototype) : prototype_(std::move(prototype)) {}
  ~ScratchSlots();
  // Null when there is no memory for another.
  Scratch Take() const;
  void GiveBack(Scratch scratch) const;

 private:
  Scratch prototype_;  // only cloned, never scanned with
  mutable std::array<std::atomic<hs_scratch*>, 32> slots_{};
};

// The built-in words, all in one; ids are places in `anchors`, whose words must outlive the call only.
Result<Database> CompileWords(const std::vector<Anchor>& anchors);
// The operator's patterns, all in one; ids are places in `custom`. kInvalidRequest naming the one at fault.
Result<Database> CompileCustom(const std::vector<ClassifierOptions::Custom>& custom);
// Built-in expressions, case aside, reported once each; ids are places in `patterns`.
Result<Database> CompileSigns(const std::vector<std::string>& patterns);
// One pattern that reports where matches begin; null where Vectorscan cannot.
Database CompileWithStart(const std::string& pattern);
// One word of a dictionary: its place in `dictionaries`, and its size.
struct Entry {
  std::size_t dictionary = 0, size = 0;
};
// The words of all dictionaries in one; ids are places in `entries`, which is filled.
Result<Database> CompileDictionaries(const std::vector<ClassifierOptions::Dictionary>& dictionaries,
                                     std::vector<Entry>* entries);
// Whether what the operator wrote has a name, a class and a size that can be used. kInvalidRequest.
Status CheckCustom(const std::vector<ClassifierOptions::Custom>& custom);
Status CheckDictionaries(const std::vector<ClassifierOptions::Dictionary>& dictionaries);
// Grows `scratch` (or makes it) to suit the database too.
bool MakeScratch(const Database& database, Scratch* scratch);
// False: this CPU cannot run Vectorscan.
bool CpuFits();

}  // namespace baton::rails
