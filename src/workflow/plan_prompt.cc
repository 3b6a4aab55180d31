#include "workflow/plan_prompt.h"

#include <fmt/format.h>

#include <algorithm>

namespace baton::workflow {
namespace {

std::string Price(const budget::PriceRow* row) {
  if (!row) return "price unknown";
  if (row->call && row->input.v == 0 && row->output.v == 0)
    return fmt::format("${} per call", budget::FormatUsd(*row->call));
  return fmt::format("price per million tokens ${} in, ${} out", budget::FormatUsd(row->input),
                     budget::FormatUsd(row->output));
}

// Workers that compute say what they compute: it is all there is to know of them.
std::string_view Ability(std::string_view kind) {
  if (kind == "calculator") return "computes expressions, units and dates";
  if (kind == "sql") return "answers questions about its tables, or runs a SELECT";
  if (kind == "python") return "runs Python code between backticks";
  if (kind == "search") return "finds sentences in its documents";
  return "computes";
}

std::string Facts(const pool::Worker& w, std::int64_t unix_seconds) {
  const budget::PriceRow* row = w.prices.At(unix_seconds);
  std::string out = Price(row);
  if (w.dialect == "exact") return fmt::format("{}, {}", Ability(w.target.model), out);
  if (w.context > 0) out += fmt::format(", context {} tokens", w.context);
  const auto& can = w.target.can;
  if (can.reasoning) out += ", reasons";
  if (can.vision) out += ", sees images";
  if (can.tools) out += ", uses tools";
  return out;
}

// What a call is taken to be where its price must be one number.
constexpr std::int64_t kTypicalInput = 200, kTypicalOutput = 50;

// In millionths of a dollar, to two digits: a small model reads digits one by one.
std::string CallPrice(const budget::PriceRow* row) {
  if (!row) return "unknown";
  const std::int64_t tokens = (row->input.v * kTypicalInput + row->output.v * kTypicalOutput) / 1'000'000;
  return fmt::format("{:.2g}", static_cast<double>(tokens + (row->call ? row->call->v : 0)) / 1000);
}

// A worker's line without its price.
std::string Numbered(const pool::Worker& w, std::size_t number) {
  return fmt::format("{}: {}", w.dialect == "exact" ? Ability(w.target.model) : "language model", number);
}

std::string ShortTask(const std::vector<const pool::Worker*>& workers, int steps, std::int64_t unix_seconds,
                      bool again) {
  std::string out =
      again ? "Above stands the answer of your last plan. Keep it (three empty lists) or plan anew."
            : "Do not answer. Plan.";
  out += " Workers, price first, number last:\n";
  for (std::size_t i = 0; i < workers.size(); ++i)
    out += fmt::format("{}, {}\n", CallPrice(workers[i]->prices.At(unix_seconds)), Numbered(*workers[i], i));
  return out + fmt::format("At most {} steps: workers, model_id, subtasks, access_list.", steps);
}

}  // namespace

std::string WritePlan(const std::vector<WrittenStep>& steps, const std::vector<const pool::Worker*>& team) {
  std::string out;
  std::vector<int> said;
  for (const auto& s : steps) {
    if (std::find(said.begin(), said.end(), s.model) != said.end()) continue;
    said.push_back(s.model);
    const auto at = static_cast<std::size_t>(s.model);
    out += Numbered(*team.at(at), at) + "\n";
  }
  return out + WriteLists(steps);
}

std::optional<PlannerForm> ParsePlannerForm(std::string_view name) {
  if (name.empty() || name == "full") return PlannerForm::kFull;
  if (name == "short") return PlannerForm::kShort;
  return std::nullopt;
}

std::string PlannerTask(const std::vector<const pool::Worker*>& workers, int steps, std::int64_t unix_seconds,
                        bool again, PlannerForm form) {
  if (form == PlannerForm::kShort) return ShortTask(workers, steps, unix_seconds, again);
  std::string out =
      again
          ? "The answer that your last plan gave stands above. If it is right and complete, keep it: reply "
            "with three "
            "empty lists. Otherwise write a new plan; its steps cannot see the old ones unless you repeat "
            "what matters.\n\n"
          : "Do not answer the conversation above yourself. Write a plan for a team of language models.\n\n";
  out += fmt::format(
      "A plan has at most {} steps. Each step names a model by its number, says in plain language what it is "
      "to do, and "
      "which earlier steps it may read. A step sees the conversation, what you let it read, and its task. A "
      "step may solve "
      "everything, check or improve an earlier result, or prepare something for a later one; steps that do "
      "not read each "
      "other run at the same time. The last step's output goes to the user as it is. One step is enough for "
      "an easy "
      "question.\n\nModels:\n",
      steps);
  for (std::size_t i = 0; i < workers.size(); ++i)
    out += fmt::format("Model {}: {}\n", i, Facts(*workers[i], unix_seconds));
  out +=
      "\nThink first if you must, then end your reply with three lists of equal length, for example:\n"
      "model_id = [1, 0]\n"
      "subtasks = [\"Solve the problem step by step\", \"Check the solution, correct it and state the final "
      "answer\"]\n"
      "access_list = [[], [\"all\"]]\n"
      "An element of access_list is [] (nothing earlier), [\"all\"], or a list of step numbers counted from "
      "0.";
  return out;
}

}  // namespace baton::workflow
