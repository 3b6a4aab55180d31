// What exact workers read of strangers' text: blocks of material, expressions, dates, questions about tables,
// SQL.
#include <cstdint>
#include <string_view>

#include "arena/problem.h"
#include "arena/questions.h"
#include "exact/dates.h"
#include "exact/expression.h"
#include "exact/phrase.h"
#include "exact/reading.h"
#include "exact/sql_engine.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace baton;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const std::vector<exact::Table> kTables = {
      {"sales", {"city", "product", "units"}, {{"Oslo", "lamp", "12"}, {"Rome", "lamp's", "30"}}}};
  static const auto kEngine = [] {
    auto engine = exact::SqlEngine::Create();
    if (engine) (void)(*engine)->Exec("CREATE TABLE sales(city, product, units)");
    if (engine) (*engine)->Lock();
    return engine;
  }();
  chat::Request request;
  chat::Message message;
  message.parts.emplace_back(chat::Text{std::string(text), {}});
  request.messages.push_back(std::move(message));
  const exact::Reading reading = exact::Read(request);
  for (const auto source : reading.Sources()) {
    (void)exact::FindExpression(source);
    (void)exact::AnswerDate(source);
    if (const auto query = exact::QueryOf(source, kTables); query && kEngine) {
      // Whatever is asked, what comes out is a query that SQLite can read.
      if (!(*kEngine)->Query(*query, 3)) __builtin_trap();
    }
  }
  if (kEngine && size < 512) (void)(*kEngine)->Query(std::string(text), 3);
  arena::Problem p;
  p.reference = "42";
  for (const auto check :
       {arena::Check::kNumber, arena::Check::kText, arena::Check::kChoice, arena::Check::kList}) {
    p.check = check;
    (void)arena::Score(p, text);
  }
  (void)arena::QuestionOf(text, "test");
  return 0;
}
