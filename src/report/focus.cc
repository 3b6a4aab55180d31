#include "report/focus.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>

#include "report/measured.h"
#include "report/words.h"

namespace baton::report {
namespace {

using Json = nlohmann::ordered_json;

// In the order of the file. Those that begin with x_ are ours, as FOCUS asks.
constexpr const char* kColumns[] = {"BilledCost",
                                    "BillingAccountId",
                                    "BillingAccountName",
                                    "BillingCurrency",
                                    "BillingPeriodEnd",
                                    "BillingPeriodStart",
                                    "ChargeCategory",
                                    "ChargeClass",
                                    "ChargeDescription",
                                    "ChargeFrequency",
                                    "ChargePeriodEnd",
                                    "ChargePeriodStart",
                                    "ConsumedQuantity",
                                    "ConsumedUnit",
                                    "ContractedCost",
                                    "ContractedUnitPrice",
                                    "EffectiveCost",
                                    "InvoiceIssuerName",
                                    "ListCost",
                                    "ListUnitPrice",
                                    "PricingCategory",
                                    "PricingQuantity",
                                    "PricingUnit",
                                    "ProviderName",
                                    "PublisherName",
                                    "RegionId",
                                    "RegionName",
                                    "ResourceId",
                                    "ResourceName",
                                    "ResourceType",
                                    "ServiceCategory",
                                    "ServiceName",
                                    "ServiceSubcategory",
                                    "SkuId",
                                    "SkuMeter",
                                    "SkuPriceId",
                                    "SubAccountId",
                                    "SubAccountName",
                                    "Tags",
                                    "x_ExchangeId",
                                    "x_Call",
                                    "x_Contract",
                                    "x_Model",
                                    "x_InputTokens",
                                    "x_OutputTokens",
                                    "x_CachedInputTokens",
                                    "x_Unpriced",
                                    "x_Reason"};
using Row = std::map<std::string_view, std::string>;

// RFC 4180. A cell that a spreadsheet would run as a formula is text for it: our own numbers may be negative.
std::string Cell(std::string_view text, bool number) {
  std::string out;
  if (!number && !text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos)
    out = "'";
  out += text;
  if (out.find_first_of(",\"\r\n") == std::string::npos) return out;
  std::string quoted = "\"";
  for (const char c : out) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

bool IsNumber(std::string_view column) {
  return column.ends_with("Cost") || column.ends_with("Quantity") || column.ends_with("UnitPrice") ||
         column.ends_with("Tokens") || column == "x_Call";
}

Status Write(const Row& row, std::FILE* to) {
  std::string line;
  for (const char* column : kColumns) {
    const auto at = row.find(column);
    if (!line.empty() || column != kColumns[0]) line += ',';
    if (at != row.end()) line += Cell(at->second, IsNumber(column));
  }
  line += "\r\n";
  if (std::fwrite(line.data(), 1, line.size(), to) == line.size()) return {};
  return Fail(Code::kUnavailable, fmt::format("cannot write: {}", std::strerror(errno)), "store_io");
}

std::string Usd(std::int64_t nanos) {
  return fmt::format("{}{}.{:09}", nanos < 0 ? "-" : "", std::abs(nanos / 1'000'000'000),
                     std::abs(nanos % 1'000'000'000));
}

void SetCost(std::int64_t nanos, Row& row) {
  for (const char* column : {"BilledCost", "EffectiveCost", "ListCost", "ContractedCost"})
    row[column] = Usd(nanos);
}

std::string Tags(const record::Provenance& r) {
  Json tags = Json::object();
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) tags[name] = value;
  };
  add("route", r.route);
  add("workflow", r.workflow);
  add("task", r.task);
  add("contract", r.contract);
  add("key", r.key);
  return tags.dump(-1, ' ', false, Json::error_handler_t::replace);
}

const pool::Worker* WorkerOf(const config::Config* config, const std::string& name) {
  if (!config) return nullptr;
  for (const auto& w : config->workers) {
    if (w->name == name) return w.get();
  }
  return nullptr;
}

void AddWho(const pool::CallRecord& call, const FocusOptions& o, Row& row) {
  const pool::Worker* w = WorkerOf(o.config, call.worker);
  const std::string provider = w ? HostOf(w->base_url) : call.worker;
  row["ProviderName"] = row["PublisherName"] = row["InvoiceIssuerName"] = provider;
  if (w && w->data.region != "unknown") row["RegionId"] = row["RegionName"] = w->data.region;
  row["ResourceId"] = row["ResourceName"] = call.worker;
  row["ResourceType"] = "Model";
  row["ServiceCategory"] = "AI and Machine Learning";
  row["ServiceSubcategory"] = "Generative AI";
  row["ServiceName"] = call.worker;
  row["x_Model"] = call.provider_model;
}

void AddPrice(const pool::CallRecord& call, Row& row) {
  const std::int64_t tokens = call.usage.input + call.usage.output;
  row["x_InputTokens"] = std::to_string(call.usage.input);
  row["x_OutputTokens"] = std::to_string(call.usage.output);
  row["x_CachedInputTokens"] = std::to_string(call.usage.cached_input);
  if (!call.priced) {
    row["x_Unpriced"] = "true";
    return;
  }
  row["SkuId"] = call.provider_model.empty() ? call.worker : call.provider_model;
  row["SkuPriceId"] = call.worker;
  row["SkuMeter"] = row["ConsumedUnit"] = row["PricingUnit"] = "Tokens";
  row["ConsumedQuantity"] = row["PricingQuantity"] = std::to_string(tokens);
  row["PricingCategory"] = "Standard";
  // One price for tokens of different kinds: what a token cost on average.
  const std::string unit =
      tokens > 0
          ? fmt::format("{:.12f}", static_cast<double>(call.cost.v) * 1e-9 / static_cast<double>(tokens))
          : "0";
  row["ListUnitPrice"] = row["ContractedUnitPrice"] = unit;
}

Row RowOf(const record::Provenance& r, std::size_t n, const FocusOptions& o) {
  const pool::CallRecord& call = r.calls[n];
  const std::int64_t start = call.start_unix_ns > 0 ? call.start_unix_ns : ExchangeUnixNanos(r.id);
  Row row;
  SetCost(call.priced ? call.cost.v : 0, row);
  row["BillingAccountId"] = row["BillingAccountName"] = o.billing_account;
  row["BillingCurrency"] = "USD";
  row["BillingPeriodStart"] = MonthStart(start);
  row["BillingPeriodEnd"] = NextMonthStart(start);
  // Whole seconds, and the end is not part of the period: at least one second long.
  row["ChargePeriodStart"] = Rfc3339(start);
  row["ChargePeriodEnd"] = Rfc3339(start + std::max<std::int64_t>(call.whole.count(), 0) + 1'000'000'000);
  row["ChargeCategory"] = "Usage";
  row["ChargeFrequency"] = "Usage-Based";
  row["ChargeDescription"] =
      fmt::format("Call of {} ({}), {}", call.worker, call.provider_model, call.outcome);
  AddWho(call, o, row);
  AddPrice(call, row);
  row["SubAccountId"] = row["SubAccountName"] = r.tenant;
  row["Tags"] = Tags(r);
  row["x_ExchangeId"] = FormatExchangeId(r.id);
  row["x_Call"] = std::to_string(n);
  row["x_Contract"] = r.contract;
  return row;
}

std::map<std::pair<std::string, int>, std::vector<Correction>> ByCall(
    const std::vector<audit::Event>& events) {
  std::map<std::pair<std::string, int>, std::vector<Correction>> found;
  for (const auto& e : events) {
    const auto j = nlohmann::json::parse(e.detail, nullptr, false);
    if (!j.is_object() || !j.contains("call") || !j["call"].is_number_integer() ||
        !j.contains("cost_nanos") || !j["cost_nanos"].is_number_integer())
      continue;
    Correction c{j["call"].get<int>(), j["cost_nanos"].get<std::int64_t>(), j.value("reason", std::string())};
    found[{e.target, c.call}].push_back(c);
  }
  return found;
}

}  // namespace

std::string ToDetail(const Correction& c) {
  return Json{{"call", c.call}, {"cost_nanos", c.cost_nanos}, {"reason", c.reason}}.dump(
      -1, ' ', false, Json::error_handler_t::replace);
}

Result<FocusTotals> WriteFocus(const record::Recorder& store, const record::LogFilter& filter,
                               const FocusOptions& options, std::FILE* to) {
  FocusTotals totals;
  Row head;
  for (const char* column : kColumns) head[column] = column;
  TRY_VOID(Write(head, to));
  const auto corrections = ByCall(options.corrections);
  TRY_VOID(EachExchange(store, filter, [&](const record::Provenance& r) -> Status {
    for (std::size_t n = 0; n < r.calls.size(); ++n) {
      Row row = RowOf(r, n, options);
      TRY_VOID(Write(row, to));
      ++totals.rows;
      totals.unpriced += !r.calls[n].priced;
      const auto found = corrections.find({FormatExchangeId(r.id), static_cast<int>(n)});
      if (found == corrections.end()) continue;
      std::int64_t before = r.calls[n].priced ? r.calls[n].cost.v : 0;
      for (const Correction& c : found->second) {
        SetCost(c.cost_nanos - before, row);
        before = c.cost_nanos;
        row["ChargeClass"] = "Correction";
        row["x_Reason"] = c.reason;
        // The usage has been told; only the money changes.
        for (const char* column :
             {"ConsumedQuantity", "ConsumedUnit", "PricingQuantity", "PricingUnit", "ListUnitPrice",
              "ContractedUnitPrice", "PricingCategory", "SkuId", "SkuPriceId", "SkuMeter", "x_Unpriced"})
          row.erase(column);
        TRY_VOID(Write(row, to));
        ++totals.corrections;
      }
    }
    return {};
  }));
  return totals;
}

}  // namespace baton::report
