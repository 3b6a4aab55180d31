// Tables and documents from a folder, and the one place that knows the names of the exact workers.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "exact/worker.h"

namespace baton::exact {
namespace {

namespace fs = std::filesystem;
constexpr std::uintmax_t kMostBytes = 16 << 20;

struct File {
  std::string name, text;
};

Result<std::vector<File>> ReadFiles(const std::string& folder,
                                    std::initializer_list<std::string_view> endings) {
  std::error_code error;
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string ending = entry.path().extension().string();
    if (entry.is_regular_file() && std::find(endings.begin(), endings.end(), ending) != endings.end())
      paths.push_back(entry.path());
  }
  if (error) return Fail(Code::kNotFound, fmt::format("{}: {}", folder, error.message()), "no_folder");
  std::sort(paths.begin(), paths.end());
  std::uintmax_t bytes = 0;
  std::vector<File> out;
  for (const auto& path : paths) {
    bytes += fs::file_size(path, error);
    if (bytes > kMostBytes)
      return Fail(Code::kTooLarge, fmt::format("{}: more than {} MB of files", folder, kMostBytes >> 20),
                  "too_large");
    std::ifstream in(path, std::ios::binary);
    out.push_back({path.stem().string(), {std::istreambuf_iterator<char>(in), {}}});
  }
  return out;
}

// RFC 4180: quotes around cells that hold commas, quotes or line breaks.
std::vector<std::vector<std::string>> ReadCsv(std::string_view text) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> row;
  std::string cell;
  bool quoted = false;
  const auto end_row = [&] {
    row.push_back(std::exchange(cell, {}));
    if (row.size() > 1 || !row[0].empty()) rows.push_back(std::move(row));
    row.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"')
      cell.push_back(text[++i]);
    else if (c == '"')
      quoted = !quoted;
    else if (c == ',' && !quoted)
      row.push_back(std::exchange(cell, {}));
    else if (c == '\n' && !quoted)
      end_row();
    else if (c != '\r' || quoted)
      cell.push_back(c);
  }
  if (!cell.empty() || !row.empty()) end_row();
  return rows;
}

}  // namespace

Result<std::vector<Table>> ReadTables(const std::string& folder) {
  TRY(auto files, ReadFiles(folder, {".csv"}));
  std::vector<Table> out;
  for (auto& f : files) {
    auto rows = ReadCsv(f.text);
    if (rows.empty()) continue;
    Table t{f.name, std::move(rows.front()), {}};
    t.rows.assign(std::make_move_iterator(rows.begin() + 1), std::make_move_iterator(rows.end()));
    out.push_back(std::move(t));
  }
  return out;
}

Result<std::vector<Document>> ReadDocuments(const std::string& folder) {
  TRY(auto files, ReadFiles(folder, {".txt", ".md"}));
  std::vector<Document> out;
  for (auto& f : files) out.push_back({std::move(f.name), std::move(f.text)});
  return out;
}

Result<std::unique_ptr<Answerer>> MakeAnswerer(const pool::Worker& worker) {
  const std::string& kind = worker.target.model;
  if (kind == "calculator") return NewCalculator();
  if (kind == "python") {
    TRY(auto sandbox, verify::Sandbox::Create());
    return NewPython(std::move(sandbox));
  }
  if (kind == "sql") {
    TRY(auto tables, ReadTables(worker.path));
    return NewSql(tables);
  }
  if (kind == "search") {
    TRY(auto documents, ReadDocuments(worker.path));
    return NewSearch(documents);
  }
  return Fail(
      Code::kInvalidRequest,
      fmt::format("worker '{}': there is no exact worker '{}'; known: calculator, sql, python, search",
                  worker.name, kind),
      "unknown_exact_worker");
}

}  // namespace baton::exact
