// Published routing data sets, in the layouts their authors ship, as outcome matrices.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "evaluate/outcome.h"
#include "evaluate/read_matrix.h"

namespace baton::evaluate {

struct ImportReport {
  std::size_t rows = 0, workers = 0;
  std::vector<LineProblem> problems;  // what was left out; the first 50
};

// Collects rows and cells that come in any order, one answer or one question at a time.
class Gather {
 public:
  // The row of that key, made when it is new. References stay until the next call.
  Row& RowOf(const std::string& benchmark, const std::string& id);
  // A further answer of the same worker to the same question replaces the first.
  Cell& CellOf(Row& row, const std::string& worker);
  void Problem(std::string what);

  OutcomeMatrix& matrix() { return matrix_; }
  ImportReport& report() { return report_; }

 private:
  OutcomeMatrix matrix_;
  ImportReport report_;
  std::unordered_map<std::string, std::size_t> rows_, workers_;
};

// `text` is one file's content, `file` its path (some layouts keep names in it).
using ImportFile = Status (*)(const std::string& file, std::string_view text, Gather& to);
struct ImportFormat {
  std::string_view name, what;
  ImportFile read;
};
std::span<const ImportFormat> ImportFormats();

// Reads the files (packed ones too) and writes `out`. kInvalidRequest: unknown format ("unknown_format"), or
// nothing in the files fits the layout ("no_rows"); `out` is not touched then.
Result<ImportReport> Import(const std::string& format, const std::vector<std::string>& files,
                            const std::string& out);

// A matrix as JSON Lines.
std::string WriteMatrix(const OutcomeMatrix& matrix);

// Rows of comma-separated values (RFC 4180: quotes, doubled quotes, line feeds inside them). kInvalidRequest
// for a quote that is never closed.
Result<std::vector<std::vector<std::string>>> ParseCsv(std::string_view text);

Status ImportRouterBench(const std::string& file, std::string_view text, Gather& to);
Status ImportRouteLlm(const std::string& file, std::string_view text, Gather& to);
Status ImportRouterDc(const std::string& file, std::string_view text, Gather& to);
Status ImportEmbedLlm(const std::string& file, std::string_view text, Gather& to);
Status ImportLlmRouterBench(const std::string& file, std::string_view text, Gather& to);
Status ImportRouterArena(const std::string& file, std::string_view text, Gather& to);

}  // namespace baton::evaluate
