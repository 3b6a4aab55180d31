// Workers that compute instead of predicting: a calculator, SQL over tables, Python in the sandbox, full-text
// search. They are asked like any worker, in plain language or in their own notation, and answer in text.
//
// Problem: a team of small models is mostly wrong where a forty-year-old program is always right. Options:
// tools that a model calls (it has to know how; a model of a hundred million parameters does not), or workers
// like all others, which whoever coordinates can ask directly. Choice: workers. What they understand is small
// and fixed; what they do not understand they say so, in words, and that answer costs as much as any other. A
// step before them may write the expression, the query or the code that they then run.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "exact/reading.h"
#include "pool/backend.h"
#include "verify/sandbox.h"

namespace baton::exact {

// Computes from text. Never fails as a call. One object per backend and loop.
class Answerer {
 public:
  virtual ~Answerer() = default;
  // The answer, one or a few lines; empty: nothing in the reading can be computed. `reading` outlives the
  // task.
  virtual Task<std::string> Answer(const Reading& reading, Loop& loop, Cancel* cancel) = 0;
  // What it can do, in a sentence: said when it cannot.
  virtual std::string_view ability() const = 0;
};

struct Table {
  std::string name;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  // cells that are numbers are stored as such
};
struct Document {
  std::string name, text;
};

// Dates, units, expressions. Stateless.
std::unique_ptr<Answerer> NewCalculator();
// kInvalidRequest "bad_table" for names that are no identifiers or rows of unequal length.
Result<std::unique_ptr<Answerer>> NewSql(const std::vector<Table>& tables);
Result<std::unique_ptr<Answerer>> NewSearch(const std::vector<Document>& documents);
std::unique_ptr<Answerer> NewPython(std::shared_ptr<verify::Sandbox> sandbox);

// From a folder: *.csv with a header line (at most 16 MB in all), or *.txt and *.md. kNotFound, kTooLarge.
Result<std::vector<Table>> ReadTables(const std::string& folder);
Result<std::vector<Document>> ReadDocuments(const std::string& folder);

// The answerer a worker of dialect "exact" names: `model` is calculator, sql, python or search, `path` the
// folder of sql and search. kInvalidRequest "unknown_exact_worker".
Result<std::unique_ptr<Answerer>> MakeAnswerer(const pool::Worker& worker);

// Asked for a verdict (WantsVerdict), it answers ACCEPT when the answer under review says what it computes
// itself, REJECT and its own result otherwise, and neither when it cannot compute. Token counts are zero: its
// price is per call. A null `answerer` (its folder could not be read) gives a backend whose every call fails.
std::unique_ptr<pool::Backend> CreateExactBackend(std::shared_ptr<const pool::Worker> worker, Loop& loop,
                                                  std::unique_ptr<Answerer> answerer);

}  // namespace baton::exact
