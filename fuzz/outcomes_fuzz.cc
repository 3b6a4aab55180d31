// An outcome matrix, a table, or one of the published layouts; all of them hostile, packed or not.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "evaluate/import.h"
#include "evaluate/read_matrix.h"
#include "evaluate/tally_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace baton::evaluate;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.empty()) return 0;
  const auto which = static_cast<std::size_t>(bytes[0]) % (ImportFormats().size() + 2);
  bytes.remove_prefix(1);
  if (which == 0) {
    ReadOptions small;
    small.file.total_bytes = 1 << 20;
    small.rows = 1000;
    small.workers = 100;
    OutcomeMatrix matrix;
    ReadReport report;
    if (!ReadMatrixFrom(bytes, small, matrix, report)) return 0;
    for (const Row& row : matrix.rows) {
      if (row.cells.size() != matrix.workers.size()) __builtin_trap();
      for (const Cell& cell : row.cells)
        if (!(cell.score >= 0 && cell.score <= 1)) __builtin_trap();
    }
    return 0;
  }
  if (which == 1) {
    Tally tally;
    UnpackTally(bytes, tally);
    return 0;
  }
  Gather gather;
  if (!ImportFormats()[which - 2].read("a/b/c/mmlu_d.json", bytes, gather)) return 0;
  // What was imported can be read again.
  const std::string lines = WriteMatrix(gather.matrix());
  if (lines.empty()) return 0;
  OutcomeMatrix again;
  ReadReport report;
  if (!ReadMatrixFrom(lines, {}, again, report)) __builtin_trap();
  return 0;
}
