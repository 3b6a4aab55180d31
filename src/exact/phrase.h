// From a question about a table to the query it means, for the few forms of question that are common: how
// many, total, average, highest, lowest, the value of a column in a row that is named.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exact/worker.h"

namespace baton::exact {

// Tables, columns and values are recognised by their own names in the text, so that no list of synonyms
// decides. Nullopt: no table's columns are named, or no form fits. The query holds nothing but quoted names
// of `tables` and quoted values of their cells. Linear in the text times the number of cells.
std::optional<std::string> QueryOf(std::string_view question, const std::vector<Table>& tables);

}  // namespace baton::exact
