#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "exact/phrase.h"
#include "exact/sql_engine.h"
#include "exact/worker.h"

namespace baton::exact {
namespace {

constexpr int kMostRows = 8;

bool Identifier(const std::string& name) {
  return !name.empty() && name.size() <= 64 && std::isdigit(static_cast<unsigned char>(name[0])) == 0 &&
         std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

Status Fill(SqlEngine& engine, const Table& t) {
  const bool names = Identifier(t.name) && !t.columns.empty() && t.columns.size() <= 100 &&
                     std::all_of(t.columns.begin(), t.columns.end(), Identifier);
  if (!names)
    return Fail(Code::kInvalidRequest,
                fmt::format("table '{}': names of tables and columns are letters, digits and _", t.name),
                "bad_table");
  // NUMERIC affinity: what looks like a number is one.
  TRY_VOID(engine.Exec(
      fmt::format("CREATE TABLE \"{}\"(\"{}\" NUMERIC)", t.name, fmt::join(t.columns, "\" NUMERIC, \""))));
  std::string marks = "?";
  for (std::size_t i = 1; i < t.columns.size(); ++i) marks += ",?";
  for (const auto& row : t.rows) {
    if (row.size() != t.columns.size())
      return Fail(
          Code::kInvalidRequest,
          fmt::format("table '{}': a row has {} cells, the header {}", t.name, row.size(), t.columns.size()),
          "bad_table");
    TRY_VOID(engine.Insert(fmt::format("INSERT INTO \"{}\" VALUES({})", t.name, marks), row));
  }
  return {};
}

// From the word SELECT (or WITH) to the end of the statement, the line's fence or the text.
std::string FindQuery(std::string_view text) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  std::size_t at = upper.find("SELECT ");
  if (const auto with = upper.find("WITH RECURSIVE "); with < at) at = with;
  if (at == std::string::npos) return {};
  return std::string(text.substr(at, text.find_first_of(";`", at) - at));
}

class Sql : public Answerer {
 public:
  Sql(std::unique_ptr<SqlEngine> engine, std::vector<Table> tables)
      : engine_(std::move(engine)), tables_(std::move(tables)) {}

  Task<std::string> Answer(const Reading& reading, Loop&, Cancel*) override {
    std::string out;
    for (const std::string_view source : reading.Sources()) {
      std::string query = FindQuery(source);
      if (query.empty()) query = QueryOf(source, tables_).value_or("");
      if (query.empty()) continue;
      const auto rows = engine_->Query(query, kMostRows);
      if (!rows || rows->empty()) continue;
      out = fmt::format("{}", fmt::join(*rows, "\n"));
      break;
    }
    co_return out;
  }
  std::string_view ability() const override { return "I answer questions about my tables, or run a SELECT."; }

 private:
  const std::unique_ptr<SqlEngine> engine_;
  const std::vector<Table> tables_;
};

}  // namespace

Result<std::unique_ptr<Answerer>> NewSql(const std::vector<Table>& tables) {
  TRY(auto engine, SqlEngine::Create());
  for (const Table& t : tables) TRY_VOID(Fill(*engine, t));
  engine->Lock();
  return std::unique_ptr<Answerer>(new Sql(std::move(engine), tables));
}

}  // namespace baton::exact
